from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.folded import fold
from isinglass.transforms.normalise import normalise

DEFAULT = NormaliseConfig()
SETTINGS = [
    NormaliseConfig(nfc=nfc, lower_case=lower, white_space=white, numbers=numbers)
    for nfc in (True, False)
    for lower in (True, False)
    for white in (True, False)
    for numbers in (True, False)
]
# Letters that compose, marks, jamo, digits of several scripts, and white space.
TRICKY = st.text(
    st.one_of(
        st.sampled_from("aAeEhHiIİoO 1 2٣ẞﬁ가각ᄀ ᅡ ᆨ_-.\n\t\u00a0\u212bक\u0958\u0344"),
        st.characters(categories=["Mn"], max_codepoint=0x1FFF),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=40,
)


def folded_text(text: str, config: NormaliseConfig) -> str:
    return "".join(map(chr, fold(text, config).codes.tolist()))


@pytest.mark.parametrize(
    ("text", "codes", "spans"),
    [
        ("", "", []),
        ("aB", "ab", [(0, 1), (1, 2)]),
        ("e\u0301!", "é!", [(0, 2), (2, 3)]),
        # Composes in lower case only (U+1E96).
        ("H\u0331x", "\u1e96x", [(0, 2), (2, 3)]),
        ("\u0130s", "i\u0307s", [(0, 1), (0, 1), (1, 2)]),
        # NFC takes this letter apart.
        ("a\u0958", "a\u0915\u093c", [(0, 1), (1, 2), (1, 2)]),
        # And unites these ideographs with others, one by one.
        ("\uf900\uf901", "\u8c48\u66f4", [(0, 1), (1, 2)]),
        # A mark without a letter stays.
        ("\u0301a", "\u0301a", [(0, 1), (1, 2)]),
        ("\u1100\u1161\u11a8k", "각k", [(0, 3), (3, 4)]),
        # Clusters beside each other, one unchanged.
        ("x\u0332e\u0301", "x\u0332é", [(0, 1), (1, 2), (2, 4)]),
    ],
)
def test_characters_keep_their_places(
    text: str, codes: str, spans: list[tuple[int, int]]
) -> None:
    folded = fold(text, DEFAULT)
    assert "".join(map(chr, folded.codes.tolist())) == codes
    found = zip(folded.starts.tolist(), folded.stops.tolist(), strict=True)
    assert list(found) == spans


def test_runs_of_digits_become_one_zero() -> None:
    folded = fold("in 1987, 12 b3", NormaliseConfig(numbers=True))
    assert "".join(map(chr, folded.codes.tolist())) == "in 0, 0 b0"
    assert (folded.starts[3], folded.stops[3]) == (3, 7)


@pytest.mark.parametrize("config", SETTINGS, ids=str)
@given(text=TRICKY)
@example(text="İ\u0301 H\u0331 1 2\n3 ")
def test_words_are_those_of_the_normalised_text(
    config: NormaliseConfig, text: str
) -> None:
    normalised = normalise(pa.array([text], pa.string()), config)[0].as_py()
    words = re.findall(r"\w+", normalised)
    assert re.findall(r"\w+", folded_text(text, config)) == words
    # White space aside, even the other characters are the same.
    squeezed = re.sub(r"\s+", "", folded_text(text, config))
    assert squeezed == re.sub(r"\s+", "", normalised)


@given(text=TRICKY)
def test_spans_lie_in_the_text_and_in_order(text: str) -> None:
    folded = fold(text, DEFAULT)
    starts, stops = folded.starts.tolist(), folded.stops.tolist()
    assert starts == sorted(starts)
    assert stops == sorted(stops)
    assert all(
        0 <= start < stop <= len(text)
        for start, stop in zip(starts, stops, strict=True)
    )


def test_a_decomposed_text_has_the_characters_of_the_composed_one() -> None:
    text = "Đây là một bài viết tiếng Việt. " * 50
    apart = unicodedata.normalize("NFD", text)
    assert folded_text(apart, DEFAULT) == folded_text(text, DEFAULT)

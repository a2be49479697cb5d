"""Words first: every word of a context is seen, and what is behind it is searched."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import regex  # type: ignore[import-untyped]

from isinglass.schemas.config.pii import EntityConfig, PiiConfig
from isinglass.transforms.pii.detector import Detector, build_detector
from isinglass.transforms.pii.digits import digit_places
from isinglass.transforms.pii.near_words import NearWords
from isinglass.transforms.pii.pattern_recognizer import Pattern, PatternRecognizer
from isinglass.transforms.pii.recognizers import Identifier
from isinglass.transforms.pii.rules import Context
from isinglass.transforms.text import string_buffers

LISTS = (
    ("passport", "passport number", "driver's license", "pre-auth"),
    ("f\u00fchrerschein", "identit\u00e0", "st.-nr"),
    ("plaka numaras\u0131", "tc kimlik no", "kay\u0131t"),
    ("\uc5ec\uad8c", "\ubc88\ud638"),
)
DIGITS = regex.compile(r"\b\d{6}\b", regex.IGNORECASE)


def recognizer(words: tuple[str, ...]) -> Identifier:
    """Finds six digits next to one of some words."""
    pattern = Pattern("six digits", DIGITS.pattern, 0.1)
    made = PatternRecognizer("six", ("SIX",), (pattern,))
    return Identifier("SIX", made, ((pattern, DIGITS),), Context.of(words), near=words)


def hits(*texts: str) -> list[tuple[int, int]]:
    """Row and end in bytes of what is found behind words."""
    data, offsets = string_buffers(pa.array(texts))
    near = NearWords.of({n: recognizer(words) for n, words in enumerate(LISTS)})
    _, ends = near.scan(data, offsets, digit_places(data, offsets))
    rows = np.searchsorted(offsets, ends - 1, side="right") - 1
    places = zip(rows.tolist(), (ends - offsets[rows]).tolist(), strict=True)
    return sorted(set(places))


@pytest.mark.parametrize("words", LISTS)
@pytest.mark.parametrize("form", ["{}", "{}s", "({})", "\\n{}", "_{}_", "\u00a7{}:"])
def test_every_word_of_a_context_is_seen(words: tuple[str, ...], form: str) -> None:
    context = Context.of(words)
    for word in words:
        for written in {word, word.upper(), word.title(), word.replace(" ", "_-")}:
            text = f"{form.format(written)} 482019"
            seen = context.find(text, len(text) - 6) is not None
            assert bool(hits(text)) >= seen, text


@pytest.mark.parametrize("capital", ["PLAKA NUMARASI", "TC K\u0130ML\u0130K NO"])
def test_turkish_capitals(capital: str) -> None:
    assert hits(f"{capital} 482019")


@pytest.mark.parametrize(
    "text",
    [
        "passporting 482019",
        "482019 passport",
        "passport" + " x" * 100 + " 482019",
        "passport 48201",
        "password 482019",
        "number 482019",
        "passport",
        "",
    ],
)
def test_what_is_not_behind_a_word(text: str) -> None:
    assert hits(text) == []


def test_places_in_rows_with_letters_of_several_bytes() -> None:
    texts = ("", "\u4e2d" * 50, "\u00e9\u00e9 passport \u00e9 482019", "passport")
    text = "passport 482019 \uc5ec\uad8c 482020 " + "x" * 400 + " passport 482021"
    found = hits(*texts, text, "482022")
    digits = [
        (row, len(shown[: place + 1].encode()))
        for row, shown in ((2, texts[2]), (4, text))
        for place, char in enumerate(shown)
        if char.isdigit()
    ]
    assert found == digits


TEXTS = [
    "My Number: 1234-5678-9018, as said",
    "TCKN 10000000146",
    "and so on, NSS 92-91-90-8443-1",
    "DNI 12345678",
    "R.F.C. COMG600703",
]
ENTITIES = ("JP_MY_NUMBER", "TR_NATIONAL_ID", "MX_NSS", "AR_DNI", "MX_RFC")


@pytest.fixture(scope="module")
def detector() -> Detector:
    entities = {entity: EntityConfig(threshold=0.5) for entity in ENTITIES}
    return build_detector(PiiConfig(mode="identifiers", entities=entities))


@pytest.mark.parametrize("turned", range(len(TEXTS)))
def test_a_text_that_begins_with_the_word(detector: Detector, turned: int) -> None:
    # What stood at the end of the text before is no part of it.
    texts = TEXTS[turned:] + TEXTS[:turned]
    entities = ENTITIES[turned:] + ENTITIES[:turned]
    found = detector.detect(pa.array(texts), pa.nulls(len(texts), pa.string()))
    rows = [(row["row"], row["entity"]) for row in found.findings.to_pylist()]
    assert rows == list(enumerate(entities))

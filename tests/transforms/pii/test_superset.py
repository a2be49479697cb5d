from __future__ import annotations

import re

import hyperscan
import numpy as np
import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii.gate import Gate, compile_gate
from isinglass.transforms.pii.rules import UNSPACED
from isinglass.transforms.pii.superset import derive_gate, means_the_same, odd_class
from tests.properties import examples

FLAGS = regex.IGNORECASE | regex.MULTILINE | regex.DOTALL


class Named:
    def __init__(self, expression: str) -> None:
        self.regex = expression


def gate_of(expression: str, flags: int = FLAGS) -> Gate | None:
    compiled = regex.compile(expression, flags)
    patterns = derive_gate(0, [(Named(expression), compiled)], UNSPACED)
    return compile_gate(tuple(patterns)) if patterns else None


def passes(gate: Gate, text: str) -> bool:
    data = np.frombuffer(text.encode(), np.uint8)
    return len(gate.scan(data, np.array([0, len(data)], np.int32))[0]) > 0


@pytest.mark.parametrize(
    "expression",
    [
        r"\bTK-\d{5}\b",
        r"(?<=\W|^)sk(?!x)",
        r"(a|b)\1",
        r"(?P<first>a)(?P=first)",
        r"[A-Z]{2,}\s?[^\W\d_]+",
        r"[[:alpha:]]+x{3,}",
        r"(?i:abc)|a(?>b)c\.",
        r"[]a]x",
    ],
)
def test_a_pattern_gets_a_gate(expression: str) -> None:
    assert gate_of(expression) is not None


@pytest.mark.parametrize(
    "expression",
    [
        r"x{,3}",  # up to three; these characters, to Hyperscan
        r"(?:foo){e<=1}",  # fuzzy
        r"\mword\M",  # word borders of the regex module
        r"(?V1)[a--b]",
        r"(?x) a b",  # verbose
        r"(?f)strasse",  # full case folding
        r"(?w)\bfoo\b",  # Unicode word borders
        r"\p{Lu}x",
        r"(?<=a{1,3}|b)c\Z",
        r"(?|(a)|(b))",
        r"i\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}",
        "\u0130x",  # folds to i here, not in Hyperscan
        "[\u0100-\u0150]x",  # as one of a range
    ],
)
def test_a_pattern_that_may_mean_something_else_gets_none(expression: str) -> None:
    assert gate_of(expression) is None


def test_without_ignoring_case_letters_fold_to_nothing() -> None:
    assert means_the_same(regex.compile("\u0130x"))
    assert not means_the_same(regex.compile("\u0130x", regex.IGNORECASE))


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("sk", "\u017f\u212a"),  # long s, Kelvin sign
        ("i", "\u0130"),
        (r"\d{3}", "\u0663\u0663\u0663"),  # Arabic-Indic
        (r"\d{3}", "\U00010d31\U00010d31\U00010d31"),  # newer than Hyperscan
        (r"(ab)\1", "abab"),
        (r"(?<=\Wa*)b", "x ab"),  # look-behind of variable length
        (r"\bAB\d{6}\b", "\u7f16AB123456\u53f7"),  # shown with spaces
        (r"AB\s\d", "AB\u53f71"),
    ],
)
def test_what_matches_passes(expression: str, text: str) -> None:
    gate = gate_of(expression)
    assert gate is not None
    assert passes(gate, text)


def test_what_cannot_match_stays_out() -> None:
    gate = gate_of(r"\bTK-\d{5}\b")
    assert gate is not None
    assert not passes(gate, "TK-1234, TX-12345")


TEXTS = st.text(
    alphabet="aAbBkKsS1 _\n\u017f\u212a\u0130\u0131\u00e9\u0663\u4e2d\u00b2"
)


@pytest.mark.hypothesis
@pytest.mark.parametrize(
    "expression",
    [r"\bs\d\W?k", r"(?<=s)[^a]\b", r"(?!k).\w1", r"(?<!\w)(s|k)\1", r"^\W*i\s?"],
)
def test_no_match_is_kept_from_a_recognizer(expression: str) -> None:
    gate = gate_of(expression)
    assert gate is not None
    compiled = regex.compile(expression, FLAGS)

    @examples(300)
    @given(TEXTS)
    def check(text: str) -> None:
        matched = compiled.search(text)
        if matched is not None and matched.group():
            assert passes(gate, text)

    check()


@pytest.mark.parametrize("letters", [r"\d", r"\w", r"\s"])
def test_the_two_engines_differ_on_odd_characters_only(letters: str) -> None:
    points = [c for c in map(chr, range(0x110000)) if not "\ud800" <= c <= "\udfff"]
    ours = "".join(c for c in points if c != "\n")
    odd = set(regex.findall(_for_regex(odd_class()), ours))
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_UCP | hyperscan.HS_FLAG_PREFILTER
    database.compile(expressions=[letters.encode()], ids=[0], flags=[flags])
    ends: list[int] = []
    database.scan(
        ours.encode(), match_event_handler=lambda _i, _s, end, *_: ends.append(end)
    )
    raw = ours.encode()
    theirs = {raw[_first(raw, end) : end].decode() for end in ends}
    differ = theirs ^ set(regex.findall(letters, ours))
    assert len(odd) > 1000
    assert differ - odd == set()


def _first(raw: bytes, end: int) -> int:
    start = end - 1
    while raw[start] & 0xC0 == 0x80:
        start -= 1
    return start


def _for_regex(characters: str) -> str:
    return re.sub(r"\\x\{([0-9a-f]+)\}", lambda m: f"\\U{m[1]:>08}", characters)

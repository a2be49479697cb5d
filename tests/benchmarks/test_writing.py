from __future__ import annotations

import random

import pytest

from benchmarks.writing.catalogues import language_of, pieces
from benchmarks.writing.duplicates import CHANGES, EDITS, SAME, script_of
from benchmarks.writing.language import Piece, score
from isinglass.schemas.config.normalise import NormaliseConfig
from isinglass.transforms.dedup.shared import compare

TEXT = "Ένα κείμενο με λέξεις που έχουν τόνους, και μερικές που δεν έχουν καθόλου. " * 3


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("nb_NO", "no"),
        ("nn", "nn"),
        ("zh_Hans", "zh"),
        ("ca@valencia", "ca"),
        ("sr@latin", "sr"),
        ("pt_BR", "pt"),
        ("ckb", "ckb"),
    ],
)
def test_the_language_of_a_code(code: str, language: str) -> None:
    assert language_of(code) == language


def test_pieces_are_of_one_length_and_do_not_meet() -> None:
    messages = [f"message {number} of many" for number in range(40)]
    found = pieces(messages, 100, 5)
    assert [len(piece) for piece in found] == [100] * 5
    assert len(set(found)) == 5
    assert pieces(messages, 100, 5) == found
    assert pieces(messages[:2], 100, 5) == []


@pytest.mark.parametrize("kind", EDITS)
def test_edits_say_the_same_or_something_else(kind: str) -> None:
    copy = EDITS[kind](random.Random(1), TEXT)  # noqa: S311 - test data
    found = compare(TEXT, copy, 5, NormaliseConfig())
    assert found.equal == (kind in SAME)
    assert (copy == TEXT) == (kind == "format removed")
    if kind == CHANGES:
        assert len(copy) == len(TEXT)


def test_the_script_of_a_text() -> None:
    assert script_of(TEXT) == "Greek"
    assert script_of("한국어 Unicode 한국어 글자") == "Hangul"


def test_a_score_is_a_mean_over_languages() -> None:
    rare = [(Piece("", 60, "sw", "sw"), "und")] * 4
    found = [
        *[(Piece("", 60, "hr", "hr"), "hr")] * 3,
        *[(Piece("", 60, "hr", "hr"), "sr")] * 2,
        *[(Piece("", 60, "de", "de"), "de")] * 15,
        *[(Piece("", 60, None, "code"), told) for told in ("und", "en")],
        # Neither counts: too few, and of another length.
        *rare,
        (Piece("", 150, "de", "de"), "und"),
    ]
    assert score(found, 60) == (0.8, 1.0, 0.5, {"hr": 1.0, "de": 1.0})

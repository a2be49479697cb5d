from __future__ import annotations

import socket

import pyarrow as pa
import pytest

from isinglass.transforms.language import SAMPLE_CHARACTERS, detect_languages

ENGLISH = "The committee will meet again on Thursday to discuss the new proposal."
GERMAN = "Der Ausschuss tritt am Donnerstag wieder zusammen, um zu beraten."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENGLISH, "en"),
        (ENGLISH.upper(), "en"),
        (ENGLISH.replace(" ", "\n"), "en"),
        (GERMAN, "de"),
        ("Комитет снова соберётся в четверг, чтобы обсудить это.", "ru"),
        ("委员会将于星期四再次开会讨论新的提案。", "zh"),
        ("委員会は木曜日に再び集まって話し合います。", "ja"),
        ("", "und"),
        (" \n\t\u3000", "und"),
        ("12345 67.89 --- !!! 2024-01-01", "und"),
        ("😀😀😀", "und"),
        ("zq xv kjw qpz", "und"),
    ],
)
def test_language_table(text: str, expected: str) -> None:
    assert detect_languages(pa.array([text])).to_pylist() == [expected]


def test_only_the_first_thousand_code_points_count() -> None:
    padding = "." * (SAMPLE_CHARACTERS - 1)
    found = detect_languages(pa.array([padding + "." + ENGLISH, ENGLISH * 20 + GERMAN]))
    assert found.to_pylist() == ["und", "en"]


def test_slices_empties_and_nulls() -> None:
    array = pa.array([GERMAN, ENGLISH, GERMAN])
    assert detect_languages(array[1:2]).to_pylist() == ["en"]
    empty = detect_languages(array[3:])
    assert empty.type == pa.string()
    assert len(empty) == 0
    with pytest.raises(ValueError, match="null"):
        detect_languages(pa.array(["x", None]))


def test_never_opens_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert detect_languages(pa.array([ENGLISH])).to_pylist() == ["en"]


def test_equal_texts_give_equal_answers_in_any_company() -> None:
    alone = detect_languages(pa.array([GERMAN])).to_pylist()
    crowd = detect_languages(pa.array([ENGLISH, GERMAN, "", GERMAN])).to_pylist()
    assert [crowd[1], crowd[3]] == alone * 2

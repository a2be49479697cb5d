from __future__ import annotations

import socket
import unicodedata
from itertools import cycle, islice

import pyarrow as pa
import pytest

from isinglass.transforms.language import SAMPLE_CHARACTERS, detect_languages
from tests.transforms.language_texts import (
    CROATIAN,
    MALAY,
    NORWEGIAN,
    SOMALI,
    SWAHILI,
    YORUBA,
)

ENGLISH = "The committee will meet again on Thursday to discuss the new proposal."
GERMAN = "Der Ausschuss tritt am Donnerstag wieder zusammen, um zu beraten."

STYLE_SHEET = (
    ".nav{display:flex;margin:0 auto;padding:.5rem 1rem}.nav a:hover{color:#06c;"
    "text-decoration:none}.nav li{float:left;list-style:none}"
)
NAMES = (
    "Aiko Tanaka, Luca Moretti, Sven Lindqvist, Amara Okafor, Piotr Nowak, "
    "Chloe Martin, Nguyen Van Anh, Mateus Silva, Fatima Zahra, Dmitri Volkov"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENGLISH, "en"),
        (ENGLISH.upper(), "en"),
        (ENGLISH.replace(" ", "\n"), "en"),
        # Almost all is capitals.
        (ENGLISH.upper().replace("COMMITTEE", "committee"), "en"),
        (GERMAN, "de"),
        ("Комитет снова соберётся в четверг, чтобы обсудить это.", "ru"),
        ("КОМИТЕТ СНОВА СОБЕРЁТСЯ В ЧЕТВЕРГ, ЧТОБЫ ОБСУДИТЬ ЭТО.", "ru"),  # noqa: RUF001
        ("委员会将于星期四再次开会讨论新的提案。", "zh"),
        ("委員会は木曜日に再び集まって話し合います。", "ja"),
        ("모든 사람은 태어날 때부터 자유롭고, 존엄성과 권리에 있어서 평등하다.", "ko"),
        ("Адӕймӕгтӕ се ’ппӕт дӕр райгуырынц сӕрибарӕй ӕмӕ ӕмхуызонӕй.", "os"),  # noqa: RUF001
        ("", "und"),
        (" \n\t\u3000", "und"),
        ("12345 67.89 --- !!! 2024-01-01", "und"),
        ("😀😀😀", "und"),
        ("zq xv kjw qpz", "und"),
    ],
)
def test_language_table(text: str, expected: str) -> None:
    assert detect_languages(pa.array([text])).to_pylist() == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Half of the probability, but of several names of nearly one language.
        (CROATIAN, "hr"),
        (MALAY, "ms"),
        (NORWEGIAN, "no"),
        # fastText gives these 8 to 20 %, and CLD2 is sure of them.
        (SOMALI, "so"),
        (YORUBA, "yo"),
        (SWAHILI, "sw"),
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_languages_that_one_model_is_not_sure_of(
    text: str, expected: str, form: str
) -> None:
    text = unicodedata.normalize(form, text)  # type: ignore[arg-type]
    assert detect_languages(pa.array([text])).to_pylist() == [expected]


@pytest.mark.parametrize(
    "text",
    [
        # CLD2 alone takes the second for English, and the last for several.
        "for (int i = 0; i < n; ++i) { free(row[i]); row[i] = NULL; } return -EINVAL;",
        STYLE_SHEET,
        NAMES,
        " ".join(
            islice(
                cycle([SWAHILI[:90], CROATIAN[:90], SOMALI[:90], MALAY[:90], GERMAN]),
                10,
            )
        ),
    ],
    ids=["code", "style sheet", "names", "many languages"],
)
def test_what_is_of_no_language(text: str) -> None:
    assert detect_languages(pa.array([text])).to_pylist() == ["und"]


def test_decomposed_text_has_as_many_characters() -> None:
    """Of the first 1,000 composed ones, whatever code points spell them."""
    # One letter, four code points apart, for so long; what follows decides.
    filler = "\u1f82" * (SAMPLE_CHARACTERS - len(GERMAN))
    texts = [filler + GERMAN + ENGLISH * 9]
    texts.append(unicodedata.normalize("NFD", texts[0]))
    found = detect_languages(pa.array(texts)).to_pylist()
    assert found[0] == found[1]


def test_format_characters_do_not_count() -> None:
    hyphens = ENGLISH.replace("e", "e\u00ad")
    assert detect_languages(pa.array([hyphens])).to_pylist() == ["en"]


def test_control_characters_do_not_count() -> None:
    text = SWAHILI.replace(",", "\x07\ufffe")
    assert detect_languages(pa.array([text])).to_pylist() == ["sw"]


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
    assert detect_languages(pa.array([ENGLISH, SOMALI])).to_pylist() == ["en", "so"]


def test_equal_texts_give_equal_answers_in_any_company() -> None:
    alone = detect_languages(pa.array([GERMAN])).to_pylist()
    crowd = detect_languages(pa.array([ENGLISH, GERMAN, "", GERMAN])).to_pylist()
    assert [crowd[1], crowd[3]] == alone * 2

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.plugins.presidio import read_recognizers

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = r"""
supported_languages: [en, es]
global_regex_flags: 2
recognizers:
  - name: badge
    supported_entity: BADGE
    supported_languages:
      - {language: en, context: [badge, pass]}
      - {language: es, context: [placa, pass]}
    patterns:
      - {name: badge number, regex: '\bB-\d{4}\b', score: 0.4}
    deny_list: [B-TEST]
    deny_list_score: 0.9
  - name: other
    type: custom
    supported_language: en
    supported_entities: [OTHER]
    context: [other]
    patterns:
      - {name: x, regex: 'x{3}', score: 0.1}
  - name: UkNinoRecognizer
    type: predefined
    country_code: uk
    supported_languages: [en]
  - name: my card
    class_name: CreditCardRecognizer
    type: predefined
    context: [plastic]
  - UsItinRecognizer
  - {name: off, enabled: false}
"""


PREDEFINED = "recognizers: [{type: predefined, name: "


def write(folder: Path, text: str) -> str:
    path = folder / "own.yaml"
    path.write_text(text, "utf-8")
    return str(path)


def test_a_file_in_the_format_of_presidio(tmp_path: Path) -> None:
    made = read_recognizers(write(tmp_path, WHOLE), "files.0")
    assert [(r.name, r.supported_entities) for r in made] == [
        ("badge", ["BADGE"]),
        ("other", ["OTHER"]),
        ("UkNinoRecognizer", ["UK_NINO"]),
        ("my card", ["CREDIT_CARD"]),
        ("UsItinRecognizer", ["US_ITIN"]),
    ]
    badge = made[0]
    assert badge.context == ["badge", "pass", "placa"]
    assert [(p.name, p.score) for p in badge.patterns] == [
        ("badge number", 0.4),
        ("deny_list", 0.9),
    ]
    assert {r.global_regex_flags for r in made} == {2}
    assert made[3].context == ["plastic"]


def test_flags_of_a_file_that_names_none(tmp_path: Path) -> None:
    text = "recognizers: [UsItinRecognizer]"
    assert read_recognizers(write(tmp_path, text), "k")[0].global_regex_flags == 26


def custom(rest: str) -> str:
    return f"recognizers:\n- name: a\n  supported_entity: A\n  {rest}\n"


def one(pattern: str) -> str:
    return custom(f"patterns: [{pattern}]")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", r"own\.yaml is not YAML \(line 1\)"),
        ("- a", "`recognizers:` is missing"),
        ("recognizers: []", "recognizers must be a list"),
        ("recognizers: [3]", r"recognizers\.0: must be a name or a mapping"),
        ("recognisers: []", "recognisers is no key; keys are global_regex_flags"),
        ("global_regex_flags: x\nrecognizers: [A]", "global_regex_flags must be"),
        ("recognizers: [UsItinRecogniser]", "did you mean UsItinRecognizer"),
        ("recognizers: [GLiNERRecognizer]", "nothing is downloaded"),
        ("recognizers: [{type: predefined}]", r"recognizers\.0\.name: is missing"),
        (
            PREDEFINED + "GLiNERRecognizer, model_name: a/b}]",
            "set to a folder on this machine",
        ),
        (
            PREDEFINED + "UsItinRecognizer, colour: red}]",
            r"recognizers\.0\.colour: UsItinRecognizer takes no such argument",
        ),
        (
            PREDEFINED + "UsItinRecognizer, country_code: uk}]",
            "country_code: UsItinRecognizer is of us",
        ),
        (custom("colour: red"), r"recognizers\.0\.colour: is no key"),
        (custom("patterns: []"), "give patterns or a deny_list"),
        (custom("patterns: 3"), r"recognizers\.0\.patterns: must be a list"),
        (custom("deny_list: [[a]]"), r"deny_list\.0: a list is refused; write text"),
        (custom("score_thresholds: {A: 1}"), "set pii.entities"),
        (one("{name: a, score: 1}"), r"patterns\.0\.regex: must be a string"),
        (one("{regex: a, score: 1}"), r"patterns\.0\.name: is missing"),
        (one("{name: a, regex: a, score: 1, b: 2}"), r"patterns\.0\.b: is no key"),
        (
            one("{name: a, regex: 'a(', score: 1}"),
            "regex: is no regular expression; look at position 2",
        ),
        (one("{name: a, regex: a, score: 3}"), r"patterns\.0\.score: must be a num"),
        (one("{name: a, regex: a, score: x}"), r"patterns\.0\.score: must be a num"),
        (custom("deny_list: [a]\n  context: 3"), r"recognizers\.0\.context: must be"),
        (custom("deny_list: [a]\n  supported_entities: [A, B]"), "name one; write an"),
        (
            custom("deny_list: [a]\n  deny_list_score: 7"),
            "score: 7 is refused; it",
        ),
    ],
)
def test_a_bad_file_is_refused_by_name_and_key(
    text: str, message: str, tmp_path: Path
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=message) as caught:
        read_recognizers(path, "pii.recognizers.files.0")
    assert str(caught.value).startswith(f"pii.recognizers.files.0: {path}")


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_bytes(b"a: \xff")
    with pytest.raises(ConfigError, match=r"not UTF-8 \(byte 3\)"):
        read_recognizers(str(path), "k")

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.associations.lists import load_tests, parse_associations

GOOD = """
name: ours
version: "1"
language: en
source: somebody
licence: CC0-1.0
sets:
  x: {kind: noun, words: [apple, hour]}
  y: {kind: noun, words: [pear, plum]}
  a: {words: [good, fine]}
  b: {words: [bad, poor, ugly]}
tests:
  - {id: fruit, title: Fruit, targets: [x, y], attributes: [a, b]}
"""


def test_the_packaged_tests_are_those_of_the_paper() -> None:
    tests = load_tests()
    sizes = {test.id: [len(one.words) for one in test.sets] for test in tests.all}
    assert sizes == {
        "weat1-flowers": [25, 25, 25, 25],
        "weat2-weapons": [25, 25, 25, 25],
        "weat3-names": [32, 32, 25, 25],
        "weat4-names": [16, 16, 25, 25],
        "weat5-names": [18, 18, 8, 8],
        "weat6-career": [8, 8, 8, 8],
        "weat7-math": [8, 8, 8, 8],
        "weat8-science": [8, 8, 8, 8],
        "weat9-disease": [6, 6, 7, 7],
        "weat10-age": [8, 8, 8, 8],
    }
    assert [entry.name for entry in tests.entries] == ["caliskan-2017", "bleached"]
    assert {entry.licence for entry in tests.entries} == {"MIT"}


def test_sentences_have_the_right_article(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(GOOD + 'templates: {noun: ["It is {a} {word}."]}\n')
    (test,) = load_tests([str(path)], packaged=False).all
    assert test.sets[0].sentences() == ["It is an apple.", "It is a hour."]
    assert test.sets[2].sentences()[0] == "This is good."


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "[pear, plum]",
            "[pear]",
            "sets.y.words: has too few or too many entries",
        ),
        ("[pear, plum]", "[pear, pear]", "'pear' stands there twice; remove one"),
        ("[pear, plum]", "[pear, apple]", "test fruit: 'apple' is in x and in y"),
        ("[pear, plum]", "[pear, no]", "sets.y.words.1: false is refused; write text"),
        ("[pear, plum]", "[pear, ' plum']", "begins or ends with a blank"),
        ("y: {kind: noun, ", "y: {", "x holds a noun and y a word"),
        ("targets: [x, y]", "targets: [x, z]", "test fruit: there is no set z"),
        ("targets: [x, y]", "targets: [x]", "targets"),
        ("id: fruit", "id: 'a b'", "id"),
        ("licence: CC0-1.0", "licens: CC0-1.0", "did you mean licence?"),
        ("tests:", "tests: [", "is no YAML"),
        ("sets:", "name: again\nsets:", "the key name stands there again"),
        ("tests:", "templates: {noun: [It is {a} word.]}\ntests:", "is no YAML"),
        (
            "tests:",
            "templates: {noun: ['It is {a}.']}\ntests:",
            "hold {word} once",
        ),
        ("tests:", "templates: {noun: ['{word} {x}']}\ntests:", "no other braces"),
        ("tests:", "templates: {verb: ['{word}']}\ntests:", "verb"),
    ],
)
def test_what_is_wrong_is_said(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as error:
        parse_associations(dedent(GOOD.replace(old, new)).encode(), "ours.yaml")
    assert said in str(error.value)
    assert str(error.value).startswith("ours.yaml")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ConfigError, match="is no YAML"):
        parse_associations(b"\xff\xfe\x00", "ours.yaml")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"only": ["weat1-flower"]},
            "weat1-flower; did you mean weat1-flowers",
        ),
        ({"packaged": False}, "there is no test; name a file"),
        ({"named": ["none.yaml"]}, "associations.lists.0: none.yaml cannot be read"),
    ],
)
def test_what_is_not_there_is_said(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_tests(**arguments)  # type: ignore[arg-type]


def test_two_tests_of_one_id_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(GOOD.replace("id: fruit", "id: weat1-flowers"))
    with pytest.raises(ConfigError, match="is in caliskan-2017 and in ours"):
        load_tests([str(path)])

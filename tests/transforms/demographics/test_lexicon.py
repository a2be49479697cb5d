"""Lexicons: what a file may say, and which one a configuration gets."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from isinglass.schemas.config.demographics import DemographicsConfig
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.manifest import Lexicon
from isinglass.transforms.demographics.lexicon import (
    load_lexicons,
    parse_lexicon,
    with_absolute_lexicons,
)
from isinglass.transforms.demographics.words import split_words

OF_PACKAGE = load_lexicons()


@pytest.mark.parametrize("tag", ["en", "EN", "en-US", "en_GB", "eng"])
def test_a_tag_finds_its_language(tag: str) -> None:
    found = OF_PACKAGE.find(tag)
    assert found is not None
    assert found.language == "en"


@pytest.mark.parametrize("tag", ["", "und", "e", "enx", "tlh", "-en"])
def test_no_lexicon_for_other_tags(tag: str) -> None:
    assert OF_PACKAGE.find(tag) is None


def test_manifest_entries_name_the_bytes(repository: Path) -> None:
    for entry in OF_PACKAGE.entries:
        path = repository / "transforms" / "resources" / "lexicons"
        content = (path / f"{entry.language}.yaml").read_bytes()
        assert entry.sha256 == hashlib.sha256(content).hexdigest()
        assert entry.licence == "CC0-1.0"
    languages = [entry.language for entry in OF_PACKAGE.entries]
    assert languages == sorted(languages)


def test_gender_is_paired() -> None:
    for lexicon in OF_PACKAGE.all:
        of_gender = [(g, t) for (axis, g), t in lexicon.terms if axis == "gender"]
        assert {"female", "male"} <= {group for group, _ in of_gender}


@pytest.mark.parametrize("language", [one.language for one in OF_PACKAGE.all])
def test_every_entry_can_be_matched(language: str) -> None:
    lexicon = OF_PACKAGE.find(language)
    assert lexicon is not None
    written = {form.lower() for _, term in lexicon.terms for form in term.written}
    for _, term in lexicon.terms:
        assert not {form.lower() for form in term.written} & set(term.veto)
    for entry in [*written, *lexicon.vetoes]:
        assert split_words(entry)


FILE = """
name: {name}
language: {language}
aliases: []
version: "1"
source: test
licence: CC0-1.0
axes: {axes}
vetoes: []
"""
CYCLE = (
    "{g: {a: [{term: x, pair: y}], b: [{term: y, pair: z}], c: [{term: z, pair: x}]}}"
)
LONG = "x" * 500
AXES = "{kin: {near: [{term: kin, forms: [kith]}], far: [{term: outlander}]}}"


def written(path: Path, language: str = "en", axes: str = AXES) -> str:
    path.write_text(FILE.format(name=path.stem, language=language, axes=axes))
    return str(path)


@pytest.mark.parametrize(
    ("language", "axes", "said"),
    [
        (
            "en",
            "{gender: {female: [{term: kin}], male: [{term: he, forms: [kin]}]}}",
            "'kin' is in gender/female and gender/male; keep it in one of them",
        ),
        (
            "en",
            CYCLE,
            "'x' is paired with 'y', and that with 'z'",
        ),
        ("en", "{g: {a: [{term: x, pair: y}]}}", "'x' is paired with 'y', no term"),
        ("en", "{g: {a: [{term: x, pair: x}]}}", "each is the pair of the other"),
        ("xx", "{g: {a: [{term: x}]}}", "xx is no code of a language"),
        ("english", "{g: {a: [{term: x}]}}", "english is no code of a language"),
        ("en", "{g: {a: [{term: x, sense: deep}]}}", "deep"),
        ("en", "{g: {a: [{term: x, form: [y]}]}}", "form"),
        ("en", "{g: {a: [{term: a.b}]}}", "'a.b' is not a word"),
        ("en", "{g: {a: [{term: x, veto: [a.b]}]}}", "'a.b' is not a word"),
        ("en", "{g/h: {a: [{term: x}]}}", "'g/h': write an axis or group without"),
        ("en", "{g: {a/b: [{term: x}]}}", "'a/b': write an axis or group without"),
        ("en", "{g: {a: [{term: x}], a: [{term: y}]}}", "the key a stands there again"),
        ("en", "{g: {a: []}}", "axes.g.a"),
        ("en", "{g: {}}", "axes.g"),
        (
            "en",
            "{g: {a: [{term: black-smith}], b: [{term: black smith}]}}",
            "'black smith' in g/b is matched like 'black-smith' in g/a",
        ),
        ("en", "{' ': {a: [{term: x}]}}", "' ': write an axis or group with no blank"),
        ("en", "{g: {' a': [{term: x}]}}", "' a': write an axis or group with no"),
        (
            "en",
            "{g: {a: [{term: x, forms: [y], veto: [y z, black tie]}]}}",
            "g: the veto 'black tie' of 'x' is no longer phrase that holds a form",
        ),
        ("en", "{g: {a: [{term: x, veto: [x]}]}}", "the veto 'x' of 'x' is no longer"),
        ("en", "{g: {a: [{term: x, veto: [xy z]}]}}", "the veto 'xy z' of 'x'"),
        ("en", f"{{g: {{a: [{{term: {LONG}}}]}}}}", f"entry '{LONG[:60]}…' is too"),
        ("en", f"{{{LONG}/h: {{a: [{{term: x}}]}}}}", f"'{LONG[:60]}…': write"),
        ("en", "{}", "axes"),
        ("en", "[", "is no YAML"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, language: str, axes: str, said: str
) -> None:
    name = written(tmp_path / "mine.yaml", language, axes)
    with pytest.raises(ConfigError, match=re.escape(said)) as refused:
        load_lexicons(DemographicsConfig(lexicons=(name,)))
    assert str(refused.value).startswith(f"demographics.lexicons.0: {name}")


def test_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    text = FILE.format(name="own", language="fr", axes="{g: {a: [{term: bébé}]}}")
    path.write_bytes(text.encode("latin-1"))
    config = DemographicsConfig(lexicons=(str(path),))
    with pytest.raises(ConfigError, match=r"line 8: is not UTF-8: the byte 0xe9 is"):
        load_lexicons(config)
    path.write_bytes(text.encode("utf-16"))
    assert load_lexicons(config).find("fr") is not None


@pytest.mark.parametrize("one", OF_PACKAGE.entries, ids=lambda one: one.language)
def test_files_of_the_package_are_as_those_of_users(
    repository: Path, one: Lexicon
) -> None:
    folder = repository / "transforms/resources/lexicons"
    content = (folder / f"{one.language}.yaml").read_bytes()
    assert parse_lexicon(content, "x")[1] == one


def test_files_that_cannot_be(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_lexicons(DemographicsConfig(lexicons=(missing,)))
    twice = tuple(written(tmp_path / f"{n}.yaml") for n in "ab")
    with pytest.raises(ConfigError, match="a second lexicon of en"):
        load_lexicons(DemographicsConfig(lexicons=twice))
    with pytest.raises(ConfigError, match="no lexicon has kin; known: "):
        load_lexicons(DemographicsConfig(axes=("gender", "kin")))


def test_an_alias_takes_no_other_language(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    text = FILE.format(name="own", language="en", axes=AXES)
    path.write_text(text.replace("aliases: []", "aliases: [eng, fr]"))
    with pytest.raises(ConfigError, match="aliases: fr is a language of its own"):
        load_lexicons(DemographicsConfig(lexicons=(str(path),)))


def test_words_of_the_user_are_read_besides_ours(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    text = FILE.format(name="own", language="en", axes=AXES)
    path.write_text(f"{text}senses: {{person_nouns: [zzz]}}\n")
    english = load_lexicons(DemographicsConfig(lexicons=(str(path),))).find("en")
    assert english is not None
    assert {"zzz", "voters"} <= english.senses["person_nouns"]


def test_an_axis_of_the_user(tmp_path: Path) -> None:
    own = written(tmp_path / "own.yaml")
    found = load_lexicons(DemographicsConfig(axes=("kin",), lexicons=(own,)))
    assert found.groups == (("kin", "far"), ("kin", "near"))
    assert [one.language for one in found.all] == ["en"]
    assert [entry.name for entry in found.entries][-1] == "own"
    whole = load_lexicons(DemographicsConfig(lexicons=(own,)))
    assert set(whole.groups) == {*OF_PACKAGE.groups, *found.groups}


def test_an_axis_takes_the_place_of_another(tmp_path: Path) -> None:
    axes = "{gender: {female: [{term: lass}], male: [{term: lad}]}}"
    own = written(tmp_path / "own.yaml", axes=axes)
    found = load_lexicons(DemographicsConfig(axes=("gender",), lexicons=(own,)))
    english = found.find("en")
    assert english is not None
    assert [term.term for _, term in english.terms] == ["lass", "lad"]
    french = found.find("fr")
    assert french is not None
    assert len(french.terms) > 2


def test_paths_start_from_the_configuration(tmp_path: Path) -> None:
    written(tmp_path / "own.yaml")
    config = DemographicsConfig(axes=("kin",), lexicons=("own.yaml",))
    assert load_lexicons(with_absolute_lexicons(config, tmp_path)).groups


def test_what_is_read_twice_is_compiled_once(tmp_path: Path) -> None:
    config = DemographicsConfig(lexicons=(written(tmp_path / "own.yaml"),))
    assert load_lexicons(config) is load_lexicons(config)
    content = (tmp_path / "own.yaml").read_bytes()
    assert (
        parse_lexicon(content, "own")[1].sha256 == hashlib.sha256(content).hexdigest()
    )


@pytest.mark.parametrize("entry", ["a.b", "", "x" * 33, "a b c d e f g h i"])
def test_an_entry_that_cannot_match_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="lexicon entry"):
        split_words(entry)

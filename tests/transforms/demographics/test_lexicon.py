from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml

from isinglass.transforms.demographics.lexicon import (
    all_lexicons,
    group_names,
    load_lexicon,
    parse_lexicon,
)
from isinglass.transforms.demographics.matcher import split_words


def test_columns_are_fixed() -> None:
    assert group_names() == (("gender", "female"), ("gender", "male"))


@pytest.mark.parametrize("tag", ["en", "EN", "en-US", "en_GB", "eng"])
def test_a_tag_finds_its_language(tag: str) -> None:
    found = load_lexicon(tag)
    assert found is not None
    assert found.language == "en"


@pytest.mark.parametrize("tag", ["", "und", "e", "enx", "ko", "-en"])
def test_no_lexicon_for_other_tags(tag: str) -> None:
    assert load_lexicon(tag) is None


def test_manifest_entries_name_the_bytes(repository: Path) -> None:
    entries = [lexicon.entry for lexicon in all_lexicons()]
    languages = ["ar", "de", "en", "es", "fr", "it", "ja", "pt", "ru", "zh"]
    assert [entry.language for entry in entries] == languages
    for entry in entries:
        path = repository / "transforms" / "resources" / "lexicons"
        content = (path / f"{entry.language}.yaml").read_bytes()
        assert entry.sha256 == hashlib.sha256(content).hexdigest()
        assert entry.licence == "CC0-1.0"
        assert yaml.safe_load(content)["source"] == "compiled for isinglass"


def test_every_entry_can_be_matched() -> None:
    for lexicon in all_lexicons():
        forms = [form for form, _ in lexicon.terms]
        assert len(forms) == len(set(forms))
        assert not set(forms) & set(lexicon.vetoes)
        for entry in [*forms, *lexicon.vetoes]:
            assert split_words(entry)
            assert entry == entry.lower()


def test_a_form_in_two_groups_is_refused() -> None:
    text = """
name: bad
language: xx
aliases: []
version: "1"
source: test
licence: CC0-1.0
axes: {gender: {female: [{term: kin}], male: [{term: he, forms: [kin]}]}}
vetoes: []
"""
    with pytest.raises(ValueError, match=r"'kin' is in gender/female and gender/male"):
        parse_lexicon(text.encode())


@pytest.mark.parametrize("entry", ["a.b", "", "x" * 33, "a b c d e f g h i"])
def test_an_entry_that_cannot_match_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="lexicon entry"):
        split_words(entry)

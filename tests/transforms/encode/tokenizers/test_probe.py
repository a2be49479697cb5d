from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from isinglass.transforms.encode.tokenizers import probe as probing
from isinglass.transforms.encode.tokenizers.choice import find_table, table_key
from isinglass.transforms.encode.tokenizers.fast import FastLibrary, load_fast
from isinglass.transforms.encode.tokenizers.probe import (
    encoder_of,
    probe,
    splitting_pair,
    splitting_rules,
)
from isinglass.transforms.encode.tokenizers.reference import read_library
from isinglass.transforms.encode.tokenizers.rules import read_rules
from isinglass.transforms.encode.tokenizers.texts import CodePoints

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from isinglass.transforms.encode.tokenizers.tokenizer import Tokenizer

GPT2 = (
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"
    r"|\s+(?!\S)|\s+"
)
SOME = ["a", "\u00e9", "\u0431", "\u05d0", "\u0661", "\u4e2d", "\u2028", "\U0001f469"]


def points(ranges: list[tuple[int, int]] | None) -> list[str]:
    assert ranges is not None
    return [chr(at) for first, last in ranges for at in range(first, last + 1)]


@pytest.fixture
def few_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "_decomposed", list)
    monkeypatch.setattr(probing, "_neighbours", lambda _: ["a", "\u0301", "\u0327"])


def split_by(expression: str) -> dict[str, Any]:
    split = {
        "type": "Split",
        "pattern": {"Regex": expression},
        "behavior": "Isolated",
        "invert": False,
    }
    level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
    level["trim_offsets"] = True
    return {"type": "Sequence", "pretokenizers": [split, level]}


@pytest.mark.usefixtures("few_neighbours")
@pytest.mark.parametrize(
    ("other", "found"),
    [
        (GPT2, []),
        (GPT2.replace(r"\p{L}", r"(?:(?!\x{05d0})\p{L})"), ["\u05d0"]),
        (GPT2.replace(r"\p{N}+", r"(?:(?!\x{0661})\p{N})+"), ["\u0661"]),
        (GPT2.replace(r"'s|", r"'s|'\x{431}|"), ["\u0431"]),
        (GPT2.replace(r" ?[^", r" ?\x{1f469}| ?[^"), ["\U0001f469"]),
    ],
)
def test_other_classes_of_characters_are_found(
    gpt2: Tokenizer,
    gpt2_file: Path,
    pretender: Callable[..., FastLibrary],
    other: str,
    found: list[str],
) -> None:
    content = json.loads(gpt2_file.read_text())
    rules = read_rules(gpt2_file.read_bytes())
    text = splitting_rules(rules)
    assert text is not None
    pair = splitting_pair(rules)
    assert pair is not None
    changed = {"pre_tokenizer": split_by(other)}
    splitting = pair[0], pretender(json.loads(text), **changed)
    fast = pretender(content, **changed)
    reference = encoder_of(gpt2.reference)
    assert points(probe(rules, reference, fast, splitting, SOME)) == found
    assert probe(rules, reference, fast, None, SOME) is None


@pytest.mark.usefixtures("few_neighbours")
def test_other_normalisation_is_found(
    wordpiece: Tokenizer, wordpiece_file: Path, pretender: Callable[..., FastLibrary]
) -> None:
    content = json.loads(wordpiece_file.read_text())
    rules = read_rules(wordpiece_file.read_bytes())
    reference = encoder_of(wordpiece.reference)
    kept = {**content["normalizer"], "strip_accents": False}
    fast = pretender(content, normalizer=kept)
    found = points(probe(rules, reference, fast, None, ["a", "\u00e9", "\u4e2d"]))
    assert "\u00e9" in found
    assert not {"a", "\u4e2d"} & set(found)
    # Only met as a letter and a mark of their own, among the neighbours.
    assert "\u0301" in found
    assert points(probe(rules, reference, pretender(content), None, ["\u00e9"])) == []


def test_splitting_shows_where_stretches_end(gpt2_file: Path) -> None:
    rules = read_rules(gpt2_file.read_bytes())
    text = splitting_rules(rules)
    assert text is not None
    library = read_library(text.encode(), "x")
    lengths = {
        text: len(library.encode(text).ids)
        for text in ("a\u00e9", "1\u00e9", ".\u00e9")
    }
    assert lengths == {"a\u00e9": 2, "1\u00e9": 3, ".\u00e9": 3}


@pytest.mark.parametrize("name", ["wordpiece", "gpt2"])
def test_packaged_table_is_what_a_part_of_it_made_anew_says(
    request: pytest.FixtureRequest, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = read_rules(request.getfixturevalue(f"{name}_file").read_bytes())
    fast = load_fast(rules.kind, rules.for_library(special_tokens=True))
    if fast is None:
        pytest.skip("the fast library is not installed")
    ranges = find_table(table_key(rules, fast), None)
    if ranges is None:
        pytest.skip("no packaged table of the installed versions")
    listed = CodePoints(ranges).listed
    every = [at for at in range(0x110000) if not 0xD800 <= at <= 0xDFFF]
    step = 199
    some = [chr(at) for at in every if listed[at] or at % step == 0 or at < 0x100]
    monkeypatch.setattr(probing, "_neighbours", lambda _: ["a", "1", " ", "\u0301"])
    apart = probing._decomposed()[::20]
    monkeypatch.setattr(probing, "_decomposed", lambda: apart)
    tokenizer = request.getfixturevalue(name)
    splitting = splitting_pair(rules)
    reference = encoder_of(tokenizer.reference)
    assert probe(rules, reference, fast, splitting, some) == ranges

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from isinglass.transforms.encode.tokenizers.rules import read_rules

if TYPE_CHECKING:
    from pathlib import Path

BERT: dict[str, Any] = {
    "added_tokens": [],
    "normalizer": {"type": "BertNormalizer"},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "model": {"type": "WordPiece", "continuing_subword_prefix": "##", "vocab": {}},
}
SPLIT: dict[str, Any] = {
    "type": "Split",
    "pattern": {"Regex": r"\s+|\S+"},
    "behavior": "Isolated",
}
BYTES: dict[str, Any] = {
    "added_tokens": [],
    "normalizer": None,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
    "model": {"type": "BPE", "vocab": {}, "merges": []},
}


def token(content: str, *, single_word: bool = False) -> dict[str, Any]:
    return {"content": content, "single_word": single_word}


@pytest.mark.parametrize(
    ("content", "kind", "cuts"),
    [
        (BERT, "wordpiece", True),
        ({**BERT, "added_tokens": [token("[CLS]")]}, "wordpiece", True),
        ({**BERT, "added_tokens": [token("a b")]}, "wordpiece", False),
        ({**BERT, "added_tokens": [token("a", single_word=True)]}, "wordpiece", False),
        ({**BERT, "normalizer": {"type": "NFC"}}, "other", False),
        ({**BERT, "pre_tokenizer": {"type": "Whitespace"}}, "other", False),
        (BYTES, "bytes", True),
        ({**BYTES, "normalizer": {"type": "NFC"}}, "bytes", True),
        ({**BYTES, "normalizer": {"type": "NFKC"}}, "other", False),
        ({**BYTES, "model": {"type": "BPE", "dropout": 0.1}}, "other", False),
        ({**BYTES, "model": {"type": "Unigram"}}, "other", False),
        ({**BYTES, "pre_tokenizer": None}, "other", False),
        (
            {**BYTES, "pre_tokenizer": {"type": "ByteLevel", "use_regex": False}},
            "bytes",
            False,
        ),
        (
            {
                **BYTES,
                "pre_tokenizer": {
                    "type": "Sequence",
                    "pretokenizers": [SPLIT, {"type": "ByteLevel", "use_regex": False}],
                },
            },
            "bytes",
            False,
        ),
        (
            {
                **BYTES,
                "pre_tokenizer": {"type": "Sequence", "pretokenizers": [SPLIT]},
            },
            "other",
            False,
        ),
    ],
)
def test_kinds(content: dict[str, Any], kind: str, cuts: bool) -> None:  # noqa: FBT001
    rules = read_rules(json.dumps(content).encode())
    assert (rules.kind, rules.cuts_before_spaces) == (kind, cuts)


@pytest.mark.parametrize(
    ("content", "cuts"),
    [
        (BERT, True),
        ({**BERT, "added_tokens": [token("[X]")]}, True),
        ({**BERT, "added_tokens": [{**token("[X]"), "lstrip": True}]}, False),
        ({**BERT, "added_tokens": [{**token("[X]"), "rstrip": True}]}, False),
        ({**BERT, "added_tokens": [token("[X Y]")]}, False),
        (BYTES, False),
    ],
)
def test_cuts_at_spaces(content: dict[str, Any], cuts: bool) -> None:  # noqa: FBT001
    assert read_rules(json.dumps(content).encode()).cuts_at_spaces is cuts


def test_digest_is_of_what_decides_the_ids() -> None:
    plain = read_rules(json.dumps(BERT).encode())
    padded = {**BERT, "padding": {"x": 1}, "truncation": {"x": 1}, "post_processor": {}}
    assert read_rules(json.dumps(padded, indent=4).encode()).sha256 == plain.sha256
    other = {**BERT, "added_tokens": [token("[X]")]}
    assert read_rules(json.dumps(other).encode()).sha256 != plain.sha256


def test_what_a_library_gets(wordpiece_file: Path) -> None:
    rules = read_rules(wordpiece_file.read_bytes())
    assert rules.content["truncation"]["max_length"] == 128
    given = json.loads(rules.for_library(special_tokens=True))
    assert given["truncation"] is given["padding"] is None
    assert given["post_processor"] == rules.content["post_processor"]
    bare = json.loads(rules.for_library(special_tokens=False))
    assert bare["post_processor"] is None
    assert bare["model"] == rules.content["model"]
    assert rules.added == ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

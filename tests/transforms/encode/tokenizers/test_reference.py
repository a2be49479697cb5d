from __future__ import annotations

import dataclasses
import json
import random
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import ConfigError, RefuseError
from isinglass.transforms.encode.models.find import packaged_folder
from isinglass.transforms.encode.tokenizers import reference as tokenizers
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, cut
from isinglass.transforms.encode.tokenizers.reference import (
    Reference,
    load_reference,
)

if TYPE_CHECKING:
    from pathlib import Path

PLANES = [chr(plane * 0x10000 + at) for plane in range(17) for at in (0x41, 0x4E00)]
FRAGMENTS = [
    *PLANES,
    *("[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]", "[cls]", "[CL S]", "##ing"),
    *(" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2028", "\x00", "\x7f"),
    *("\u0301", "e\u0301", "\u00e9", "\u0130", "\u03a3\u03c2", "\ufb01", "\u200b"),
    *("\ufffd", "\ud7a3", "\u4e2d\u6587", "\U0001f469\u200d\U0001f4bb", "\u0e01\u0e33"),
    *("unaffable", "Running", "don't", "3.14", "a" * 101, "$", "\u2014", "-"),
]


@cache
def reference(path: str) -> Any:
    from tokenizers import Tokenizer as Library  # noqa: PLC0415

    library = Library.from_file(path)
    library.no_padding()
    library.no_truncation()
    return library


def minilm() -> Any:
    return reference(str(packaged_folder() / "tokenizer.json"))


def expected_batch(library: Any, texts: list[str]) -> list[list[int]]:
    return [library.encode(text).ids for text in texts]


def rows(tokens: TokenBatch) -> list[list[int]]:
    assert tokens.values.dtype == np.int32
    assert tokens.offsets.dtype == np.int64
    return [part.tolist() for part in np.split(tokens.values, tokens.offsets[1:-1])]


def adversarial(count: int) -> list[str]:
    chance = random.Random(20)  # noqa: S311
    texts = []
    for _ in range(count):
        parts = chance.choices(FRAGMENTS, k=chance.randrange(1, 12))
        texts.append(chance.choice(["", " ", " "]).join(parts))
    return texts


def test_golden_ids(tokenizer: Reference, shared_data: Path) -> None:
    folder = shared_data / "models" / "golden_minilm"
    texts = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    golden = np.load(folder / "golden.npz")
    tokens = cut(tokenizer.encode(pa.array(texts)), 256)
    assert np.array_equal(tokens.values, golden["input_ids"])
    assert np.array_equal(tokens.offsets, golden["offsets"])


def test_ids_equal_those_of_the_library(tokenizer: Reference) -> None:
    texts = adversarial(3_000)
    assert rows(tokenizer.encode(pa.array(texts))) == expected_batch(minilm(), texts)


@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_ids_of_any_text(tokenizer: Reference, texts: list[str]) -> None:
    tokens = tokenizer.encode(pa.array(texts))
    assert rows(tokens) == expected_batch(minilm(), texts)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", [101, 102]),
        (" \t\n", [101, 102]),
        ("[CLS]", [101, 101, 102]),
        ("[cls]", [101, 1031, 18856, 2015, 1033, 102]),
        ("a" * 1_000_000, [101, 100, 102]),
        ("Hello, world", [101, 7592, 1010, 2088, 102]),
    ],
)
def test_table(tokenizer: Reference, text: str, ids: list[int]) -> None:
    assert rows(tokenizer.encode(pa.array([text]))) == [ids]


def test_a_megabyte_of_punctuation_is_a_token_a_character(tokenizer: Reference) -> None:
    tokens = tokenizer.encode(pa.array(["-" * 1_000_000]))
    assert tokens.offsets.tolist() == [0, 1_000_002]
    assert set(tokens.values[1:-1].tolist()) == {1011}


def test_neither_truncation_nor_padding_of_the_file_is_applied(
    tokenizer: Reference,
) -> None:
    file = packaged_folder() / "tokenizer.json"
    assert json.loads(file.read_text())["truncation"]["max_length"] == 128
    tokens = tokenizer.encode(pa.array(["word " * 300, "word"]))
    assert tokens.lengths.tolist() == [302, 3]


@given(st.lists(st.lists(st.sampled_from(FRAGMENTS), max_size=30), max_size=5))
def test_long_texts_in_pieces_have_the_same_ids(
    tokenizer: Reference, parts: list[list[str]]
) -> None:
    whole, pieced = tokenizer, dataclasses.replace(tokenizer, slice_bytes=16)
    texts = pa.array([" ".join(part) for part in parts], pa.string())
    assert np.array_equal(pieced.encode(texts).values, whole.encode(texts).values)
    assert np.array_equal(pieced.encode(texts).offsets, whole.encode(texts).offsets)


def test_long_texts_are_taken_in_pieces(tokenizer: Reference) -> None:
    text = "The cat. " * 10
    pieces = list(tokenizers._pieces(text, 16))
    assert "".join(pieces) == text
    assert len(pieces) > 5
    assert all(piece.startswith(" ") for piece in pieces[1:])
    assert list(tokenizers._pieces("x" * 50, 16)) == ["x" * 50]
    assert tokenizer._is_long([text * 20_000])
    assert not tokenizer._is_long([text])


def test_slices_and_sliced_input_change_nothing(tokenizer: Reference) -> None:
    texts = pa.array(adversarial(60))
    small = dataclasses.replace(tokenizer, slice_bytes=64)
    assert rows(small.encode(texts)) == rows(tokenizer.encode(texts))
    assert rows(tokenizer.encode(texts[20:40])) == rows(tokenizer.encode(texts))[20:40]


def test_no_texts(tokenizer: Reference) -> None:
    tokens = tokenizer.encode(pa.array([], pa.string()))
    assert tokens.values.tolist() == []
    assert tokens.offsets.tolist() == [0]
    assert cut(tokens, 8).offsets.tolist() == [0]


def test_attributes(tokenizer: Reference) -> None:
    assert (tokenizer.prefix_ids, tokenizer.suffix_ids) == ((101,), (102,))
    assert tokenizer.vocabulary_size == 30522
    assert tokenizer.name == "all-MiniLM-L6-v2"
    assert tokenizer.sha256.startswith("be50c362")


@pytest.mark.parametrize("limit", [8, 9, 31, 256])
def test_cut_equals_truncation_by_the_library(tokenizer: Reference, limit: int) -> None:
    texts = [*adversarial(200), "word " * limit, "word " * (limit - 2), ""]
    library = reference(str(packaged_folder() / "tokenizer.json")).from_str(
        minilm().to_str()
    )
    library.enable_truncation(limit)
    tokens = tokenizer.encode(pa.array(texts))
    assert rows(cut(tokens, limit)) == expected_batch(library, texts)
    assert rows(tokens) == expected_batch(minilm(), texts)


def test_tokenizer_without_special_tokens(shared_data: Path) -> None:
    folder = shared_data / "models" / "gpt2_bpe"
    gpt2 = load_reference(EncodeConfig(tokenizer=str(folder)))
    texts = [*adversarial(500), " lots of words" * 40]
    library = reference(str(folder / "tokenizer.json"))
    tokens = gpt2.encode(pa.array(texts))
    assert rows(tokens) == expected_batch(library, texts)
    assert (gpt2.prefix_ids, gpt2.suffix_ids) == ((), ())
    assert gpt2.vocabulary_size == 50257
    assert gpt2.name == "gpt2_bpe"
    assert rows(cut(tokens, 8)) == [ids[:8] for ids in rows(tokens)]
    assert not gpt2.rules.cuts_at_spaces


def test_file_by_path_is_the_same_tokenizer(tokenizer: Reference) -> None:
    file = packaged_folder() / "tokenizer.json"
    by_path = load_reference(EncodeConfig(tokenizer=str(file)))
    assert by_path.sha256 == tokenizer.sha256
    assert rows(by_path.encode(pa.array(["x"]))) == [[101, 1060, 102]]


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"encode\.tokenizer: .*nothing-here"):
        load_reference(EncodeConfig(tokenizer=str(tmp_path / "nothing-here")))


@pytest.mark.parametrize("content", [b"", b"{}", b'{"version": "1.0"}', b"\xff\xfe"])
def test_damaged_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(RefuseError, match="cannot be read as a tokenizer"):
        load_reference(EncodeConfig(tokenizer=str(tmp_path)))

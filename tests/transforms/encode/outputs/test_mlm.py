"""The collator of `transformers` takes the rows of `tokens/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import datasets
import pyarrow as pa
import pytest
import torch
from transformers import BertTokenizer, DataCollatorForLanguageModeling

from isinglass.transforms.encode.outputs.mlm import whole_word_rows
from isinglass.transforms.encode.outputs.rows import tokens_batch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from isinglass.transforms.encode.tokenizers.batch import TokenBatch

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able"]
PIECES += ["don", "'", "t", "worry"]
TEXTS = ["unaffable worry", "", "don't worry", "un [SEP] unable", "worry worry worry"]
WORDS: list[list[int | None]] = [
    [None, 0, 0, 0, 1, None],
    [None, None],
    [None, 0, 1, 2, 3, None],
    [None, 0, 1, 2, 2, None],
    [None, 0, 1, 2, None],
]


@pytest.fixture
def library(tmp_path: Path) -> BertTokenizer:
    return BertTokenizer(
        vocab={piece: number for number, piece in enumerate(PIECES)},
        model_max_length=64,
    )


@pytest.fixture
def rows(
    library: BertTokenizer,
    token_batch: Callable[..., TokenBatch],
    write: Callable[..., Path],
    tmp_path: Path,
) -> datasets.Dataset:
    encoded = library(TEXTS, return_special_tokens_mask=True)
    tokens = token_batch(encoded["input_ids"], prefix=1, suffix=1)
    flat = [-1 if one is None else one for words in WORDS for one in words]
    assert [encoded.word_ids(row) for row in range(len(TEXTS))] == WORDS
    batch = tokens_batch(
        pa.array(TEXTS, pa.string()),
        tokens,
        masks=True,
        word_ids=pa.array(flat, pa.int32()).to_numpy(),
    )
    assert batch["special_tokens_mask"].to_pylist() == encoded["special_tokens_mask"]
    return datasets.load_dataset(
        "parquet",
        data_files=str(write([batch])),
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )


def masked(batch: Any) -> list[list[int]]:
    """Places that were chosen, row by row."""
    return [torch.nonzero(labels != -100)[:, 0].tolist() for labels in batch["labels"]]


def test_single_tokens(library: BertTokenizer, rows: datasets.Dataset) -> None:
    collator = DataCollatorForLanguageModeling(library, mlm_probability=1.0, seed=1)
    chosen = rows.select_columns(["input_ids", "special_tokens_mask"])
    batch = collator(list(chosen))
    # All but the special tokens and the padding; a [SEP] of the text is text.
    text = [
        [at for at, word in enumerate(words) if word is not None] for words in WORDS
    ]
    assert masked(batch) == text
    assert set(batch) == {"input_ids", "attention_mask", "labels"}


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("multiple", [1, 8])
def test_whole_words(
    library: BertTokenizer,
    rows: datasets.Dataset,
    side: Literal["right", "left"],
    multiple: int,
) -> None:
    library.padding_side = side
    collator = DataCollatorForLanguageModeling(
        library,
        whole_word_mask=True,
        mask_replace_prob=1,
        random_replace_prob=0,
        mlm_probability=0.5,
        pad_to_multiple_of=multiple,
        seed=2,
    )
    seen: set[tuple[int, ...]] = set()
    for _ in range(30):
        batch = collator(
            whole_word_rows(list(rows), padding_side=side, multiple=multiple)
        )
        longest = batch["input_ids"].shape[1]
        for words, places in zip(WORDS, masked(batch), strict=True):
            first = longest - len(words) if side == "left" else 0
            found = {words[at - first] for at in places}
            whole = [at + first for at, word in enumerate(words) if word in found]
            assert None not in found
            assert places == whole
        seen.add(
            tuple(at - (longest - 6) * (side == "left") for at in masked(batch)[0])
        )
    # Every choice of the two words of the first row came up.
    assert seen == {(), (1, 2, 3), (4,), (1, 2, 3, 4)}


def test_collator_does_not_pad_offsets_itself(library: BertTokenizer) -> None:
    # If this passes one day, `whole_word_rows` need not pad any more.
    encoded = library(
        TEXTS[:2], return_special_tokens_mask=True, return_offsets_mapping=True
    )
    names = ("input_ids", "special_tokens_mask", "offset_mapping")
    own = [{name: encoded[name][row] for name in names} for row in range(2)]
    collator = DataCollatorForLanguageModeling(
        library, whole_word_mask=True, mask_replace_prob=1, random_replace_prob=0
    )
    with pytest.raises(ValueError, match="Unable to create tensor"):
        collator(own)


def test_no_rows() -> None:
    assert whole_word_rows([]) == []

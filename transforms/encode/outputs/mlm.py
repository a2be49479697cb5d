"""Rows of `tokens/` for masking whole words in training.

`transformers.DataCollatorForLanguageModeling` masks single tokens with the columns
`input_ids` and `special_tokens_mask` as they are. With `whole_word_mask=True` it finds
words by `offset_mapping`: a token opens a word where its text does not begin where that
of the token before it ends. It does not pad that column, so rows of different length
fail. Both are put right here from the column `word_ids`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np


def whole_word_rows(
    rows: Sequence[Mapping[str, Any]],
    *,
    padding_side: Literal["right", "left"] = "right",
    multiple: int = 1,
) -> list[dict[str, Any]]:
    """Rows of `tokens/` as the collator wants them for whole words.

    `collate_fn=lambda rows: collator(whole_word_rows(rows))` in a `DataLoader` of rows
    with `input_ids`, `special_tokens_mask` and `word_ids` is all there is to it.

    Args:
        rows: One batch.
        padding_side: That of the tokenizer that the collator holds.
        multiple: The collator's `pad_to_multiple_of`.

    Returns:
        `input_ids`, `special_tokens_mask` and an `offset_mapping` that is as long as
        the collator will make the other two. Its numbers are not places in a text:
        they only join where tokens belong to one word.
    """
    longest = max((len(row["input_ids"]) for row in rows), default=0)
    longest = -(-longest // multiple) * multiple
    return [
        {
            "input_ids": row["input_ids"],
            "special_tokens_mask": row["special_tokens_mask"],
            "offset_mapping": _offsets(row["word_ids"], longest, padding_side),
        }
        for row in rows
    ]


def _offsets(
    words: Sequence[int | None], longest: int, padding_side: str
) -> list[list[int]]:
    # As floats a null is not a number, which opens a word whatever follows it.
    numbers = np.array(words, np.float64)
    opens = np.ones(len(numbers), np.int64)
    opens[1:] = numbers[1:] != numbers[:-1]
    starts = np.arange(len(numbers)) + np.cumsum(opens)
    pairs = np.zeros((longest, 2), np.int64)
    first = longest - len(numbers) if padding_side == "left" else 0
    pairs[first : first + len(numbers)] = np.stack([starts, starts + 1], axis=1)
    rows: list[list[int]] = pairs.tolist()
    return rows

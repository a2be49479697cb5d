"""Rows of encoded documents: which is whose, and token ids as those of `tokens/`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers
from isinglass.schemas.errors import IsinglassError
from isinglass.schemas.tables import tokens_schema
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, special_tokens_mask

LARGEST_OFFSET = 2**31 - 1


def row_columns(doc_ids: pa.StringArray, documents: Integers | None) -> list[pa.Array]:
    """The columns `doc_id` and, where rows are windows, `window`.

    `documents` is the document of each row, ascending, where rows are windows.
    """
    if documents is None:
        return [doc_ids]
    return [doc_ids.take(pa.array(documents)), pa.array(window_numbers(documents))]


def window_numbers(documents: Integers) -> NDArray[np.int32]:
    """Which window of its document each row is, from 0; `documents` ascend."""
    places = np.arange(len(documents))
    opens = np.ones(len(documents), bool)
    opens[1:] = documents[1:] != documents[:-1]
    first = np.maximum.accumulate(np.where(opens, places, 0))
    return (places - first).astype(np.int32)


def list_column(values: pa.Array, offsets: Integers) -> pa.ListArray:
    """A list a row, without copying the values.

    Raises:
        IsinglassError: There are more values than the column's offsets can count.
    """
    if offsets[-1] > LARGEST_OFFSET:
        raise IsinglassError(
            f"A batch of {offsets[-1]} values does not fit a list column, which holds "
            f"{LARGEST_OFFSET}. Write fewer documents at a time."
        )
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)


def tokens_batch(
    doc_ids: pa.StringArray,
    tokens: TokenBatch,
    *,
    documents: Integers | None = None,
    masks: bool = False,
    word_ids: NDArray[np.int32] | None = None,
) -> pa.RecordBatch:
    """Documents or windows as rows of `tables.tokens_schema`.

    `documents` is the document of each row, ascending, where rows are windows. `masks`
    adds `special_tokens_mask`: 1 for the tokens that open and close a row. A special
    token that the text itself spells out is text, as it is for the library. `word_ids`
    (tokens,) is the word of each token in its document, negative for special tokens.
    Words are cut and windowed as ids are, by a `TokenBatch` that holds them as values.
    """
    columns = row_columns(doc_ids, documents)
    columns.append(list_column(pa.array(tokens.values), tokens.offsets))
    columns.append(pa.array(tokens.lengths.astype(np.int32)))
    if masks:
        mask = special_tokens_mask(tokens)
        columns.append(list_column(pa.array(mask), tokens.offsets))
    if word_ids is not None:
        words = pa.array(word_ids, pa.int32(), mask=word_ids < 0)
        columns.append(list_column(words, tokens.offsets))
    schema = tokens_schema(
        window=documents is not None, masks=masks, word_ids=word_ids is not None
    )
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def with_end(tokens: TokenBatch, end_id: int | None) -> TokenBatch:
    """Put an id behind every document, for training on text without a border.

    A document of no tokens stays empty, as in Megatron-LM's `tools/preprocess_data.py`.
    None changes nothing.
    """
    if end_id is None:
        return tokens
    filled = tokens.lengths > 0
    offsets = tokens.offsets.copy()
    offsets[1:] += np.cumsum(filled)
    values = np.empty(int(offsets[-1]), np.int32)
    ends = offsets[1:][filled] - 1
    text = np.ones(len(values), bool)
    text[ends] = False
    values[text] = tokens.values
    values[ends] = end_id
    return replace(tokens, values=values, offsets=offsets)

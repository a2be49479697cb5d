"""A token that tells where a document ends, for training on text without a border."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from isinglass.transforms.encode.tokenizers.batch import TokenBatch


def with_end(tokens: TokenBatch, end_id: int | None) -> TokenBatch:
    """Put an id behind every document.

    A document of no tokens stays empty, as in Megatron-LM's `tools/preprocess_data.py`.

    Args:
        tokens: Ids of documents.
        end_id: The id; None changes nothing.
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

"""Token ids of many documents in one flat array, and how they are cut."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.encode.batching import token_index


@dataclass(frozen=True)
class TokenBatch:
    """Token ids of documents, laid out as an Arrow list.

    Attributes:
        values: All ids, int32.
        offsets: Shape (n + 1,), int64: where each document starts and ends.
        suffix: Special tokens that close every document; kept by `cut`.
        prefix: Special tokens that open every document; repeated by `windows`.
    """

    values: NDArray[np.int32]
    offsets: Integers
    suffix: int = 1
    prefix: int = 0

    @property
    def lengths(self) -> Integers:
        """Tokens of each document."""
        return np.diff(self.offsets)


def special_tokens_mask(tokens: TokenBatch) -> NDArray[np.int8]:
    """1 for tokens that open and close a row, 0 for those of the text; (tokens,)."""
    mask = np.zeros(len(tokens.values), np.int8)
    starts, stops = tokens.offsets[:-1], tokens.offsets[1:]
    for place in range(tokens.prefix):
        mask[np.minimum(starts + place, stops - 1)[stops > starts]] = 1
    for place in range(1, tokens.suffix + 1):
        mask[np.maximum(stops - place, starts)[stops > starts]] = 1
    return mask


def cut(tokens: TokenBatch, max_tokens: int) -> TokenBatch:
    """Shorten documents as the library's own truncation does.

    The text's tokens are cut from the right; the special tokens stay.
    """
    lengths = tokens.lengths
    long = np.flatnonzero(lengths > max_tokens)
    if len(long) == 0:
        return tokens
    kept = np.minimum(lengths, max_tokens)
    values = tokens.values[token_index(tokens.offsets[:-1], kept)]
    offsets = offsets_of(kept)
    for back in range(1, tokens.suffix + 1):
        values[offsets[long + 1] - back] = tokens.values[
            tokens.offsets[long + 1] - back
        ]
    return replace(tokens, values=values, offsets=offsets)


def window_step(max_tokens: int, stride: int, specials: int) -> int:
    """Tokens of the text from the start of a window to that of the next.

    Raises:
        ConfigError: The special tokens and the stride leave none.
    """
    step = max_tokens - specials - stride
    if stride < 0 or step <= 0:
        raise ConfigError(
            f"encode.stride: {stride} leaves no new token in a window of {max_tokens}, "
            f"{specials} of them special. Lower it, or raise encode.max_tokens."
        )
    return step


def windows(
    tokens: TokenBatch, max_tokens: int, stride: int = 0
) -> tuple[TokenBatch, Integers]:
    """Cut documents into stretches that each fit the encoder.

    A window starts every `max_tokens - prefix - suffix - stride` tokens of the text
    until one reaches its end; the special tokens stand around every window. These
    are the windows of `enable_truncation(max_tokens, stride)` of the `tokenizers`
    library: its encodings and their `overflowing` ones.

    A window has at most `max_tokens`, special ones included; neighbours share `stride`
    tokens of the text. Returns the windows, document after document, and the row of
    each window's document, (windows,). A document without text is one window.
    """
    specials = tokens.prefix + tokens.suffix
    room, step = max_tokens - specials, window_step(max_tokens, stride, specials)
    text = tokens.lengths - specials
    counts = np.maximum(-(-(text - room) // step), 0) + 1
    documents = np.repeat(np.arange(len(text)), counts)
    number = np.arange(len(documents)) - np.repeat(np.cumsum(counts) - counts, counts)
    starts = number * step
    kept = np.minimum(text[documents] - starts, room) + specials
    # A stretch of the document from `starts`, whose first and last tokens are then
    # overwritten by the special ones.
    offsets = offsets_of(kept)
    begins = tokens.offsets[documents]
    values = tokens.values[token_index(begins + starts, kept)]
    for at in range(tokens.prefix):
        values[offsets[:-1] + at] = tokens.values[begins + at]
    ends = tokens.offsets[documents + 1]
    for back in range(1, tokens.suffix + 1):
        values[offsets[1:] - back] = tokens.values[ends - back]
    return replace(tokens, values=values, offsets=offsets), documents


def replace_rows(tokens: TokenBatch, rows: Integers, others: TokenBatch) -> TokenBatch:
    """Put the documents of `others` in the place of `rows`, in the same order."""
    if len(rows) == 0:
        return tokens
    lengths = tokens.lengths
    starts = tokens.offsets[:-1].copy()
    lengths[rows] = others.lengths
    starts[rows] = len(tokens.values) + others.offsets[:-1]
    values = np.concatenate([tokens.values, others.values])
    values = values[token_index(starts, lengths)]
    return replace(tokens, values=values, offsets=offsets_of(lengths))


def take_rows(tokens: TokenBatch, rows: Integers) -> TokenBatch:
    """The documents of `rows` alone, in that order."""
    lengths = tokens.lengths[rows]
    values = tokens.values[token_index(tokens.offsets[rows], lengths)]
    return replace(tokens, values=values, offsets=offsets_of(lengths))


def offsets_of(lengths: Integers) -> Integers:
    """Where documents of these lengths start and end, shape (n + 1,)."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def differing_rows(one: TokenBatch, other: TokenBatch) -> Integers:
    """Rows of the documents whose ids are not the same in both, ascending."""
    lengths = one.lengths
    differs = lengths != other.lengths
    same = np.flatnonzero(~differs)
    mine, theirs = take_rows(one, same), take_rows(other, same)
    at = np.flatnonzero(mine.values != theirs.values)
    differs[same[np.searchsorted(mine.offsets, at, side="right") - 1]] = True
    return np.flatnonzero(differs)

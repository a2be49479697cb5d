"""Text to token ids, by a fast library where it gives the reference's ids."""

from __future__ import annotations

import re
from functools import cached_property
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Integers
from isinglass.schemas.errors import TokenizerDiffersError
from isinglass.transforms.encode.batching import bounds
from isinglass.transforms.encode.tokenizers.batch import (
    TokenBatch,
    cut,
    differing_rows,
    replace_rows,
    special_tokens_mask,
    take_rows,
)
from isinglass.transforms.encode.tokenizers.choice import Choice, choose
from isinglass.transforms.encode.tokenizers.reference import Reference, load_reference
from isinglass.transforms.encode.tokenizers.texts import Texts, shorten, texts_of
from isinglass.transforms.mixing import splitmix64

if TYPE_CHECKING:
    from isinglass.schemas.config import EncodeConfig

CHARACTERS_A_TOKEN = 8
"""Text kept for each token wanted before a document is cut; English has four
characters a token, so nearly every cut document yields enough."""

SLICE_BYTES = 16_000_000
"""Text that a fast library takes at a time; it is held as Python strings meanwhile."""


class Tokenizer:
    """A tokenizer with its truncation and padding switched off.

    Several threads may use one.

    Attributes:
        backend: Library and version that gives the ids.
        reference: The same tokenizer by the reference alone.
        documents_compared: Documents whose ids were compared so far.
        documents_by_reference: Documents kept away from the fast library so far; 0
            where there is none.
    """

    def __init__(
        self, reference: Reference, choice: Choice | None, share: float
    ) -> None:
        self.reference = reference
        self.backend = f"tokenizers {version('tokenizers')}"
        if choice is not None:
            self.backend = f"{choice.fast.name} {choice.fast.version}"
        self.documents_compared = 0
        self.documents_by_reference = 0
        self._choice = choice
        self._share = share
        self._lock = Lock()

    def fresh(self) -> Tokenizer:
        """The same tokenizer with its counters at 0; it compares a first document."""
        return Tokenizer(self.reference, self._choice, self._share)

    def encode(
        self, texts: pa.StringArray | pa.LargeStringArray, limit: int | None = None
    ) -> TokenBatch:
        """Token ids of texts and their special tokens.

        None is null; an empty one gives its special tokens alone. `limit` is the most
        tokens of a document, special ones included: the ids are those of `cut` on the
        whole document, but only the beginning of a long one is looked at where that is
        enough.

        Raises:
            TokenizerDiffersError: A compared document has other ids by the reference.
        """
        whole = texts_of(texts)
        short = whole
        if limit is not None and self.reference.rules.cuts_before_spaces:
            short = shorten(whole, CHARACTERS_A_TOKEN * limit)
        tokens, guarded = self._ids(short)
        if limit is not None:
            cut_off = short.stops < whole.stops
            again = np.flatnonzero(cut_off & (tokens.lengths < limit))
            others, more = self._ids(whole.take(again))
            tokens = cut(replace_rows(tokens, again, others), limit)
            guarded = np.union1d(guarded, again[more])
        self._compare(whole, tokens, guarded, limit)
        return tokens

    def word_ids(
        self,
        texts: pa.StringArray | pa.LargeStringArray,
        tokens: TokenBatch | None = None,
    ) -> NDArray[np.int32]:
        """Number of the word that each token of `encode(texts)` belongs to.

        Words are what the tokenizer's own splitting makes of a document, counted from
        0; special tokens put around a document have -1. Fast for BERT's WordPiece;
        for others the reference is asked, with a Python object for each token.

        `tokens` are what `encode(texts)` gave, where they are at hand.
        """
        if self._continuing is None:
            return self.reference.word_ids(texts)
        tokens = tokens or self.encode(texts)
        special = special_tokens_mask(tokens) > 0
        opens = ~self._continuing[tokens.values] & ~special
        count = np.concatenate([[0], np.cumsum(opens)])
        before = np.repeat(count[tokens.offsets[:-1]], tokens.lengths)
        return np.where(special, -1, count[1:] - before - 1).astype(np.int32)

    @cached_property
    def _continuing(self) -> Flags | None:
        return self.reference.rules.continuing_ids(self.reference.vocabulary_size)

    def _ids(self, texts: Texts) -> tuple[TokenBatch, Integers]:
        """Ids of whole texts, and the rows kept away from the fast library."""
        none = np.zeros(0, np.int64)
        if self._choice is None:
            return self.reference.encode(texts.array()), none
        rows = self._guarded(texts, self._choice)
        stops = texts.stops.copy()
        stops[rows] = texts.starts[rows]
        values, lengths = [np.zeros(0, np.int32)], [none]
        open_texts = Texts(texts.data, texts.starts, stops)
        for start, stop in pairwise(bounds(open_texts.sizes, SLICE_BYTES)):
            part = open_texts.take(np.arange(start, stop))
            ids, offsets = self._choice.fast.encode(part.strings())
            values.append(ids)
            lengths.append(np.diff(offsets))
        tokens = TokenBatch(
            np.concatenate(values),
            np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64),
            len(self.reference.suffix_ids),
            len(self.reference.prefix_ids),
        )
        if len(rows):
            others = self.reference.encode(texts.take(rows).array())
            tokens = replace_rows(tokens, rows, others)
        return tokens, rows

    def _guarded(self, texts: Texts, choice: Choice) -> Integers:
        rows = choice.guard.rows(texts)
        if choice.spelled and len(texts):
            pattern = "|".join(re.escape(token) for token in choice.spelled)
            found = pc.match_substring_regex(texts.array(), pattern)
            spelled = np.flatnonzero(found.to_numpy(zero_copy_only=False))
            rows = np.union1d(rows, spelled)
        return rows

    def _compare(
        self, texts: Texts, tokens: TokenBatch, guarded: Integers, limit: int | None
    ) -> None:
        if self._choice is None:
            return
        open_rows = np.setdiff1d(np.arange(len(texts)), guarded, assume_unique=True)
        rows = np.intersect1d(sampled_rows(texts, self._share), open_rows)
        with self._lock:
            self.documents_by_reference += len(guarded)
            if self.documents_compared == 0:
                rows = np.union1d(rows, open_rows[:1])
            self.documents_compared += len(rows)
        expected = self.reference.encode(texts.take(rows).array())
        expected = expected if limit is None else cut(expected, limit)
        if len(differing_rows(expected, take_rows(tokens, rows))):
            raise TokenizerDiffersError(
                f"{self.backend} gave other ids than tokenizers "
                f"{version('tokenizers')} for a document, with the tokenizer "
                f"{self.reference.name} ({self.reference.sha256[:12]}). Set "
                "encode.tokenizer_backend to reference."
            )


def load_tokenizer(settings: EncodeConfig, tables: Path | None = None) -> Tokenizer:
    """Load the tokenizer that `encode.tokenizer` names.

    `tables` is the folder in which tables of code points are kept between runs, made
    where it is missing; None makes a table that does not come with the package anew, in
    seconds. Raises as `load_reference` does.
    """
    reference = load_reference(settings)
    fast = settings.tokenizer_backend != "reference"
    choice = choose(reference, tables) if fast else None
    return Tokenizer(reference, choice, settings.verify_tokenizer)


_WORDS = 8
_PLACES = 8 * _WORDS
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""Constant of SplitMix64 (Steele, Lea and Flood 2014, figure 17)."""


def sampled_rows(texts: Texts, share: float) -> Integers:
    """Rows of a share of the documents, 0 to 1, chosen by their text alone.

    The same document is chosen in every run and in any batch: by its length and 64 of
    its bytes, evenly spaced.
    """
    if share <= 0 or len(texts) == 0:
        return np.zeros(0, np.int64)
    sizes = texts.sizes
    steps = np.arange(_PLACES) * np.maximum(sizes - 1, 0)[:, None] // (_PLACES - 1)
    last = max(len(texts.data) - 1, 0)
    at = np.minimum(texts.starts[:, None] + steps, last)
    seen = texts.data[at] if len(texts.data) else np.zeros_like(at, np.uint8)
    seen = np.where(sizes[:, None] > 0, seen, np.uint8(0))
    mixed = splitmix64(sizes.astype(np.uint64) + _GOLDEN)
    for word in np.ascontiguousarray(seen).view("<u8").T:
        mixed = splitmix64((mixed ^ word) + _GOLDEN)
    # 53 bits, because they are whole as a float.
    return np.flatnonzero((mixed >> np.uint64(11)) < share * 2.0**53)

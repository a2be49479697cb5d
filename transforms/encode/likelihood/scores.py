"""Scores of texts by a head: of tokens that are masked one by one, and of the whole.

Texts of equal length are asked together, so that nothing is padded, and a score
depends on the others of a batch by rounding only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.schemas.arrays import Floats, Integers
from isinglass.schemas.errors import RefuseError

if TYPE_CHECKING:
    from isinglass.transforms.encode.likelihood.heads import Head
    from isinglass.transforms.encode.tokenizers.reference import Reference

_MASKS = ("[MASK]", "<mask>")


@dataclass(frozen=True)
class Scorer:
    """A head with its tokenizer.

    Attributes:
        mask: Id of the blank; None of a causal model.
        opens: How many tokens of a text before its own are none of its words.
        closes: How many tokens behind them.
    """

    head: Head
    tokenizer: Reference
    mask: int | None
    opens: int
    closes: int

    @classmethod
    def of(cls, head: Head, tokenizer: Reference) -> Scorer:
        """Join the two; `RefuseError` if the tokenizer has no blank to fill."""
        opens, closes = len(tokenizer.prefix_ids), len(tokenizer.suffix_ids)
        if head.kind == "causal":
            begins = int(opens == 0 and head.begin is not None)
            return cls(head, tokenizer, None, opens + begins, closes)
        found = [tokenizer.token_id(token) for token in _MASKS]
        mask = next((one for one in found if one is not None), None)
        if mask is None:
            raise RefuseError(
                f"encode.tokenizer: {tokenizer.name} has neither {' nor '.join(_MASKS)}"
                ", which the masked-LM head fills. Give the tokenizer that the model "
                "was trained with."
            )
        return cls(head, tokenizer, mask, opens, closes)

    def ids(self, texts: Sequence[str]) -> list[Integers]:
        """Token ids of each text, with the tokens around it, never cut."""
        batch = self.tokenizer.encode(pa.array(texts, pa.string()))
        values = batch.values.astype(np.int64)
        if values.max(initial=-1) >= self.head.vocabulary:
            raise RefuseError(
                f"Token id {values.max()} is beyond the model's vocabulary of "
                f"{self.head.vocabulary}. Set encode.tokenizer to the model's own."
            )
        rows = np.split(values, batch.offsets[1:-1]) if texts else []
        if self.opens == len(self.tokenizer.prefix_ids):
            return rows
        begin = np.array([self.head.begin], np.int64)
        return [np.concatenate([begin, row]) for row in rows]

    def is_too_long(self, ids: Integers) -> bool:
        """Whether the model has no positions for so many tokens."""
        return self.head.longest is not None and len(ids) > self.head.longest

    def masked(
        self,
        rows: Sequence[Integers],
        owners: Integers,
        places: Integers,
        wanted: Integers,
    ) -> Floats:
        """Logarithms of P(wanted | the text without the token at the place), (n,).

        Args:
            rows: Token ids of texts.
            owners: Which of them a blank is in, (n,).
            places: Where in it, (n,).
            wanted: The id whose probability is asked for, (n,).
        """
        assert self.mask is not None
        scores = np.empty(len(owners))
        lengths = np.array([len(row) for row in rows], np.int64)[owners]
        for part in self._batches(lengths, np.ones_like(lengths)):
            ids = np.stack([rows[owner] for owner in owners[part]])
            ids[np.arange(len(part)), places[part]] = self.mask
            found = self.head.log_probabilities(
                ids, places[part, None], wanted[part, None]
            )
            scores[part] = found[:, 0]
        return scores

    def following(self, rows: Sequence[Integers]) -> tuple[Floats, Integers]:
        """Sum of log P(token | those before it) of each text, and over how many (n,).

        The very first token has none before it and is not counted.
        """
        scores = np.zeros(len(rows))
        lengths = np.array([len(row) for row in rows], np.int64)
        for part in self._batches(lengths, lengths):
            ids = np.stack([rows[row] for row in part])
            if ids.shape[1] > 1:
                places = np.tile(np.arange(ids.shape[1] - 1), (len(part), 1))
                found = self.head.log_probabilities(ids, places, ids[:, 1:])
                scores[part] = found.sum(axis=1)
        return scores, np.maximum(lengths - 1, 0)

    def _batches(self, lengths: Integers, asked: Integers) -> Iterator[Integers]:
        """Places of texts of equal length, as many as are asked at once.

        Of texts of equal length equally many tokens are `asked`.
        """
        for length in np.unique(lengths):
            (chosen,) = np.nonzero(lengths == length)
            size = self.head.texts_at_once(int(length), int(asked[chosen[0]]))
            for start in range(0, len(chosen), size):
                yield chosen[start : start + size]

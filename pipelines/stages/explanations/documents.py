"""The explanations of one document after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from isinglass.schemas.arrays import Floats, Integers
from isinglass.schemas.errors import RefuseError
from isinglass.transforms.demographics.counts import count_mentions
from isinglass.transforms.draws import salt
from isinglass.transforms.explanations.counterfactual import (
    Mention,
    Swap,
    drawn_swaps,
    swapped,
)
from isinglass.transforms.explanations.faithfulness import Faithfulness, faithfulness
from isinglass.transforms.explanations.gradients import (
    Attribution,
    integrated_gradients,
)
from isinglass.transforms.explanations.pieces import Span, Tokens
from isinglass.transforms.explanations.rollout import (
    head_entropy,
    received,
    rollout,
    row_error,
)

if TYPE_CHECKING:
    from isinglass.transforms.demographics.lexicon import Lexicons
    from isinglass.transforms.encode.tokenizers.reference import Reference
    from isinglass.transforms.explanations.model import OpenEncoder
    from isinglass.transforms.explanations.targets import Target

LEAST_COSINE = 0.98
"""Between the stored vector of a document and the one that is made here: further apart
they are of other texts or models. Vectors in float16 or bfloat16 stay above 0.9995."""


MOST_ATTENDED = 1024
"""Tokens of a document above which its attention is not looked at: it takes memory by
their square, half a gigabyte for this many in a model like BERT."""


@dataclass(frozen=True)
class Attention:
    """What the attention of a document says.

    Attributes:
        entropy: (layers, heads), see `head_entropy`.
        received: (layers, tokens).
        rolled: (tokens,), share of each token in the pooled states, by rollout.
        row_error: Of the rows of the rollout.
    """

    entropy: Floats
    received: Floats
    rolled: Floats
    row_error: float


@dataclass(frozen=True)
class Explained:
    """All that was found out about a document.

    Attributes:
        stored: The number by the vector of the run.
        attention: None where the model has none, or the text is too long.
        faithful: None where the text is too short.
        gaps: How far the number moves by each swap.
    """

    doc_id: str
    text: str = field(repr=False)
    masked: Sequence[Span] = field(repr=False)
    tokens: Tokens = field(repr=False)
    target: Target = field(repr=False)
    stored: float
    attribution: Attribution
    attention: Attention | None
    faithful: Faithfulness | None
    gaps: Sequence[tuple[Swap, float]]


@dataclass(frozen=True)
class Explainer:
    """A model with its tokenizer, and how much is asked of it.

    Attributes:
        longest: Tokens of a document that the model sees.
        axis: Whose terms are replaced.
        swaps: Most swaps of a document.
    """

    encoder: OpenEncoder
    tokenizer: Reference
    longest: int
    lexicons: Lexicons
    axis: str
    swaps: int
    seed: int

    def tokens(self, text: str) -> Tokens:
        """The tokens of a text, cut as the run cut them."""
        made = self.tokenizer.library.encode(
            text, add_special_tokens=self.tokenizer.special_tokens
        )
        ids = np.array(made.ids, np.int64)
        around = np.array(made.special_tokens_mask, np.bool_)
        spans = np.array(made.offsets, np.int64).reshape(-1, 2)
        own = np.array([-1 if at is None else at for at in made.word_ids], np.int64)
        kept = np.arange(len(ids))
        if len(ids) > self.longest:
            closing = len(self.tokenizer.suffix_ids)
            first = kept[: self.longest - closing]
            kept = np.concatenate([first, kept[len(ids) - closing :]])
        starts, stops = spans[kept].T
        return Tokens(ids[kept], ~around[kept], starts, stops, own[kept])

    def explain(
        self, row: dict[str, Any], masked: Sequence[Span], target: Target
    ) -> Explained | None:
        """Explain the number of a document; None if it has no token of text.

        Raises:
            RefuseError: Its text is not the one that the run encoded.
        """
        text, doc_id = row["text"], row["doc_id"]
        tokens = self.tokens(text)
        if not tokens.text.any():
            return None
        self._check_vector(tokens, row)
        encoder = self.encoder

        def score(embedded: torch.Tensor) -> torch.Tensor:
            return target.score(encoder.vectors(embedded))

        attribution = integrated_gradients(
            score,
            encoder.embed(tokens.ids),
            encoder.baseline(tokens.ids, tokens.text),
        )
        key = salt("explanations", doc_id, self.seed)
        return Explained(
            doc_id=doc_id,
            text=text,
            masked=masked,
            tokens=tokens,
            target=target,
            stored=float(target.numbers(row["vector"][None])[0]),
            attribution=attribution,
            attention=self._attention(tokens),
            faithful=faithfulness(
                lambda kept: self.numbers([tokens.ids[one] for one in kept], target),
                attribution.tokens,
                tokens.text,
                attribution.value,
                [key, 0],
            ),
            gaps=self._gaps(row, tokens, target, [key, 1]),
        )

    def numbers(self, documents: Sequence[Integers], target: Target) -> Floats:
        """The number of each of some documents, given by their token ids."""
        found = np.empty(len(documents))
        by_length: defaultdict[int, list[int]] = defaultdict(list)
        for place, ids in enumerate(documents):
            by_length[len(ids)].append(place)
        for places in by_length.values():
            ids = np.stack([documents[place] for place in places])
            with torch.no_grad():
                vectors = self.encoder.vectors(self.encoder.embed(ids))
                found[places] = target.score(vectors).double().numpy()
        return found

    def _check_vector(self, tokens: Tokens, row: dict[str, Any]) -> None:
        with torch.no_grad():
            made = self.encoder.vectors(self.encoder.embed(tokens.ids)[None])[0]
        own, then = made.double().numpy(), row["vector"].astype(np.float64)
        lengths = np.linalg.norm(own) * np.linalg.norm(then)
        if own @ then < LEAST_COSINE * lengths:
            raise RefuseError(
                f"Document {row['doc_id']}: the vector of its text is not the one in "
                "embeddings/. `isinglass verify` says what was changed since the run."
            )

    def _attention(self, tokens: Tokens) -> Attention | None:
        if len(tokens.ids) > MOST_ATTENDED:
            return None
        layers = self.encoder.attention(tokens.ids)
        if layers is None:
            return None
        rolled = rollout(layers)
        return Attention(
            head_entropy(layers),
            received(layers),
            self._pooled(rolled),
            row_error(rolled),
        )

    def _pooled(self, rolled: NDArray[np.float64]) -> Floats:
        """Of the states that the vector is made of: all, or the first one."""
        mean: Floats = rolled.mean(axis=0) if self.encoder.of_all else rolled[0]
        return mean

    def _gaps(
        self, row: dict[str, Any], tokens: Tokens, target: Target, key: list[int]
    ) -> list[tuple[Swap, float]]:
        """How far the number moves with each swap of terms that the model sees."""
        mentions = self._mentions(row, tokens.seen)
        swaps = drawn_swaps(self.lexicons, mentions, self.swaps, key)
        if not swaps:
            return []
        texts = [swapped(row["text"], mentions, self.lexicons, one) for one in swaps]
        ids = [tokens.ids, *(self.tokens(text).ids for text in texts)]
        whole, *others = self.numbers(ids, target).tolist()
        return [(one, other - whole) for one, other in zip(swaps, others, strict=True)]

    def _mentions(self, row: dict[str, Any], seen: int) -> list[Mention]:
        texts, languages = ([row[name]] for name in ("text", "language"))
        _, found = count_mentions(
            pa.array(texts, pa.string()),
            pa.array(languages, pa.string()),
            self.lexicons,
            everywhere=True,
        )
        columns = (found.starts, found.stops, found.terms, found.rules)
        return [
            Mention(start, stop, term)
            for start, stop, term, rule in zip(
                *(column.tolist() for column in columns), strict=True
            )
            if rule and stop <= seen and self.lexicons.terms[term][1][0] == self.axis
        ]

"""Texts of tests to vectors, by the encoder that is evaluated."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.schemas.arrays import Integers, Singles
from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.batching import bounds
from isinglass.transforms.encode.encoder.device import (
    choose_precision,
    configure_threads,
)
from isinglass.transforms.encode.encoder.encoder import Encoder, load_encoder
from isinglass.transforms.encode.models.find import chosen_pooling
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, offsets_of
from isinglass.transforms.encode.tokenizers.reference import Reference, load_reference

if TYPE_CHECKING:
    from isinglass.transforms.associations.contexts import Context

_WINDOW_CHARACTERS = 200_000
"""Sentences that are encoded together: their hidden states are held meanwhile."""


@dataclass(frozen=True)
class Embedder:
    """A loaded encoder with its tokenizer, and what it computes with."""

    tokenizer: Reference
    encoder: Encoder
    notes: dict[str, str]

    def __call__(self, texts: Sequence[str]) -> Singles:
        """One vector a text, (texts, width), pooled as in a run."""
        return self.encoder.encode(self.tokenizer.encode(pa.array(texts, pa.string())))

    def known(self, words: Sequence[str]) -> frozenset[str]:
        """Words of which the tokenizer knows all parts.

        To the model all others are the same: the token that stands for the unknown.
        """
        tokens = self.tokenizer.encode(pa.array(words, pa.string()))
        # No id is -1.
        unknown = tokens.values == unknown_id(self.tokenizer)
        rows = np.repeat(np.arange(len(words)), tokens.lengths)
        lost = frozenset(rows[unknown].tolist())
        return frozenset(word for row, word in enumerate(words) if row not in lost)

    def in_context(self, contexts: Sequence[Context]) -> Singles:
        """The mean last hidden state of each word's own tokens, (contexts, width).

        Zeros where the word lies behind what the model sees of its sentence.

        Raises:
            RefuseError: A hidden state is too large for float16.
        """
        marked: deque[tuple[Integers, Integers]] = deque()
        made: list[Singles] = [np.zeros((0, self.encoder.dimensions), np.float32)]
        windows = self._windows(contexts, marked)
        for encoded in self.encoder.run(windows, hidden=True):
            assert encoded.hidden is not None
            owners, places = marked.popleft()
            lengths = np.diff(encoded.offsets)
            seen = places < lengths[owners] - len(self.tokenizer.suffix_ids)
            owners, places = owners[seen], places[seen]
            states = encoded.hidden[encoded.offsets[owners] + places]
            if not np.isfinite(states).all():
                raise RefuseError(
                    "The model gave hidden states beyond what float16 holds. Set "
                    "encode.precision to float32; if that changes nothing, `ceat` "
                    "cannot be done with it."
                )
            sums = np.zeros((len(lengths), states.shape[1]), np.float32)
            np.add.at(sums, owners, states.astype(np.float32))
            counts = np.maximum(np.bincount(owners, minlength=len(lengths)), 1)
            made.append((sums / counts[:, None]).astype(np.float32))
        return np.concatenate(made)

    def _windows(
        self, contexts: Sequence[Context], marked: deque[tuple[Integers, Integers]]
    ) -> Iterator[TokenBatch]:
        """Sentences with their ids, some thousand at a time.

        Which tokens are of the word goes to `marked`: the row of the sentence, and the
        place in it. The library alone knows that, with an object for each token.
        """
        sizes = np.array([len(context.sentence) for context in contexts], np.int64)
        for start, stop in pairwise(bounds(sizes, _WINDOW_CHARACTERS)):
            part = contexts[start:stop]
            encoded = self.tokenizer.library.encode_batch(
                [context.sentence for context in part],
                add_special_tokens=self.tokenizer.special_tokens,
            )
            lengths = np.array([len(one.ids) for one in encoded], np.int64)
            spans = np.array([span for one in encoded for span in one.offsets])
            spans = spans.reshape(-1, 2)
            rows = np.repeat(np.arange(len(part)), lengths)
            first = np.array([context.start for context in part])[rows]
            last = np.array([context.end for context in part])[rows]
            (own,) = np.nonzero((spans[:, 0] < last) & (spans[:, 1] > first))
            offsets = offsets_of(lengths)
            marked.append((rows[own], own - offsets[rows[own]]))
            yield TokenBatch(
                np.array([i for one in encoded for i in one.ids], np.int32),
                offsets,
                len(self.tokenizer.suffix_ids),
                len(self.tokenizer.prefix_ids),
            )


def unknown_id(tokenizer: Reference) -> int:
    """Id of the token that stands for what a tokenizer does not know; -1 if none."""
    model = json.loads(tokenizer.library.to_str())["model"]
    token, number = model.get("unk_token"), model.get("unk_id")
    found = tokenizer.token_id(token) if token is not None else number
    return -1 if found is None else int(found)


def load_embedder(config: EncodeConfig) -> Embedder:
    """Load tokenizer and model; raises as `load_encoder` does.

    Numbers of two releases of a model are compared, perhaps of two machines: one
    thread, since more would round sums otherwise, and float32 where nothing is said.
    """
    if config.precision == "auto":
        config = config.model_copy(update={"precision": "float32"})
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    configure_threads(1)
    encoder = load_encoder(config)
    device = encoder.model.device
    notes = {
        "device": device.type,
        "precision": choose_precision(config.precision, device),
        "attention": encoder.model.attention,
        "pooling": chosen_pooling(config),
        "width": str(encoder.dimensions),
    }
    return Embedder(load_reference(config), encoder, notes)

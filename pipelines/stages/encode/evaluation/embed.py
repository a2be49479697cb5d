"""Texts of tests to vectors, by the encoder that is evaluated."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.config import EncodeConfig
from isinglass.transforms.encode.encoder.device import (
    choose_precision,
    configure_threads,
)
from isinglass.transforms.encode.encoder.encoder import Encoder, load_encoder
from isinglass.transforms.encode.models.find import chosen_pooling
from isinglass.transforms.encode.tokenizers.reference import Reference, load_reference


@dataclass(frozen=True)
class Embedder:
    """A loaded encoder with its tokenizer, and what it computes with."""

    tokenizer: Reference
    encoder: Encoder
    notes: dict[str, str]

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One vector a text, (texts, width), pooled as in a run."""
        return self.encoder.encode(self.tokenizer.encode(pa.array(texts, pa.string())))


def load_embedder(config: EncodeConfig) -> Embedder:
    """Load tokenizer and model; raises as `load_encoder` does.

    One thread: of more, sums would be rounded otherwise on other machines.
    """
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

"""Attention as numbers: how spread it is, who is looked at, and rollout over layers.

Attention of a document has the shape (layers, heads, tokens, tokens): how much the
token of a row looks at that of a column. Its rows sum to 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Floats

RESIDUAL = 0.5
"""Share of a token that goes past the attention of a layer, by the residual connection
(Abnar and Zuidema 2020, section 3)."""


def rollout(attention: NDArray[np.floating]) -> Floats:
    """How much of each first embedding is in each last hidden state, (tokens, tokens).

    The product over layers of half the mean over heads and half the identity, rows
    renormalised, so that they sum to 1 (Abnar and Zuidema 2020).
    """
    tokens = attention.shape[-1]
    rolled = np.eye(tokens)
    for layer in attention.mean(axis=1, dtype=np.float64):
        mixed = (1 - RESIDUAL) * layer + RESIDUAL * np.eye(tokens)
        rolled = mixed / mixed.sum(axis=1, keepdims=True) @ rolled
    return np.asarray(rolled / rolled.sum(axis=1, keepdims=True), np.float64)


def row_error(rows: NDArray[np.floating]) -> float:
    """How far the sum of any row, of the last axis, lies from 1."""
    return float(np.abs(rows.astype(np.float64).sum(axis=-1) - 1).max())


def head_entropy(attention: NDArray[np.floating]) -> Floats:
    """How spread the attention of each head is, 0 (one token) to 1 (all alike).

    Shannon's entropy of a row as a share of the largest possible, mean over rows;
    shape (layers, heads). Of one token it is 0.
    """
    tokens = attention.shape[-1]
    if tokens == 1:
        return np.zeros(attention.shape[:2])
    least = np.finfo(attention.dtype).tiny
    parts = attention * np.log(np.maximum(attention, least))
    rows = -parts.sum(axis=-1, dtype=np.float64)
    return np.asarray(rows.mean(axis=-1) / np.log(tokens), np.float64)


def received(attention: NDArray[np.floating]) -> Floats:
    """How much each token is looked at in each layer, (layers, tokens).

    Means over heads and over the tokens that look; a row sums to 1.
    """
    return np.asarray(attention.mean(axis=(1, 2), dtype=np.float64), np.float64)

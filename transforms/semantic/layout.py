"""Places of clusters on a plane: near centroids near each other, circles apart."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Floats, Singles

_FILL = 0.42
"""Share of the square that the circles cover; discs at random jam near 0.8, and a map
needs room to show who is near whom."""

_ROUNDS = 400
_GAP = 0.008
"""Room between circles, in sides of the square."""

_PULL = 0.02
"""How far a circle is drawn back to its place in every round."""


def lay_out(centroids: Singles, documents: NDArray[np.integer]) -> Floats:
    """Centres of circles, whose radii `radii` gives, in a square of side 1.

    The first two principal components of the centroids, weighted by documents, give
    the places; circles are then pushed apart. Distances on the map say little beyond
    "near" and "far": two of hundreds of dimensions are left. The last digits of places
    hang on the processor, and where two components weigh the same, or one points as
    much to one side as to the other, so does how the map is turned.

    Centroids are (k, d), documents (k,), none negative. The centres, (k, 2), are such
    that circles lie inside the square and do not overlap, unless a few clusters hold
    nearly everything and there is no room.
    """
    if len(documents) == 0:
        return np.empty((0, 2))
    wide = radii(documents)
    homes = _principal(centroids.astype(np.float64), documents.astype(np.float64))
    return _push_apart(_spread(homes, wide), wide)


def radii(documents: NDArray[np.integer]) -> Floats:
    """Radii of circles whose areas are in proportion to documents; see `lay_out`."""
    sizes = np.asarray(documents, np.float64)
    share = sizes / max(float(sizes.sum()), 1.0)
    return np.asarray(np.sqrt(share * _FILL / math.pi), np.float64)


def _principal(centroids: Floats, weights: Floats) -> Floats:
    """First two principal components, signs fixed; shape (k, 2)."""
    share = np.maximum(weights, 1e-9) / np.maximum(weights, 1e-9).sum()
    centred = centroids - share @ centroids
    _, _, axes = np.linalg.svd(centred * np.sqrt(share)[:, None], full_matrices=False)
    two = np.zeros((2, centroids.shape[1]))
    two[: min(len(axes), 2)] = axes[:2]
    # Either direction of an axis is as good: the largest entry is made positive.
    signs = np.sign(two[np.arange(2), np.abs(two).argmax(axis=1)])
    fixed = two * np.where(signs == 0, 1, signs)[:, None]
    return np.asarray(np.round(centred @ fixed.T, 9), np.float64)


def _spread(points: Floats, radii: Floats) -> Floats:
    """Ranks mixed with values, which uses the square better than values alone."""
    count = len(points)
    ranks = np.argsort(np.argsort(points, axis=0, kind="stable"), axis=0)
    even = (ranks + 0.5) / count
    low, high = points.min(axis=0), points.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    scaled = np.where(high > low, (points - low) / span, 0.5)
    mixed = 0.5 * even + 0.5 * scaled
    return radii[:, None] + mixed * (1 - 2 * radii[:, None])


def _push_apart(homes: Floats, radii: Floats) -> Floats:
    """Places near the homes at which circles do not overlap."""
    count = len(homes)
    # A golden-angle step tells circles of one place apart without chance.
    angle = np.arange(count) * (math.pi * (3 - math.sqrt(5)))
    places = homes + 1e-4 * np.column_stack((np.cos(angle), np.sin(angle)))
    apart = radii[:, None] + radii[None, :] + _GAP
    mass = np.maximum(radii, 1e-6) ** 2
    # The smaller circle of a pair gives way.
    yields = mass[None, :] / (mass[:, None] + mass[None, :])
    edge = radii[:, None] + _GAP / 2
    for round_ in range(_ROUNDS):
        step = places[:, None, :] - places[None, :, :]
        distance = np.sqrt(np.einsum("ijk,ijk->ij", step, step)) + 1e-12
        overlap = np.maximum(apart - distance, 0.0)
        np.fill_diagonal(overlap, 0.0)
        if overlap.max() < _GAP / 2 and round_ > 0:
            break
        push = np.einsum("ij,ijk->ik", yields * overlap / distance, step)
        pull = _PULL * max(1 - 2 * round_ / _ROUNDS, 0.0)
        places = places + 0.7 * push + pull * (homes - places)
        places = np.clip(places, edge, np.maximum(1 - edge, edge))
    return places

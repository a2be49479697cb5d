"""Spherical k-means: centroids of unit length, similarity by cosine.

Dhillon and Modha, Concept Decompositions for Large Sparse Text Data Using Clustering,
Machine Learning 42 (2001), section 3. Seeds by k-means++ (Arthur and Vassilvitskii,
SODA 2007, section 2) in its greedy form: the best of a few candidates is taken.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Floats, Integers, Singles
from isinglass.transforms.semantic.hashing import uniform
from isinglass.transforms.semantic.vectors import (
    DECIMALS,
    blocks,
    cosines,
    slack,
    unit_rows,
)

FEWEST, MOST = 8, 2000
"""Bounds of the default number of clusters: fewer say nothing about a corpus; more have
fewer than 25 documents each in a sample of 50,000 to place their centroid by."""

_ENTRIES = 2**23
"""Similarities computed at a time: 32 MiB."""

_EQUAL = 1e-9
"""Cosines of float64 that differ by less are taken as equal."""

_SEEDING_EACH, _SEEDING_LEAST = 4, 4096
"""Rows that seeds are looked for among: so many a cluster, and at least."""


def default_clusters(documents: int) -> int:
    """Number of clusters for so many documents: sqrt(n / 2) within bounds.

    The rule of thumb of Mardia, Kent and Bibby, Multivariate Analysis (1979), page
    365: clusters and their sizes grow alike. It gives 71 clusters for 10,000
    documents and 707 for a million.
    """
    wanted = min(max(round(math.sqrt(documents / 2)), FEWEST), MOST)
    return max(min(wanted, documents), 1)


def fit(matrix: Singles, clusters: int, iterations: int, seed: int) -> Singles:
    """Centroids of a sample.

    Stops early when no row changes its cluster. A cluster that lost all its rows goes
    to the row that is least like its own centroid. Rows of zeros, which have no
    direction, place no centroid; where there are no others, one of zeros is made.

    The rows (n, d) are of unit length or of zeros; their order matters, so bring them
    in a fixed one. No more clusters than there are distinct rows are made. Returns
    shape (k, d), rows of unit length, or one row of zeros.

    Raises:
        ValueError: There is no row.
    """
    if len(matrix) == 0:
        raise ValueError("k-means needs at least one vector")
    directed = matrix.any(axis=1)
    if not directed.all():
        matrix = matrix[directed] if directed.any() else matrix[:1]
    centroids = _seeds(matrix, min(clusters, len(matrix)), seed)
    before: NDArray[np.int32] | None = None
    for _ in range(iterations):
        labels = nearest(matrix, centroids)
        if before is not None and np.array_equal(labels, before):
            break
        means = _means(matrix, labels, centroids)
        empty = np.flatnonzero(np.bincount(labels, minlength=len(centroids)) == 0)
        if len(empty):
            similarity = cosines(matrix, centroids[labels])
            far = np.argsort(similarity, kind="stable")[: len(empty)]
            means[empty] = matrix[far]
        centroids, before = means, labels
    return centroids


def assign(matrix: Singles, centroids: Singles) -> tuple[NDArray[np.int32], Singles]:
    """The nearest centroid of each row, of unit length or zeros, and the cosine to it.

    Returns the cluster (n,), the lowest one where several are equally near, which is to
    a billionth; the cosine (n,), rounded to 6 decimals. A row of zeros is in cluster 0,
    with a cosine of 0.
    """
    labels = nearest(matrix, centroids)
    similarity = np.empty(len(matrix), np.float32)
    for part in blocks(len(matrix)):
        similarity[part] = cosines(matrix[part], centroids[labels[part]])
    return labels, similarity


def nearest(matrix: Singles, centroids: Singles) -> NDArray[np.int32]:
    """The cluster of each row, as `assign` gives it."""
    labels = np.empty(len(matrix), np.int32)
    # Which centroid is the nearest of those in reach hangs on the last bits of float32,
    # which every processor computes in its own way.
    reach = np.float32(2 * slack(matrix.shape[1]))
    size = max(_ENTRIES // max(len(centroids), 1), 16)
    for part in blocks(len(matrix), size):
        products = matrix[part] @ centroids.T
        close = products >= products.max(axis=1)[:, None] - reach
        labels[part] = close.argmax(axis=1)
        unsure = part.start + np.flatnonzero(np.count_nonzero(close, axis=1) > 1)
        # In halves: float64 takes twice the room.
        for few in blocks(len(unsure), max(size // 2, 1)):
            labels[unsure[few]] = _first_nearest(matrix[unsure[few]], centroids)
    return labels


def _first_nearest(matrix: Singles, centroids: Singles) -> Integers:
    products = matrix.astype(np.float64) @ centroids.T.astype(np.float64)
    nearest = products >= products.max(axis=1)[:, None] - _EQUAL
    return np.asarray(nearest.argmax(axis=1), np.int64)


def _means(matrix: Singles, labels: NDArray[np.int32], centroids: Singles) -> Singles:
    """Directions of the sums of each cluster's rows; unmoved where there is none."""
    sums = np.zeros(centroids.shape, np.float64)
    for part in blocks(len(matrix), 8192):
        order = np.argsort(labels[part], kind="stable")
        mine = labels[part][order]
        starts = np.flatnonzero(np.diff(mine, prepend=-1))
        sums[mine[starts]] += np.add.reduceat(matrix[part][order], starts, axis=0)
    lost = np.einsum("ij,ij->i", sums, sums) == 0
    sums[lost] = centroids[lost]
    return unit_rows(sums)


def _seeds(matrix: Singles, clusters: int, seed: int) -> Singles:
    """Rows far from each other, chosen among evenly spaced ones."""
    count = min(len(matrix), max(_SEEDING_EACH * clusters, _SEEDING_LEAST))
    places = np.linspace(0, len(matrix) - 1, count).astype(np.int64)
    rows = matrix[places].astype(np.float64)
    tries = 4 + int(math.log(clusters))
    draws = uniform(clusters * tries, seed).reshape(clusters, tries)
    chosen = [min(int(draws[0, 0] * count), count - 1)]
    # Half the squared distance of unit vectors is 1 - cosine.
    distance = _distances(rows, rows[chosen])[:, 0]
    for draw in draws[1:]:
        total = np.cumsum(distance)
        if total[-1] <= 0:
            # All other rows equal a seed: the rest of the clusters would be empty.
            break
        drawn = np.searchsorted(total, draw * total[-1], side="right")
        candidates = np.minimum(drawn, count - 1)
        nearer = np.minimum(_distances(rows, rows[candidates]), distance[:, None])
        best = int(nearer.sum(axis=0).argmin())
        distance = np.ascontiguousarray(nearer[:, best])
        chosen.append(int(candidates[best]))
    return matrix[places[chosen]]


def _distances(rows: Floats, seeds: Floats) -> Floats:
    # Rounded, equal vectors have no distance, and processors agree on what is drawn.
    return np.asarray(np.maximum(np.round(1 - rows @ seeds.T, DECIMALS), 0))


_MOST_PARTS = 64
"""Parts that one step makes; larger clusters take several steps."""

_FIT_ROWS = 16_384
"""Rows that a step is fitted on."""

_ROUNDS = 5
_LITTLE = 0.9
"""A step that leaves more than this share in one part has not split the cluster."""


def split(matrix: Singles, largest: int, seed: int) -> list[Integers]:
    """The parts of one cluster, each of at most `largest` rows where possible.

    Parts are made by k-means, again and again. Rows that it cannot tell apart, such as
    copies of one vector, stay in one part whatever their number; `duplicates`
    bounds its own work there.

    The rows (n, d) of one cluster come in a fixed order; those of each part are
    ascending.
    """
    waiting, parts = [np.arange(len(matrix))], []
    while waiting:
        rows = waiting.pop()
        pieces = _step(matrix, rows, largest, seed) if len(rows) > largest else [rows]
        if len(pieces) > 1:
            waiting += pieces
        else:
            parts.append(rows)
    return parts


def _step(matrix: Singles, rows: Integers, largest: int, seed: int) -> list[Integers]:
    """The rows in two or more pieces, or in one where k-means cannot split them."""
    wanted = min(-(-len(rows) // largest) + 1, _MOST_PARTS)
    chosen = np.linspace(0, len(rows) - 1, min(len(rows), _FIT_ROWS)).astype(np.int64)
    centroids = fit(matrix[rows[chosen]], wanted, _ROUNDS, seed)
    pieces = blocks(len(rows), _FIT_ROWS)
    labels = np.concatenate([nearest(matrix[rows[one]], centroids) for one in pieces])
    sizes = np.bincount(labels)
    if sizes.max() > _LITTLE * len(rows):
        return [rows]
    return [rows[labels == label] for label in np.flatnonzero(sizes)]

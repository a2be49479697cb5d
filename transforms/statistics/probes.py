"""What can be told from vectors: by a linear probe, by neighbours; and who is near."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Floats, Integers, Singles

NEAREST = 10
LEAST_EACH = 20
"""Rows with and without a label from which on a probe says something."""

_PENALTY = 1.0
_ROUNDS = 200
_QUERIES = 1024


class Probed(NamedTuple):
    """How well labels are told in rows that a probe was not trained on.

    Attributes:
        rows: Rows that were told; as many have the label as have not.
        linear: Of them right by a logistic regression.
        nearest: Of them right by the majority of the nearest training rows.
    """

    rows: int
    linear: int
    nearest: int


def balanced_halves(labels: Flags) -> tuple[Integers, Integers] | None:
    """Rows to train on and rows to test on, in each as many with the label as without.

    Of the rows of the larger class some are taken, evenly spread, since neighbouring
    rows may be of one source; and by turns for either half. None if there are too few.
    """
    with_label, without = np.flatnonzero(labels), np.flatnonzero(~labels)
    each = min(len(with_label), len(without)) // 2
    if each < LEAST_EACH:
        return None
    both = [rows[_spread(len(rows), 2 * each)] for rows in (with_label, without)]
    train, test = (np.concatenate([rows[k::2] for rows in both]) for k in (0, 1))
    return train, test


def probe(vectors: Singles, labels: Flags) -> Probed | None:
    """Train probes on one half of the rows and try them on the other half.

    Of shape (n, d) and (n,). None if too few rows have the label, or have it not.
    """
    halves = balanced_halves(labels)
    if halves is None:
        return None
    train, test = halves
    weights = fit_logistic(vectors[train], labels[train])
    linear = predict(weights, vectors[test]) == labels[test]
    near, _ = nearest(vectors[test], vectors[train], NEAREST)
    votes = labels[train][near].mean(axis=1)
    by_neighbours = (votes > 0.5) == labels[test]  # noqa: PLR2004  (the majority)
    return Probed(len(test), int(linear.sum()), int(by_neighbours.sum()))


class Logistic(NamedTuple):
    """A logistic regression on values that were centred and scaled."""

    mean: Floats
    scale: Floats
    weights: Floats
    intercept: float


def fit_logistic(vectors: NDArray[np.floating], labels: Flags) -> Logistic:
    """Fit by L-BFGS, with the penalty |w|^2 / 2 on scaled values, as is usual."""
    from scipy.optimize import minimize  # noqa: PLC0415 - where something is probed

    wide = vectors.astype(np.float64)
    mean, scale = wide.mean(axis=0), wide.std(axis=0)
    scale[scale <= np.finfo(np.float32).eps * scale.max(initial=0.0)] = np.inf
    wide = (wide - mean) / scale
    signs = np.where(labels, 1.0, -1.0)

    def loss(point: Floats) -> tuple[float, Floats]:
        weights, intercept = point[:-1], point[-1]
        margins = signs * (wide @ weights + intercept)
        pulls = signs * -np.exp(-np.logaddexp(0.0, margins))
        value = np.logaddexp(0.0, -margins).sum() + 0.5 * _PENALTY * weights @ weights
        slope = np.append(wide.T @ pulls + _PENALTY * weights, pulls.sum())
        return float(value), slope

    start = np.zeros(wide.shape[1] + 1)
    options = {"maxiter": _ROUNDS}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    return Logistic(mean, scale, found[:-1], float(found[-1]))


def predict(fitted: Logistic, vectors: NDArray[np.floating]) -> Flags:
    """Which rows have the label, (n,)."""
    wide = (vectors.astype(np.float64) - fitted.mean) / fitted.scale
    return np.asarray(wide @ fitted.weights + fitted.intercept > 0.0)


def nearest(
    queries: NDArray[np.floating],
    others: NDArray[np.floating],
    count: int,
    own: Integers | None = None,
) -> tuple[Integers, Singles]:
    """Rows of `others` of the greatest cosines to each query, and their cosines.

    The nearest comes first. `own` is the row that a query is itself, which is left out.
    """
    left, right = _unit(queries), _unit(others)
    rows = np.empty((len(left), count), np.int64)
    cosines = np.empty((len(left), count), np.float32)
    for start in range(0, len(left), _QUERIES):
        part = slice(start, start + _QUERIES)
        products = left[part] @ right.T
        if own is not None:
            products[np.arange(len(products)), own[part]] = -np.inf
        best = np.argpartition(-products, count - 1, axis=1)[:, :count]
        found = np.take_along_axis(products, best, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        rows[part] = np.take_along_axis(best, order, axis=1)
        cosines[part] = np.take_along_axis(found, order, axis=1)
    return rows, cosines


def _spread(rows: int, count: int) -> Integers:
    """At most so many places among rows, evenly spread and all different."""
    return np.linspace(0, rows - 1, min(count, rows)).astype(np.int64)


def neighbour_recall(
    before: NDArray[np.floating], after: NDArray[np.floating], queries: int
) -> tuple[int, int]:
    """How many of the nearest neighbours of some rows are so before and after.

    Returns:
        Those that are, and all there are; 0 and 0 if there are too few rows.
    """
    if len(before) <= NEAREST:
        return 0, 0
    own = _spread(len(before), queries)
    first, _ = nearest(before[own], before, NEAREST, own)
    second, _ = nearest(after[own], after, NEAREST, own)
    same = (first[:, :, None] == second[:, None, :]).any(axis=2)
    return int(same.sum()), int(same.size)


def _unit(matrix: NDArray[np.floating]) -> Singles:
    rows = np.asarray(matrix, np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, np.float32(1e-12)))

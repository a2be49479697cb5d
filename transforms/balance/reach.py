"""Which shares weights within bounds can reach: an axis alone, and all together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from isinglass.schemas.arrays import Floats

if TYPE_CHECKING:
    from isinglass.transforms.balance.axes import Axis

Bounds = tuple[float, float]
Strata = Sequence[slice]

Reachable = dict[str, tuple[float, float]]
"""Least and greatest share of each group.

Empty for an axis that no document mentions: it is not balanced, and nothing about it
is infeasible."""

MOST_FOR_PROGRAMME = 20_000
"""Vectors up to which a linear programme takes no more than about a second."""

_STEPS = 100
_ROUNDS = 12
_GAIN = 1e-9


def reachable(axis: Axis, mass: Floats, bounds: Bounds, strata: Strata) -> Reachable:
    """What an axis alone can reach, its groups one by one; other axes may do anything.

    The mean weight of every stratum is 1.
    """
    total = axis.total()
    if not (mass * total).sum() > 0:
        return {}
    return {
        group: reachable_share(counts, total, mass, bounds, strata)
        for group, counts in zip(axis.groups, axis.counts, strict=True)
    }


def reachable_share(
    group: Floats, axis: Floats, mass: Floats, bounds: Bounds, strata: Strata
) -> tuple[float, float]:
    """Return the least and greatest share of a group over all weights of mean 1.

    The share sum(n w group) / sum(n w axis) is a ratio of two linear functions. Its
    maximum is found by Dinkelbach's method (1967): for the share t reached so far,
    weights that maximise sum(n w (group - t axis)) give a greater one, until they give
    none. That inner maximum is greedy: the greatest weight to the rows of greatest
    value, as far as the mean of the stratum allows.

    Of each row (k,) these are the count of the group, that of all groups of the axis,
    with a sum > 0, and the documents. The greatest weight may be infinite, with the
    least 0: then the ends of the interval can be neared, not reached.
    """
    if np.isinf(bounds[1]) and len(strata) == 1:
        chosen = (axis > 0) & (mass > 0)
        shares = group[chosen] / axis[chosen]
        return float(shares.min()), float(shares.max())
    greatest = _greatest(group, axis, mass, bounds, strata)
    least = 1.0 - _greatest(axis - group, axis, mass, bounds, strata)
    return max(0.0, least), min(1.0, greatest)


def _greatest(
    group: Floats, axis: Floats, mass: Floats, bounds: Bounds, strata: Strata
) -> float:
    share = float((mass * group).sum() / (mass * axis).sum())
    weights = np.empty(len(mass))
    for _ in range(_STEPS):
        values = group - share * axis
        for one in strata:
            weights[one] = _greedy(values[one], mass[one], bounds)
        weighted = mass * weights
        mentions = float((weighted * axis).sum())
        if mentions <= 0.0:
            break
        found = float((weighted * group).sum()) / mentions
        if found <= share:
            break
        share = found
    return share


def _greedy(values: Floats, mass: Floats, bounds: Bounds) -> Floats:
    """Weights of mean 1 within bounds that maximise sum(mass * w * values)."""
    low, high = _finite(bounds, mass)
    order = np.argsort(-values, kind="stable")
    documents = mass[order]
    spare = documents.sum() * (1.0 - low)
    before = np.cumsum(documents) - documents
    room = np.clip(spare - before * (high - low), 0.0, documents * (high - low))
    weights = np.empty(len(values))
    weights[order] = low + np.divide(
        room, documents, out=np.zeros(len(values)), where=documents > 0
    )
    return weights


def _finite(bounds: Bounds, mass: Floats) -> Bounds:
    """The bounds, with a greatest weight that can be reckoned with.

    A greater one than this, no weight of mean 1 can be.
    """
    some = mass[mass > 0]
    return bounds[0], min(bounds[1], float(mass.sum() / some.min()) if len(some) else 1)


def can_be_met(
    axes: Sequence[Axis], mass: Floats, bounds: Bounds, strata: Strata
) -> bool:
    """Whether any weights within bounds meet all targets, by a linear programme."""
    return _extreme(np.zeros(len(mass)), axes, mass, bounds, strata) is not None


def reachable_together(
    axes: Sequence[Axis], mass: Floats, bounds: Bounds, strata: Strata
) -> dict[str, Reachable]:
    """What each axis can reach while all others meet their targets.

    Empty for an axis if the others cannot meet theirs. Ends are rounded to six digits.
    """
    found = {}
    for axis in axes:
        others = [other for other in axes if other is not axis]
        total, ends = axis.total(), {}
        for group, counts in zip(axis.groups, axis.counts, strict=True):
            most = _farthest(counts, total, others, mass, bounds, strata)
            rest = _farthest(total - counts, total, others, mass, bounds, strata)
            if most is not None and rest is not None:
                ends[group] = (round(max(0.0, 1.0 - rest), 6), round(most, 6))
        found[axis.name] = ends
    return found


def _farthest(
    group: Floats,
    axis: Floats,
    others: Sequence[Axis],
    mass: Floats,
    bounds: Bounds,
    strata: Strata,
) -> float | None:
    """The greatest share of a group, by Dinkelbach's method over linear programmes."""
    share = 0.0
    for _ in range(_ROUNDS):
        weights = _extreme(group - share * axis, others, mass, bounds, strata)
        if weights is None:
            return None
        mentions = float((mass * weights * axis).sum())
        if mentions <= 0.0:
            return share
        found = float((mass * weights * group).sum()) / mentions
        if found <= share + _GAIN:
            break
        share = found
    return min(1.0, share)


def _extreme(
    values: Floats, axes: Sequence[Axis], mass: Floats, bounds: Bounds, strata: Strata
) -> Floats | None:
    """Weights that maximise sum(mass w values) under the targets; None if none do."""
    from scipy.optimize import linprog  # noqa: PLC0415 - only where targets are not met

    # Variables are mass * weight over the mean mass, which keeps all numbers near 1.
    unit = mass / mass.mean()
    means = np.zeros((len(strata), len(mass)))
    for row, stratum in zip(means, strata, strict=True):
        row[stratum] = 1.0
    none = np.zeros((0, len(mass)))
    equal = _rows(np.concatenate([none, *(axis.equal() for axis in axes)]), unit)
    at_most = _rows(np.concatenate([none, *(axis.at_most() for axis in axes)]), unit)
    goals = np.append([unit[one].sum() for one in strata], np.zeros(len(equal)))
    low, high = _finite(bounds, mass)
    solved = linprog(
        -values / max(1e-300, float(np.abs(values).max())),
        A_ub=at_most if len(at_most) else None,
        b_ub=np.zeros(len(at_most)) if len(at_most) else None,
        A_eq=np.concatenate([means, equal]),
        b_eq=goals,
        bounds=np.column_stack([low * unit, high * unit]),
        method="highs-ipm",
    )
    if solved.x is None:
        return None
    weights = np.divide(solved.x, unit, out=np.ones(len(mass)), where=unit > 0)
    return np.asarray(weights)


def _rows(rows: Floats, unit: Floats) -> Floats:
    """Rows of a root mean square of 1, without those that are 0 everywhere."""
    scale = np.sqrt((unit * rows * rows).mean(axis=1))
    return np.asarray(rows[scale > 0] / scale[scale > 0, None])

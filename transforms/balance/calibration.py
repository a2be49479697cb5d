"""Calibration weights: closest to 1 under linear constraints, by Newton's method.

Deville and Sarndal (1992, JASA 87:376) choose weights w = F(u) with u linear in the
constraint functions. Distances: `chi2` F = clip(1 + u, L, U); `kl` F = exp(u), entropy
balancing (Hainmueller 2012); `logit` a smooth curve between L and U. The multipliers
minimise a convex function, the dual, whose gradient is the residual. Multipliers of
inequalities are at most 0; where one is 0, its inequality holds by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from isinglass.schemas.arrays import Flags, Floats

if TYPE_CHECKING:
    from isinglass.transforms.balance.distance import Distance

TOLERANCE = 1e-10
"""Greatest residual of a scaled constraint, per document, that counts as met."""

STEPS = 200
"""Most steps that are taken; where targets can be met, a few are enough."""

_HALVINGS = 40
_BLOCK = 1 << 20
"""Numbers that are made at a time."""


class Constraints(NamedTuple):
    """What weights (k,) of mean 1 in every stratum are to meet.

    Attributes:
        equal: Rows x (d, k) with sum(mass w x) = 0.
        at_most: Rows x (e, k) with sum(mass w x) <= 0.
        mass: What each weight stands for (k,): documents or words; with a sum > 0.
        strata: Where each stratum begins and ends; they follow one another.
    """

    equal: Floats
    at_most: Floats
    mass: Floats
    strata: tuple[slice, ...]


class Calibration(NamedTuple):
    """Weights (k,), and the greatest |sum(mass w x)| / sum(mass) of a scaled row.

    Of an inequality that does not bind only what it is violated by counts.
    """

    weights: Floats
    residual: float


class _Problem(NamedTuple):
    """The constraints with rows scaled to a root mean square of 1.

    Multipliers, and what they are multiplied with, are in the order of the strata, then
    of the rows; `ceiling` is the greatest value that each may have.
    """

    rows: Floats
    share: Floats
    strata: tuple[slice, ...]
    distance: Distance
    ceiling: Floats


def calibrate(
    constraints: Constraints, distance: Distance, steps: int = STEPS
) -> Calibration:
    """Return the weights that meet the constraints, or come as near as Newton gets.

    The residual tells: at most `TOLERANCE` where the constraints can be met. Rows that
    are 0 everywhere hold by themselves.
    """
    problem = _scaled(constraints, distance)
    multipliers = _minimise(problem, steps)
    weights = distance.weights(_linear(problem, multipliers))
    left = _pulling(problem, multipliers, _residuals(problem, weights))
    return Calibration(weights, float(np.abs(left).max()))


def _scaled(constraints: Constraints, distance: Distance) -> _Problem:
    mass, strata = constraints.mass, constraints.strata
    total = mass.sum()
    rows, ceiling = [], [np.inf] * len(strata)
    for part, most in ((constraints.equal, np.inf), (constraints.at_most, 0.0)):
        for row in part:
            scale = np.sqrt((mass * row * row).sum() / total)
            if scale > 0.0:
                rows.append(row / scale)
                ceiling.append(most)
    matrix = np.array(rows).reshape(len(rows), len(mass))
    return _Problem(matrix, mass / total, strata, distance, np.array(ceiling))


def _linear(problem: _Problem, multipliers: Floats) -> Floats:
    # Added up row by row: a matrix product may differ between machines and threads.
    total = np.zeros(len(problem.share))
    for multiplier, stratum in zip(multipliers, problem.strata, strict=False):
        total[stratum] += multiplier
    own = multipliers[len(problem.strata) :]
    for part in _blocks(problem.rows):
        np.add.reduce([total, *(own[part, None] * problem.rows[part])], out=total)
    return total


def _blocks(rows: Floats) -> list[slice]:
    """Some rows at a time, so that what is made of them stays small."""
    step = max(1, _BLOCK // max(1, rows.shape[1]))
    return [slice(first, first + step) for first in range(0, len(rows), step)]


def _dots(rows: Floats, values: Floats) -> Floats:
    """Sum of each row times the values, as `(row * values).sum()` has it."""
    parts = [(rows[part] * values).sum(axis=1) for part in _blocks(rows)]
    return np.concatenate([np.zeros(0), *parts])


def _residuals(problem: _Problem, weights: Floats) -> Floats:
    """Residual of each constraint: mean weight - 1 of strata, then mean w x of rows."""
    excess, weighted = problem.share * (weights - 1.0), problem.share * weights
    return np.array(
        [
            *(excess[stratum].sum() for stratum in problem.strata),
            *_dots(problem.rows, weighted),
        ]
    )


def _pulling(problem: _Problem, multipliers: Floats, gradient: Floats) -> Floats:
    """The gradient without what would only raise a multiplier above its ceiling."""
    held = (multipliers >= problem.ceiling) & (gradient < 0.0)
    return np.where(held, 0.0, gradient)


def _dual(problem: _Problem, multipliers: Floats) -> tuple[float, Floats]:
    """Value and gradient of the dual, per document."""
    u = _linear(problem, multipliers)
    with np.errstate(over="ignore", invalid="ignore"):
        value = float((problem.share * problem.distance.integrals(u)).sum())
        gradient = _residuals(problem, problem.distance.weights(u))
    for multiplier, stratum in zip(multipliers, problem.strata, strict=False):
        # Of a single stratum the share is 1, but for rounding.
        part = problem.share[stratum].sum() if len(problem.strata) > 1 else 1.0
        value -= float(multiplier * part)
    return value, gradient


def _curvature(problem: _Problem, multipliers: Floats) -> Floats:
    slopes = problem.share * problem.distance.slopes(_linear(problem, multipliers))
    first = len(problem.strata)
    size = first + len(problem.rows)
    matrix = np.zeros((size, size))
    for i, stratum in enumerate(problem.strata):
        matrix[i, i] = slopes[stratum].sum()
    for i, row in enumerate(problem.rows, first):
        weighted = slopes * row
        for j, stratum in enumerate(problem.strata):
            matrix[i, j] = matrix[j, i] = weighted[stratum].sum()
        matrix[i, i:] = matrix[i:, i] = _dots(problem.rows[i - first :], weighted)
    return matrix


class _Point(NamedTuple):
    """Multipliers with value and gradient of the dual there."""

    multipliers: Floats
    value: float
    gradient: Floats


def _minimise(problem: _Problem, steps: int) -> Floats:
    """Damped Newton on the dual, to the last digit that makes a difference.

    Multipliers at their ceiling that want to rise stay there (Bertsekas 1982, SIAM J.
    Control 20:221), the others move. Where weights meet the constraints, their distance
    bounds the dual from below: a dual lower than any distance proves that none do, and
    ends the search.
    """
    rarest = float(problem.share[problem.share > 0.0].min())
    floor = -1.001 * problem.distance.greatest(rarest)
    start = np.zeros(len(problem.ceiling))
    point = _Point(start, *_dual(problem, start))
    for _ in range(steps):
        left = _pulling(problem, point.multipliers, point.gradient)
        if np.abs(left).max() < TOLERANCE / 1e4 or point.value < floor - TOLERANCE:
            break
        held = (point.multipliers >= problem.ceiling) & (point.gradient <= 0.0)
        matrix = _curvature(problem, point.multipliers)
        # Flat directions (all weights at a bound) get a little curvature of their own.
        matrix += np.eye(len(matrix)) * max(1e-14, 1e-12 * np.trace(matrix))
        found = _search(problem, point, _newton(matrix, point.gradient, held))
        if found is None and np.isinf(problem.ceiling).all():
            break
        # A step that ends at ceilings need not lead down: then straight down.
        found = found or _search(problem, point, -left / np.diag(matrix))
        if found is None:
            break
        point = found
    return point.multipliers


def _newton(matrix: Floats, gradient: Floats, held: Flags) -> Floats:
    """The step of the multipliers that are not held."""
    free = np.flatnonzero(~held)
    direction = np.zeros(len(gradient))
    direction[free] = np.linalg.solve(matrix[np.ix_(free, free)], -gradient[free])
    return direction


def _search(problem: _Problem, start: _Point, direction: Floats) -> _Point | None:
    """Halve the step until the dual falls enough (Armijo), or the residual does.

    Near the optimum the dual changes by less than its rounding error, while the
    residual still tells better from worse.
    """
    before = np.abs(_pulling(problem, start.multipliers, start.gradient)).max()
    length = 1.0
    for _ in range(_HALVINGS):
        trial = np.minimum(start.multipliers + length * direction, problem.ceiling)
        slope = float((start.gradient * (trial - start.multipliers)).sum())
        new = _Point(trial, *_dual(problem, trial))
        if np.isfinite(new.value) and bool(np.isfinite(new.gradient).all()):
            after = np.abs(_pulling(problem, trial, new.gradient)).max()
            enough = start.value + 1e-4 * slope - 1e-15 * abs(start.value)
            if (slope <= 0.0 and new.value < enough) or after < 0.5 * before:
                return new
        length /= 2.0
    return None

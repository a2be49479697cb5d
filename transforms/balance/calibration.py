"""Calibration weights: closest to 1 under linear constraints, by Newton's method.

Deville and Sarndal (1992, JASA 87:376) choose weights w = F(u) with u linear in the
constraint functions. Distances: `chi2` F = clip(1 + u, L, U); `kl` F = exp(u), entropy
balancing (Hainmueller 2012); `logit` a smooth curve between L and U. The multipliers
minimise a convex function, the dual, whose gradient is the residual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from isinglass.schemas.arrays import Floats

TOLERANCE = 1e-10
"""Greatest residual of a scaled constraint, per document, that counts as met."""

_STEPS = 200
_HALVINGS = 40


@dataclass(frozen=True)
class Distance:
    """How far a weight is from 1, as the curve from u to w.

    Weights are from `low` to `high`; for `kl` from 0 to infinity.
    """

    name: Literal["chi2", "kl", "logit"]
    low: float
    high: float

    def weights(self, u: Floats) -> Floats:
        """F(u), with F(0) = 1."""
        if self.name == "chi2":
            return np.asarray(np.clip(1.0 + u, self.low, self.high))
        if self.name == "kl":
            return np.exp(u)
        return self.low + (self.high - self.low) * self._position(u)

    def slopes(self, u: Floats) -> Floats:
        """Derivative of F (of `chi2`, the one from within the bounds)."""
        if self.name == "chi2":
            inside = (u > self.low - 1.0) & (u < self.high - 1.0)
            return inside.astype(np.float64)
        if self.name == "kl":
            return np.exp(u)
        position = self._position(u)
        steepness = self._steepness() * (self.high - self.low)
        return steepness * position * (1.0 - position)

    def integrals(self, u: Floats) -> Floats:
        """Integral of F from 0 to u."""
        if self.name == "chi2":
            inner = np.clip(u, self.low - 1.0, self.high - 1.0)
            curved = inner + inner * inner / 2.0
            return curved + np.clip(1.0 + inner, self.low, self.high) * (u - inner)
        if self.name == "kl":
            return np.asarray(np.expm1(u))
        # (a b) ln((a + b e^(A u)) / (a + b)), with a = U - 1, b = 1 - L
        a, b = self.high - 1.0, 1.0 - self.low
        logarithm = np.logaddexp(np.log(a), np.log(b) + self._steepness() * u)
        return np.asarray(self.low * u + a * b * (logarithm - np.log(a + b)))

    def greatest(self, rarest: float) -> float:
        """Upper bound of the mean distance of weights within bounds and of mean 1.

        `rarest` is the least share that one vector has of all documents.
        """
        if self.name == "kl":
            # mean of w ln w - w + 1, with no weight above 1 / rarest
            return float(-np.log(rarest))
        up, down = self.high - 1.0, 1.0 - self.low
        if self.name == "chi2":
            return max(up, down) ** 2 / 2.0
        return up * down * float(np.log((up + down) / min(up, down)))

    def _steepness(self) -> float:
        return (self.high - self.low) / ((1.0 - self.low) * (self.high - 1.0))

    def _position(self, u: Floats) -> Floats:
        # Late: only `logit` needs it, and it costs every worker a tenth of a second.
        from scipy.special import expit  # noqa: PLC0415

        offset = np.log((1.0 - self.low) / (self.high - 1.0))
        return np.asarray(expit(offset + self._steepness() * u))


class Calibration(NamedTuple):
    """Weights (k,), and the greatest |sum(n w x)| / N over the scaled constraints."""

    weights: Floats
    residual: float


class _Problem(NamedTuple):
    """Constraints sum(share w x) = 0 for each column x, and mean weight 1.

    The first of the columns (d, k) is all ones and stands for the mean; the others are
    scaled to a root mean square of 1.
    """

    columns: Floats
    share: Floats
    distance: Distance


def calibrate(
    constraints: Floats, multiplicity: Floats, distance: Distance
) -> Calibration:
    """Return the weights that meet the constraints, or come as near as Newton gets.

    The residual tells: at most `TOLERANCE` where the constraints can be met.

    Constraints (d, k) that are 0 everywhere hold by themselves; the multiplicity (k,)
    is the number of documents of each distinct vector, with a sum > 0.
    """
    total = multiplicity.sum()
    rows = [np.ones(len(multiplicity))]
    for row in constraints:
        scale = np.sqrt((multiplicity * row * row).sum() / total)
        if scale > 0.0:
            rows.append(row / scale)
    problem = _Problem(np.array(rows), multiplicity / total, distance)
    weights = distance.weights(_linear(problem, _minimise(problem)))
    return Calibration(weights, float(np.abs(_residuals(problem, weights)).max()))


def _linear(problem: _Problem, multipliers: Floats) -> Floats:
    # Added up row by row: a matrix product may differ between machines and threads.
    total = np.zeros(len(problem.share))
    for multiplier, column in zip(multipliers, problem.columns, strict=True):
        total += multiplier * column
    return total


def _residuals(problem: _Problem, weights: Floats) -> Floats:
    """Residual of each constraint per document: (mean weight - 1, mean w x, ...)."""
    weighted = problem.share * weights
    found = np.array([(weighted * column).sum() for column in problem.columns])
    found[0] = (problem.share * (weights - 1.0)).sum()
    return found


def _dual(problem: _Problem, multipliers: Floats) -> tuple[float, Floats]:
    """Value and gradient of the dual, per document."""
    u = _linear(problem, multipliers)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float((problem.share * problem.distance.integrals(u)).sum())
        gradient = _residuals(problem, problem.distance.weights(u))
    return mean - multipliers[0], gradient


def _curvature(problem: _Problem, multipliers: Floats) -> Floats:
    slopes = problem.share * problem.distance.slopes(_linear(problem, multipliers))
    size = len(multipliers)
    matrix = np.empty((size, size))
    for i in range(size):
        weighted = slopes * problem.columns[i]
        for j in range(i, size):
            matrix[i, j] = matrix[j, i] = (weighted * problem.columns[j]).sum()
    return matrix


def _minimise(problem: _Problem) -> Floats:
    """Damped Newton on the dual, to the last digit that makes a difference.

    Where weights meet the constraints, their distance bounds the dual from below: a
    dual lower than any distance proves that none do, and ends the search.
    """
    floor = -1.001 * problem.distance.greatest(float(problem.share.min()))
    multipliers = np.zeros(len(problem.columns))
    value, gradient = _dual(problem, multipliers)
    for _ in range(_STEPS):
        if np.abs(gradient).max() < TOLERANCE / 1e4 or value < floor - TOLERANCE:
            break
        matrix = _curvature(problem, multipliers)
        # Flat directions (all weights at a bound) get a little curvature of their own.
        matrix += np.eye(len(matrix)) * max(1e-14, 1e-12 * np.trace(matrix))
        direction = np.asarray(-np.linalg.solve(matrix, gradient), np.float64)
        found = _search(problem, (multipliers, value, gradient), direction)
        if found is None:
            break
        multipliers, value, gradient = found
    return multipliers


_Point = tuple["Floats", float, "Floats"]


def _search(problem: _Problem, start: _Point, direction: Floats) -> _Point | None:
    """Halve the step until the dual falls enough (Armijo), or the residual does.

    Near the optimum the dual changes by less than its rounding error, while the
    residual still tells better from worse.
    """
    multipliers, value, gradient = start
    slope = float((gradient * direction).sum())
    length = 1.0
    for _ in range(_HALVINGS):
        trial = multipliers + length * direction
        new_value, new_gradient = _dual(problem, trial)
        finite = np.isfinite(new_value) and bool(np.isfinite(new_gradient).all())
        if finite and (
            new_value < value + 1e-4 * length * slope - 1e-15 * abs(value)
            or np.abs(new_gradient).max() < 0.5 * np.abs(gradient).max()
        ):
            return trial, new_value, new_gradient
        length /= 2.0
    return None

"""Calibration weights: closest to 1 under linear constraints, by Newton's method.

Deville and Sarndal (1992, JASA 87:376) choose weights w = F(u) with u linear in the
constraint functions. Distances: `chi2` F = clip(1 + u, L, U); `kl` F = exp(u), entropy
balancing (Hainmueller 2012); `logit` a smooth curve between L and U. The multipliers
minimise a convex function, the dual, whose gradient is the residual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE = 1e-10
"""Greatest residual of a scaled constraint, per document, that counts as met."""

_STEPS = 200
_HALVINGS = 40


@dataclass(frozen=True)
class Distance:
    """How far a weight is from 1, as the curve from u to w.

    Attributes:
        name: `chi2`, `kl` or `logit`.
        low: Least weight; 0 for `kl`.
        high: Greatest weight; infinite for `kl`.
    """

    name: Literal["chi2", "kl", "logit"]
    low: float
    high: float

    def weights(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """F(u), with F(0) = 1."""
        if self.name == "chi2":
            return np.asarray(np.clip(1.0 + u, self.low, self.high))
        if self.name == "kl":
            return np.exp(u)
        return self.low + (self.high - self.low) * self._position(u)

    def slopes(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Derivative of F (of `chi2`, the one from within the bounds)."""
        if self.name == "chi2":
            inside = (u > self.low - 1.0) & (u < self.high - 1.0)
            return inside.astype(np.float64)
        if self.name == "kl":
            return np.exp(u)
        position = self._position(u)
        steepness = self._steepness() * (self.high - self.low)
        return steepness * position * (1.0 - position)

    def integrals(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
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

        Args:
            rarest: Least share that one vector has of all documents.
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

    def _position(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        # Late: only `logit` needs it, and it costs every worker a tenth of a second.
        from scipy.special import expit  # noqa: PLC0415

        offset = np.log((1.0 - self.low) / (self.high - 1.0))
        return np.asarray(expit(offset + self._steepness() * u))


@dataclass(frozen=True)
class Problem:
    """Constraints sum(n w x) = 0 for each column x, and mean weight 1.

    Attributes:
        columns: Shape (d, k): a constraint a row. The first is all ones and stands
            for the mean; the others are scaled to a root mean square of 1.
        multiplicity: Documents n of each of the k distinct vectors.
        distance: How weights are measured.
    """

    columns: NDArray[np.float64]
    multiplicity: NDArray[np.float64]
    distance: Distance


@dataclass(frozen=True)
class Calibration:
    """Weights, and how well they meet the constraints.

    Attributes:
        weights: Shape (k,).
        residual: Greatest |sum(n w x)| / N over the scaled constraints.
        iterations: Newton steps.
    """

    weights: NDArray[np.float64]
    residual: float
    iterations: int


def make_problem(
    constraints: NDArray[np.float64],
    multiplicity: NDArray[np.float64],
    distance: Distance,
) -> Problem:
    """Scale the constraints; those that are 0 everywhere hold by themselves.

    Args:
        constraints: Shape (d, k).
        multiplicity: Shape (k,), with a sum > 0.
        distance: How weights are measured.
    """
    total = multiplicity.sum()
    rows = [np.ones(len(multiplicity))]
    for row in constraints:
        scale = np.sqrt((multiplicity * row * row).sum() / total)
        if scale > 0.0:
            rows.append(row / scale)
    return Problem(np.array(rows), multiplicity, distance)


def calibrate(problem: Problem) -> Calibration:
    """Return the weights that meet the constraints, or come as near as Newton gets.

    The residual tells: at most `TOLERANCE` where the constraints can be met.
    """
    multipliers, steps = _minimise(problem, np.zeros(len(problem.columns)))
    return _calibration(problem, multipliers, steps)


def _calibration(
    problem: Problem, multipliers: NDArray[np.float64], steps: int
) -> Calibration:
    weights = problem.distance.weights(_linear(problem, multipliers))
    residual = _residuals(problem, weights)
    return Calibration(weights, float(np.abs(residual).max()), steps)


def _linear(problem: Problem, multipliers: NDArray[np.float64]) -> NDArray[np.float64]:
    # Added up row by row: a matrix product may differ between machines and threads.
    total = np.zeros(len(problem.multiplicity))
    for multiplier, column in zip(multipliers, problem.columns, strict=True):
        total += multiplier * column
    return total


def _residuals(problem: Problem, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Residual of each constraint per document: (mean weight - 1, mean w x, ...)."""
    share = problem.multiplicity / problem.multiplicity.sum()
    found = np.array([(share * weights * column).sum() for column in problem.columns])
    found[0] = (share * (weights - 1.0)).sum()
    return found


def _dual(
    problem: Problem, multipliers: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Value and gradient of the dual, per document."""
    u = _linear(problem, multipliers)
    share = problem.multiplicity / problem.multiplicity.sum()
    with np.errstate(over="ignore", invalid="ignore"):
        value = float((share * problem.distance.integrals(u)).sum()) - multipliers[0]
        gradient = _residuals(problem, problem.distance.weights(u))
    return value, gradient


def _curvature(
    problem: Problem, multipliers: NDArray[np.float64]
) -> NDArray[np.float64]:
    share = problem.multiplicity / problem.multiplicity.sum()
    slopes = share * problem.distance.slopes(_linear(problem, multipliers))
    size = len(multipliers)
    matrix = np.empty((size, size))
    for i in range(size):
        weighted = slopes * problem.columns[i]
        for j in range(i, size):
            matrix[i, j] = matrix[j, i] = (weighted * problem.columns[j]).sum()
    return matrix


def _minimise(
    problem: Problem, multipliers: NDArray[np.float64]
) -> tuple[NDArray[np.float64], int]:
    """Damped Newton on the dual, to the last digit that makes a difference.

    Where weights meet the constraints, their distance bounds the dual from below: a
    dual lower than any distance proves that none do, and ends the search.
    """
    share = problem.multiplicity / problem.multiplicity.sum()
    floor = -1.001 * problem.distance.greatest(float(share[share > 0].min()))
    value, gradient = _dual(problem, multipliers)
    for step in range(_STEPS):
        if np.abs(gradient).max() < TOLERANCE / 1e4 or value < floor - TOLERANCE:
            return multipliers, step
        matrix = _curvature(problem, multipliers)
        # Flat directions (all weights at a bound) get a little curvature of their own.
        matrix += np.eye(len(matrix)) * max(1e-14, 1e-12 * np.trace(matrix))
        direction = np.asarray(-np.linalg.solve(matrix, gradient), np.float64)
        found = _search(problem, (multipliers, value, gradient), direction)
        if found is None:
            return multipliers, step
        multipliers, value, gradient = found
    return multipliers, _STEPS


_Point = tuple["NDArray[np.float64]", float, "NDArray[np.float64]"]


def _search(
    problem: Problem, start: _Point, direction: NDArray[np.float64]
) -> _Point | None:
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

"""How far a weight is from 1: the curves from the multipliers to the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from isinglass.schemas.arrays import Floats


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

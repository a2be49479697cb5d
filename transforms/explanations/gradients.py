"""Integrated gradients: what each token adds to a number of a document.

Sundararajan, Taly and Yan 2017: the gradient of the number, taken along the straight
way from a baseline to the document, times how far each value goes. What the tokens add
sums to the difference of the number between both ends (completeness). The integral is
taken at Gauss-Legendre points, twice as many until that is so, of a variable in which
the middle of the way is stretched: there the words appear and most numbers move.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from isinglass.schemas.arrays import Floats

if TYPE_CHECKING:
    from torch import Tensor

    Score = Callable[[Tensor], Tensor]

TOLERANCE = 0.05
"""Of the difference, which the sum may lie off."""

LEAST_DIFFERENCE = 1e-4
"""A difference below it is held to this one: its own share would be rounding."""

_FIRST, _MOST = 12, 192

_STRETCH = 0.4
"""Of the middle of the way. MiniLM needs 12 points where it needs 16 without it."""

_TOKENS_AT_ONCE = 1024


@dataclass(frozen=True)
class Attribution:
    """What each token adds to a number.

    Attributes:
        tokens: float64 (tokens,), in units of the number.
        value: The number of the document.
        baseline: The number of the baseline.
        steps: Points at which the gradient was taken.
        off: How far the sum lies from the difference, as a share of it.
    """

    tokens: Floats
    value: float
    baseline: float
    steps: int
    off: float

    @property
    def complete(self) -> bool:
        """Whether what the tokens add makes up the difference."""
        return self.off <= TOLERANCE


def integrated_gradients(
    score: Score,
    given: Tensor,
    baseline: Tensor,
    first: int = _FIRST,
    most: int = _MOST,
) -> Attribution:
    """Explain the number that `score` gives, by the embeddings of a document.

    Args:
        score: Embeddings of documents of equal length, (n, tokens, width), to numbers,
            (n,); each depends on its own document alone.
        given: (tokens, width).
        baseline: Of the same shape.
        first: Points at first; they are doubled until the sum is complete.
        most: Points beyond which that is given up.
    """
    with torch.no_grad():
        ends = score(torch.stack([given, baseline]))
    value, low = (float(end) for end in ends)
    held = max(abs(value - low), LEAST_DIFFERENCE)
    steps = first
    while True:
        tokens = _integral(score, given, baseline, steps)
        off = abs(float(tokens.sum()) - (value - low)) / held
        if off <= TOLERANCE or steps * 2 > most:
            return Attribution(tokens, value, low, steps, off)
        steps *= 2


def path_points(steps: int) -> tuple[Floats, Floats]:
    """Where on the way, 0 to 1, the gradient is taken, and the weights of the points.

    The weights sum to 1, up to the error of the rule.
    """
    points, weights = np.polynomial.legendre.leggauss(steps)
    even, turn = (points + 1) / 2, np.pi * (points + 1)
    bent = even + _STRETCH / (2 * np.pi) * np.sin(turn)
    return bent, weights / 2 * (1 + _STRETCH * np.cos(turn))


def _integral(score: Score, given: Tensor, baseline: Tensor, steps: int) -> Floats:
    points, weights = path_points(steps)
    way = given - baseline
    total = torch.zeros(given.shape, dtype=torch.float64)
    at_once = max(1, _TOKENS_AT_ONCE // len(given))
    for start in range(0, steps, at_once):
        part = slice(start, start + at_once)
        shares = torch.from_numpy(points[part]).to(given.dtype)
        on_way = (baseline + shares[:, None, None] * way).requires_grad_()
        (slope,) = torch.autograd.grad(score(on_way).sum(), on_way)
        weighed = torch.from_numpy(weights[part])
        total += (weighed[:, None, None] * slope.double()).sum(0)
    added: Floats = (total * way.double()).sum(1).numpy()
    return added

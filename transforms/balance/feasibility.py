"""Which shares the bounds on weights allow."""

from __future__ import annotations

import numpy as np

from isinglass.schemas.arrays import Floats

_STEPS = 100


def reachable_share(
    group: Floats, axis: Floats, multiplicity: Floats, bounds: tuple[float, float]
) -> tuple[float, float]:
    """Return the least and greatest share of a group over all weights of mean 1.

    The share sum(n w group) / sum(n w axis) is a ratio of two linear functions. Its
    maximum is found by Dinkelbach's method (1967): for the share t reached so far,
    weights that maximise sum(n w (group - t axis)) give a greater one, until they give
    none. That inner maximum is greedy: the greatest weight to the rows of greatest
    value, as far as the mean allows. Other axes are not considered.

    Of each row (k,) these are the count of the group, that of all groups of the axis,
    with a sum > 0, and the documents. The greatest weight may be infinite, with the
    least 0: then the ends of the interval can be neared, not reached.
    """
    if np.isinf(bounds[1]):
        shares = group[axis > 0] / axis[axis > 0]
        return float(shares.min()), float(shares.max())
    greatest = _greatest(group, axis, multiplicity, bounds)
    least = 1.0 - _greatest(axis - group, axis, multiplicity, bounds)
    return max(0.0, least), min(1.0, greatest)


def _greatest(
    group: Floats, axis: Floats, multiplicity: Floats, bounds: tuple[float, float]
) -> float:
    share = float((multiplicity * group).sum() / (multiplicity * axis).sum())
    for _ in range(_STEPS):
        weighted = multiplicity * _greedy(group - share * axis, multiplicity, bounds)
        mentions = float((weighted * axis).sum())
        if mentions <= 0.0:
            break
        found = float((weighted * group).sum()) / mentions
        if found <= share:
            break
        share = found
    return share


def _greedy(
    values: Floats, multiplicity: Floats, bounds: tuple[float, float]
) -> Floats:
    """Weights of mean 1 within bounds that maximise sum(multiplicity * w * values)."""
    low, high = bounds
    order = np.argsort(-values, kind="stable")
    documents = multiplicity[order]
    spare = documents.sum() * (1.0 - low)
    before = np.cumsum(documents) - documents
    room = np.clip(spare - before * (high - low), 0.0, documents * (high - low))
    weights = np.empty(len(values))
    weights[order] = low + np.divide(
        room, documents, out=np.zeros(len(values)), where=documents > 0
    )
    return weights

"""The numbers that are explained: linear in the vector of a document.

A logit is the product with a weight, and a bias: of a head that the user has, or of a
probe that is fitted here. A cosine is that of the vector and a centroid.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Floats, Singles
from isinglass.schemas.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

PENALTY = 1.0
"""Of the squares of a probe's weights, as scikit-learn's `C=1`."""

_ROUNDS, _NEAR = 50, 1e-8
_LEAST_LENGTH = 1e-12


@dataclass(frozen=True)
class Target:
    """A number of a document's vector.

    Attributes:
        name: What it is, for people.
        kind: A `logit`, or the `cosine` to `weight`.
        weight: float32 (dimensions,).
    """

    name: str
    kind: Literal["logit", "cosine"]
    weight: Singles
    bias: float = 0.0

    def numbers(self, vectors: NDArray[np.floating]) -> Floats:
        """Of vectors as they are stored: (n, dimensions) to (n,)."""
        found = vectors.astype(np.float64) @ self.weight.astype(np.float64)
        if self.kind == "cosine":
            lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
            lengths = lengths * np.linalg.norm(self.weight.astype(np.float64))
            found = found / np.maximum(lengths, _LEAST_LENGTH)
        return np.asarray(found + self.bias, np.float64)

    def score(self, vectors: Tensor) -> Tensor:
        """The same of vectors that can be derived."""
        import torch  # noqa: PLC0415  (optional)

        weight = torch.from_numpy(self.weight.copy())
        if self.kind == "cosine":
            weight = torch.nn.functional.normalize(weight, dim=0)
            vectors = torch.nn.functional.normalize(vectors, dim=1)
        return vectors @ weight + self.bias


def read_head(path: Path, row: int | None, width: int) -> tuple[Singles, float]:
    """One output of a linear layer that was saved: its weight and bias.

    The file is `.npz` or `.safetensors` with `weight`, (outputs, width) or (width,),
    and perhaps `bias`; `classifier.weight` and `classifier.bias` do as well, if no
    other layer is in it.

    Raises:
        ConfigError: It cannot be read, is no such layer, or takes other vectors.
    """
    weight, bias = _layer(_arrays(path), path)
    weight = np.atleast_2d(weight.astype(np.float32))
    outputs = len(weight)
    bias = np.zeros(outputs, np.float32) if bias is None else np.atleast_1d(bias)
    if weight.ndim != 2 or bias.shape != (outputs,):  # noqa: PLR2004
        raise ConfigError(
            f"{path}: the weight has the shape {weight.shape} and the bias "
            f"{bias.shape}. A head has (outputs, {width}) and (outputs,)."
        )
    if weight.shape[1] != width:
        raise ConfigError(
            f"{path}: the head takes vectors of {weight.shape[1]} values, and the "
            f"encoder of this run gives {width}. Name a head that was trained on "
            "vectors of this encoder."
        )
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise ConfigError(f"{path}: the head holds a value that is not finite.")
    if row is None and outputs > 1:
        raise ConfigError(
            f"{path}: the head has {outputs} outputs. Say which: head:{path}:0 is the "
            "first."
        )
    if row is not None and row >= outputs:
        raise ConfigError(f"{path}: the head has {outputs} outputs and no {row}.")
    return weight[row or 0], float(bias[row or 0])


def _arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        if path.suffix == ".npz":
            with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
                return {name: held[name] for name in held.files}
        if path.suffix == ".safetensors":
            from safetensors.numpy import load_file  # noqa: PLC0415  (optional)

            return dict(load_file(path))
    except Exception as error:  # of three libraries, with nothing in common
        raise ConfigError(
            f"{path} cannot be read as a saved head: it is missing, damaged, or holds "
            "pickled objects, which are never loaded."
        ) from error
    raise ConfigError(f"{path}: a head is a .npz or .safetensors file.")


def _layer(
    arrays: dict[str, NDArray[np.generic]], path: Path
) -> tuple[NDArray[np.generic], NDArray[np.generic] | None]:
    names = [n for n in arrays if n == "weight" or n.endswith(".weight")]
    if len(names) != 1:
        told = ", ".join(sorted(arrays)[:8]) or "nothing"
        raise ConfigError(
            f"{path} holds {told}: a head is one linear layer, saved as `weight` and "
            "`bias`. A model without such a layer has no logit to explain."
        )
    (name,) = names
    kinds = {arrays[n].dtype.kind for n in arrays if n in (name, _bias(name))}
    if not kinds <= {"f", "i", "u"}:
        raise ConfigError(f"{path}: the head's values are no numbers.")
    return arrays[name], arrays.get(_bias(name))


def _bias(name: str) -> str:
    return f"{name.removesuffix('weight')}bias"


def fit_probe(vectors: Singles, labels: Flags) -> tuple[Singles, float]:
    """Weight and bias of a logistic regression, its weights held small by `PENALTY`.

    Newton's method, in float64. Both labels occur.

    Args:
        vectors: (n, dimensions).
        labels: (n,).
    """
    rows = np.column_stack([vectors.astype(np.float64), np.ones(len(vectors))])
    held = np.full(rows.shape[1], PENALTY)
    held[-1] = 0.0
    weights = np.zeros(rows.shape[1])
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(rows @ weights, -500, 500)))
        slope = rows.T @ (chance - labels) + held * weights
        spread = np.maximum(chance * (1 - chance), 1e-10)
        curve = (rows * spread[:, None]).T @ rows + np.diag(held)
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if np.abs(step).max() < _NEAR:
            break
    return weights[:-1].astype(np.float32), float(weights[-1])


def ranked_right(numbers: Floats, labels: Flags) -> float:
    """Share of pairs in which the labelled one has the larger number: the AUC.

    Ties count half. Both labels occur.
    """
    order = np.argsort(numbers, kind="stable")
    _, place, counts = np.unique(
        numbers[order], return_inverse=True, return_counts=True
    )
    ends = np.cumsum(counts)
    ranks = np.empty(len(numbers))
    ranks[order] = (ends - (counts - 1) / 2)[place]
    ones = int(labels.sum())
    above = ranks[labels].sum() - ones * (ones + 1) / 2
    return float(above / (ones * (len(labels) - ones)))

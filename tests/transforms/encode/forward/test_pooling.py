from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from isinglass.transforms.encode.forward import batch as pooling
from isinglass.transforms.encode.forward.batch import Pooler, pool_first, pool_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

torch = pytest.importorskip("torch")
LENGTHS = (300, 40, 40, 3, 1, 1)
FIRST = [0, 300, 340, 380, 383, 384]


@pytest.fixture
def batch(
    documents: Callable[..., list[NDArray[np.int32]]], make_batch: Callable[..., Any]
) -> Any:
    return make_batch(documents(*LENGTHS))


@pytest.fixture
def hidden() -> Any:
    return torch.randn(385, 6, generator=torch.Generator().manual_seed(4)) + 3


@pytest.mark.parametrize("way", ["pool_mean", "_mean_by_segments"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_mean(batch: Any, hidden: Any, way: str, precision: str) -> None:
    states = hidden.to(getattr(torch, precision))
    means = getattr(pooling, way)(batch, states)
    expected = [part.mean(0) for part in np.split(states.double().numpy(), FIRST[1:])]
    assert means.dtype == torch.float32
    # Summed in float32 whatever the states are.
    assert np.abs(means.numpy() - np.stack(expected)).max() < 2e-6


def test_mean_on_a_cpu_is_not_by_segments(
    monkeypatch: pytest.MonkeyPatch, batch: Any, hidden: Any
) -> None:
    monkeypatch.delattr(pooling, "_mean_by_segments")
    assert pool_mean(batch, hidden).shape == (len(LENGTHS), 6)


def test_first(batch: Any, hidden: Any) -> None:
    states = hidden.half()
    assert pool_first(batch, states).dtype == torch.float32
    assert torch.equal(pool_first(batch, states), states[FIRST].float())


def test_pooler(batch: Any, hidden: Any) -> None:
    weight, bias = torch.eye(6) * 0.5, torch.arange(6.0) / 10
    vectors = Pooler(weight, bias)(batch, hidden.bfloat16())
    expected = np.tanh(hidden.bfloat16()[FIRST].float().numpy() * 0.5 + bias.numpy())
    assert np.abs(vectors.numpy() - expected).max() < 1e-6

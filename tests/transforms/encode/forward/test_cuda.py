"""What only a GPU can show: the fast attention, and that nothing waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from isinglass.transforms.encode.forward.batch import DeviceBatch
from isinglass.transforms.encode.forward.load import load_model
from isinglass.transforms.encode.models.find import packaged_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
LENGTHS = (256, 256, 200, 31, 31, 2, 1)


@pytest.fixture
def batches(
    documents: Callable[..., list[NDArray[np.int32]]], make_batch: Callable[..., Any]
) -> tuple[DeviceBatch, DeviceBatch]:
    """The same batch on the host and on the GPU."""
    host = make_batch(documents(*LENGTHS))
    there = DeviceBatch(host.ids.cuda(), host.starts.cuda(), host.lengths)
    return host, there


@pytest.fixture
def no_waiting() -> Iterator[None]:
    """Let torch raise when the host waits for the device."""
    torch.cuda.set_sync_debug_mode("error")
    yield
    torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize(
    ("precision", "least"),
    [("float32", 0.999999), ("bfloat16", 0.9995), ("float16", 0.9999)],
)
@pytest.mark.parametrize("pooling", ["mean", "cls", "pooler"])
def test_equals_the_cpu(
    batches: tuple[DeviceBatch, DeviceBatch],
    precision: str,
    least: float,
    pooling: str,
) -> None:
    vectors = []
    for batch, device in zip(batches, ("cpu", "cuda"), strict=True):
        number_format = precision if device == "cuda" else "float32"
        model = load_model(
            packaged_folder(), torch.device(device), number_format, pooling
        )
        made = model.vectors(batch, model.hidden(batch)).cpu().numpy()
        vectors.append(made / np.linalg.norm(made, axis=1, keepdims=True))
    assert model.attention != "by_length" or precision == "float32"
    assert (vectors[0] * vectors[1]).sum(1).min() >= least


@pytest.mark.parametrize("pooling", ["mean", "cls", "pooler"])
def test_nothing_waits(
    batches: tuple[DeviceBatch, DeviceBatch],
    request: pytest.FixtureRequest,
    pooling: str,
) -> None:
    model = load_model(packaged_folder(), torch.device("cuda"), "bfloat16", pooling)
    model.vectors(batches[1], model.hidden(batches[1]))  # libraries start up
    request.getfixturevalue("no_waiting")
    model.vectors(batches[1], model.hidden(batches[1]))

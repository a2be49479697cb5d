"""The packaged model against outputs written down beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from isinglass.transforms.encode.forward.batch import DeviceBatch
from isinglass.transforms.encode.forward.load import load_model
from isinglass.transforms.encode.models.find import packaged_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

torch = pytest.importorskip("torch")
GOLDEN = (
    Path(__file__).parents[5] / "shared" / "data" / "models" / "golden_minilm"
) / "golden.npz"
pytestmark = pytest.mark.skipif(
    not GOLDEN.is_file(), reason="the golden outputs are not beside the repository"
)


class Golden:
    """The file's arrays in the order of a batch, longest document first."""

    def __init__(self) -> None:
        arrays = np.load(GOLDEN)
        offsets = arrays["offsets"]
        lengths = np.diff(offsets)
        order = np.argsort(-lengths, kind="stable")
        tokens = np.concatenate(
            [np.arange(offsets[row], offsets[row + 1]) for row in order]
        )
        lengths = lengths[order]
        starts = np.cumsum([0, *lengths]).astype(np.int32)
        ids = arrays["input_ids"][tokens].astype(np.int32)
        self.batch = DeviceBatch(
            torch.from_numpy(ids), torch.from_numpy(starts), lengths
        )
        self.hidden = arrays["last_hidden_state_fp16"][tokens].astype(np.float32)
        self.vectors = {
            "mean": arrays["mean_pooled_normalised"][order],
            "pooler": arrays["pooler_output"][order],
            "cls": self.hidden[starts[:-1]],
        }


@pytest.fixture(scope="module")
def golden() -> Golden:
    return Golden()


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, np.float32)


def test_float32(golden: Golden) -> None:
    for pooling in ("mean", "pooler"):
        model = load_model(packaged_folder(), torch.device("cpu"), "float32", pooling)
        hidden = model.hidden(golden.batch)
        vectors = model.vectors(golden.batch, hidden).numpy()
        if pooling == "mean":
            vectors = unit(vectors)
        assert np.abs(vectors - golden.vectors[pooling]).max() <= 1e-5
    # They were written in float16, whose step is 2 ** -8 between 4 and 8.
    assert np.abs(hidden.numpy() - golden.hidden).max() <= 2**-8


@pytest.mark.parametrize("pooling", ["mean", "cls", "pooler"])
def test_bfloat16(golden: Golden, pooling: str) -> None:
    model = load_model(packaged_folder(), torch.device("cpu"), "bfloat16", pooling)
    vectors = model.vectors(golden.batch, model.hidden(golden.batch)).numpy()
    cosines = (unit(vectors) * unit(golden.vectors[pooling])).sum(1)
    assert cosines.min() >= 0.9995

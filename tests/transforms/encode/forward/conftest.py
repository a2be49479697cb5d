"""Batches of random documents, and what transformers makes of each by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from isinglass.transforms.encode.forward.batch import DeviceBatch

torch = pytest.importorskip("torch")


@pytest.fixture
def documents() -> Callable[..., list[NDArray[np.int32]]]:
    """Return a function that makes documents of the given lengths."""

    def make(*lengths: int, seed: int = 3) -> list[NDArray[np.int32]]:
        generator = np.random.default_rng(seed)
        return [generator.integers(5, 30522, n).astype(np.int32) for n in lengths]

    return make


@pytest.fixture
def make_batch() -> Callable[[list[NDArray[np.int32]]], DeviceBatch]:
    """Return a function that lays documents, longest first, end to end."""
    from isinglass.transforms.encode.forward.batch import DeviceBatch  # noqa: PLC0415

    def make(documents: list[NDArray[np.int32]]) -> DeviceBatch:
        lengths = np.array([len(ids) for ids in documents], np.int64)
        assert (np.diff(lengths) <= 0).all()
        starts = np.cumsum([0, *lengths]).astype(np.int32)
        ids = np.concatenate(documents)
        return DeviceBatch(torch.from_numpy(ids), torch.from_numpy(starts), lengths)

    return make


@pytest.fixture
def run(
    make_batch: Callable[[list[NDArray[np.int32]]], DeviceBatch],
) -> Callable[..., NDArray[np.float32]]:
    """Return a function that loads a folder and gives the documents' vectors."""
    from isinglass.transforms.encode.forward.load import load_model  # noqa: PLC0415

    def vectors(
        folder: Path,
        documents: list[NDArray[np.int32]],
        pooling: str = "mean",
        precision: str = "float32",
    ) -> NDArray[np.float32]:
        model = load_model(folder, torch.device("cpu"), precision, pooling)
        batch = make_batch(documents)
        made: NDArray[np.float32] = model.vectors(batch, model.hidden(batch)).numpy()
        return made

    return vectors


@pytest.fixture
def reference() -> Callable[..., NDArray[np.float32]]:
    """Return a function that gives the vectors by transformers, one at a time."""
    import transformers  # noqa: PLC0415

    def vector(output: Any, pooling: str) -> Any:
        if pooling == "pooler":
            return output.pooler_output[0]
        hidden = output.last_hidden_state[0]
        return hidden.mean(0) if pooling == "mean" else hidden[0]

    def vectors(
        folder: Path, documents: list[NDArray[np.int32]], pooling: str = "mean"
    ) -> NDArray[np.float32]:
        model = transformers.AutoModel.from_pretrained(folder).eval()
        with torch.no_grad():
            made = [
                vector(model(torch.from_numpy(ids.astype(np.int64))[None]), pooling)
                for ids in documents
            ]
        stacked: NDArray[np.float32] = torch.stack(made).numpy()
        return stacked

    return vectors


@pytest.fixture
def change_weights() -> Callable[..., None]:
    """Return a function that rewrites the tensors of a saved model."""
    from safetensors.torch import load_file, save_file  # noqa: PLC0415

    def change(folder: Path, rewrite: Callable[[dict[str, Any]], Any]) -> None:
        path = folder / "model.safetensors"
        tensors = rewrite(load_file(path))
        # Written beside it: the file may still be mapped into memory.
        path.unlink()
        save_file(tensors, path, {"format": "pt"})

    return change

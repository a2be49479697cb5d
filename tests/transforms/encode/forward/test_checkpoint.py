from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.forward.load import load_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Documents = Callable[..., list[NDArray[np.int32]]]
    Vectors = Callable[..., NDArray[np.float32]]
    Change = Callable[..., None]

torch = pytest.importorskip("torch")
CPU = torch.device("cpu")
TENSOR = "encoder.layer.1.output.dense.bias"


def load(folder: Path) -> Any:
    return load_model(folder, CPU, "float32", "mean")


def renamed(old: str, new: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda tensors: {n.replace(old, new): t for n, t in tensors.items()}


def test_old_names(
    save_model: Callable[..., Path],
    documents: Documents,
    run: Vectors,
    reference: Vectors,
    change_weights: Change,
) -> None:
    folder, texts = save_model("Bert"), documents(9, 2)
    expected = reference(folder, texts)
    change_weights(folder, renamed("LayerNorm.weight", "LayerNorm.gamma"))
    change_weights(folder, renamed("LayerNorm.bias", "LayerNorm.beta"))
    assert np.abs(run(folder, texts) - expected).max() < 5e-6


@pytest.mark.parametrize("prefix", ["bert.", "model.", "0.auto_model."])
def test_prefix(
    save_model: Callable[..., Path],
    documents: Documents,
    run: Vectors,
    change_weights: Change,
    prefix: str,
) -> None:
    folder, texts = save_model("Bert"), documents(9, 2)
    expected = run(folder, texts, "pooler")
    change_weights(
        folder, lambda tensors: {f"{prefix}{n}": t for n, t in tensors.items()}
    )
    assert np.array_equal(run(folder, texts, "pooler"), expected)


def test_two_encoders(save_model: Callable[..., Path], change_weights: Change) -> None:
    folder = save_model("Bert")
    change_weights(
        folder,
        lambda tensors: {
            f"{side}.{n}": t.clone() for n, t in tensors.items() for side in "ab"
        },
    )
    with pytest.raises(RefuseError, match=r"2 encoders, under 'a\.', 'b\.'"):
        load(folder)


def test_several_files(
    save_model: Callable[..., Path], documents: Documents, run: Vectors
) -> None:
    from safetensors.torch import load_file, save_file  # noqa: PLC0415

    folder, texts = save_model("Bert"), documents(9, 2)
    expected = run(folder, texts)
    tensors = load_file(folder / "model.safetensors")
    places: dict[str, str] = {}
    for part in range(3):
        name = f"model-0000{part + 1}-of-00003.safetensors"
        names = sorted(tensors)[part::3]
        save_file({n: tensors[n].clone() for n in names}, folder / name)
        places |= dict.fromkeys(names, name)
    (folder / "model.safetensors").unlink()
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    assert np.array_equal(run(folder, texts), expected)

    (folder / "model-00002-of-00003.safetensors").unlink()
    with pytest.raises(RefuseError, match="lacks model-00002-of-00003"):
        load(folder)


def test_half_precision_weights_are_widened(
    save_model: Callable[..., Path],
    documents: Documents,
    run: Vectors,
    change_weights: Change,
) -> None:
    folder, texts = save_model("Bert"), documents(9, 2)
    expected = run(folder, texts)
    change_weights(folder, lambda tensors: {n: t.half() for n, t in tensors.items()})
    vectors = run(folder, texts)
    assert 0 < np.abs(vectors - expected).max() < 1e-2


def test_missing_tensor(
    save_model: Callable[..., Path], change_weights: Change
) -> None:
    folder = save_model("Bert")
    change_weights(
        folder, lambda tensors: {n: t for n, t in tensors.items() if n != TENSOR}
    )
    with pytest.raises(RefuseError, match=rf"no tensor {TENSOR}"):
        load(folder)


def test_weights_of_another_architecture(
    save_model: Callable[..., Path], edit_json: Callable[[Path, str, Any], None]
) -> None:
    folder = save_model("Bert")
    edit_json(folder / "config.json", "model_type", "distilbert")
    edit_json(folder / "config.json", "dim", 24)
    edit_json(folder / "config.json", "n_heads", 3)
    with pytest.raises(RefuseError, match=r"no tensor transformer\.layer\.0"):
        load(folder)


@pytest.mark.parametrize(
    ("key", "value", "tensor"),
    [
        ("vocab_size", 30000, "word_embeddings"),
        ("max_position_embeddings", 512, "position_embeddings"),
        ("type_vocab_size", 3, "token_type_embeddings"),
        ("intermediate_size", 48, "intermediate"),
        ("hidden_size", 48, "word_embeddings"),
    ],
)
def test_weights_of_another_shape(
    save_model: Callable[..., Path],
    edit_json: Callable[[Path, str, Any], None],
    key: str,
    value: int,
    tensor: str,
) -> None:
    folder = save_model("Bert")
    edit_json(folder / "config.json", key, value)
    with pytest.raises(RefuseError, match=rf"{tensor}.* of two models"):
        load(folder)


def test_quantised(save_model: Callable[..., Path], change_weights: Change) -> None:
    folder = save_model("Bert")
    change_weights(folder, lambda tensors: {n: t.char() for n, t in tensors.items()})
    with pytest.raises(RefuseError, match=r"holds torch\.int8.*without quantisation"):
        load(folder)


@pytest.mark.parametrize("kept", [0, 7, 200, -100, -1])
def test_cut_short(save_model: Callable[..., Path], kept: int) -> None:
    folder = save_model("Bert")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:kept])
    with pytest.raises(RefuseError, match="cannot be read as safetensors"):
        load(folder)


def test_pickle_by_another_name(save_model: Callable[..., Path]) -> None:
    folder = save_model("Bert")
    torch.save({"a": torch.ones(2)}, folder / "model.safetensors")
    with pytest.raises(RefuseError, match="cannot be read as safetensors"):
        load(folder)


def test_pickle(save_model: Callable[..., Path]) -> None:
    folder = save_model("Bert")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(RefuseError, match=r"pytorch_model\.bin, a pickle"):
        load(folder)

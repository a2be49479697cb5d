from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.forward import products
from isinglass.transforms.encode.forward.bert import load_bert, read_shape

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

torch = pytest.importorskip("torch")
CPU = torch.device("cpu")
LENGTHS = np.array([17, 9, 9, 9, 2, 1])


def sample_ids() -> NDArray[np.int32]:
    generator = np.random.default_rng(3)
    return generator.integers(1, 30522, int(LENGTHS.sum())).astype(np.int32)


def reference(folder: Path) -> NDArray[np.float32]:
    """Mean hidden states by transformers, one document at a time."""
    import transformers  # noqa: PLC0415

    model = transformers.BertModel.from_pretrained(folder).eval()
    with torch.no_grad():
        means = [
            model(torch.from_numpy(ids.astype(np.int64))[None])
            .last_hidden_state[0]
            .mean(0)
            for ids in np.split(sample_ids(), np.cumsum(LENGTHS)[:-1])
        ]
    vectors: NDArray[np.float32] = torch.stack(means).numpy()
    return vectors


def difference(folder: Path) -> float:
    model = load_bert(folder, CPU)
    assert model is not None
    vectors = model.pooled(sample_ids(), LENGTHS)
    return float(np.abs(vectors - reference(folder)).max())


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("Bert", {}),
        ("Bert", {"hidden_act": "gelu_new"}),
        ("Bert", {"hidden_act": "relu", "layer_norm_eps": 1e-3}),
        ("Bert", {"num_attention_heads": 1, "num_hidden_layers": 1}),
        ("BertForMaskedLM", {}),
    ],
)
@pytest.mark.parametrize("kernel", ["fastest", "plain"])
def test_equals_transformers(
    save_model: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    settings: dict[str, Any],
    kernel: str,
) -> None:
    if kernel == "plain":
        monkeypatch.setattr(products, "onednn_product", lambda *_: None)
    assert difference(save_model(kind, **settings)) < 2e-6


def test_old_names_of_weights(save_model: Callable[..., Path]) -> None:
    from safetensors.torch import load_file, save_file  # noqa: PLC0415

    folder = save_model("Bert")
    expected = reference(folder)
    tensors = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in load_file(folder / "model.safetensors").items()
    }
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    model = load_bert(folder, CPU)
    assert model is not None
    assert np.abs(model.pooled(sample_ids(), LENGTHS) - expected).max() < 2e-6


def test_half_precision_weights_are_widened(save_model: Callable[..., Path]) -> None:
    from safetensors.torch import load_file, save_file  # noqa: PLC0415

    folder = save_model("Bert")
    expected = reference(folder)
    tensors = load_file(folder / "model.safetensors")
    halves = {name: tensor.half() for name, tensor in tensors.items()}
    save_file(halves, folder / "model.safetensors", {"format": "pt"})
    model = load_bert(folder, CPU)
    assert model is not None
    vectors = model.pooled(sample_ids(), LENGTHS)
    assert vectors.dtype == np.float32
    assert 0 < np.abs(vectors - expected).max() < 1e-2


def test_unsound_kernel_is_not_used(
    save_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = products.plain_product
    monkeypatch.setattr(
        products, "onednn_product", lambda *given: lambda x: sound(*given)(x) * 1.01
    )
    assert difference(save_model("Bert")) < 2e-6


@pytest.mark.parametrize(
    "settings",
    [
        {"model_type": "roberta"},
        {"model_type": "bert", "position_embedding_type": "relative_key"},
        {"model_type": "bert", "is_decoder": True},
        {"model_type": "bert", "hidden_act": "silu"},
    ],
)
def test_other_models_are_left_to_transformers(settings: dict[str, Any]) -> None:
    assert read_shape({"vocab_size": 9, **settings}) is None
    assert read_shape({"vocab_size": 9, "model_type": "bert"}) is not None


def test_missing_tensor(save_model: Callable[..., Path]) -> None:
    from safetensors.torch import load_file, save_file  # noqa: PLC0415

    folder = save_model("Bert")
    tensors = load_file(folder / "model.safetensors")
    del tensors["encoder.layer.1.output.dense.bias"]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(RefuseError, match=r"no tensor encoder\.layer\.1\.output"):
        load_bert(folder, CPU)


def test_weights_of_another_model(
    save_model: Callable[..., Path], edit_json: Callable[[Path, str, Any], None]
) -> None:
    folder = save_model("Bert")
    edit_json(folder / "config.json", "vocab_size", 30000)
    with pytest.raises(RefuseError, match="of two models"):
        load_bert(folder, CPU)


def test_cut_short(save_model: Callable[..., Path]) -> None:
    folder = save_model("Bert")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(RefuseError, match="cannot be read as safetensors"):
        load_bert(folder, CPU)

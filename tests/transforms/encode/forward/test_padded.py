from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from isinglass.schemas.errors import MissingExtraError, RefuseError
from isinglass.transforms.encode.encoder import load_encoder
from isinglass.transforms.encode.forward.padded import PaddedModel
from isinglass.transforms.encode.settings import EncodeSettings
from isinglass.transforms.encode.tokenizers.batch import TokenBatch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from isinglass.transforms.encode.encoder import Encoder

torch = pytest.importorskip("torch")

KINDS: list[tuple[str, dict[str, Any]]] = [
    ("Roberta", {"pad_token_id": 1, "max_position_embeddings": 66}),
    ("DistilBert", {"dim": 24, "n_layers": 2, "n_heads": 3, "hidden_dim": 40}),
    ("Bert", {"hidden_act": "silu"}),
]


def load(folder: Path) -> Encoder:
    config = EncodeSettings(
        model=str(folder), tokenizer=str(folder), max_tokens=64, normalise=False
    )
    return load_encoder(config)


def documents(lengths: list[int]) -> TokenBatch:
    values = np.random.default_rng(5).integers(5, 30522, sum(lengths))
    offsets = np.cumsum([0, *lengths]).astype(np.int64)
    return TokenBatch(values.astype(np.int32), offsets)


@pytest.mark.parametrize(("kind", "settings"), KINDS)
def test_equals_transformers_alone_and_together(
    save_model: Callable[..., Path], kind: str, settings: dict[str, Any]
) -> None:
    import transformers  # noqa: PLC0415

    folder = save_model(kind, **settings)
    tokens = documents([3, 40, 1, 64, 40, 7])
    encoder = load(folder)
    assert isinstance(encoder.model, PaddedModel)
    vectors = encoder.encode(tokens)

    model = transformers.AutoModel.from_pretrained(folder).eval()
    for row, vector in enumerate(vectors):
        start, stop = tokens.offsets[row : row + 2]
        ids = tokens.values[start:stop]
        with torch.no_grad():
            hidden = model(torch.from_numpy(ids.astype(np.int64))[None])
        expected = hidden.last_hidden_state[0].mean(0).numpy()
        assert np.abs(vector - expected).max() < 2e-6
        alone = encoder.encode(TokenBatch(ids, np.array([0, len(ids)])))
        assert np.abs(vector - alone[0]).max() <= 1e-6


def test_no_tokens_no_vector(save_model: Callable[..., Path]) -> None:
    encoder = load(save_model("DistilBert", **KINDS[1][1]))
    vectors = encoder.encode(documents([0, 3, 0]))
    assert np.abs(vectors).sum(axis=1).astype(bool).tolist() == [False, True, False]


def test_missing_weight_is_not_made_up(save_model: Callable[..., Path]) -> None:
    from safetensors.torch import load_file, save_file  # noqa: PLC0415

    folder = save_model("Roberta", pad_token_id=1, max_position_embeddings=66)
    tensors = load_file(folder / "model.safetensors")
    gone = next(name for name in tensors if name.endswith("layer.1.output.dense.bias"))
    del tensors[gone]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(RefuseError, match=r"lack .*layer\.1\.output\.dense\.bias"):
        load(folder)


def test_code_in_the_folder_is_not_run(
    save_model: Callable[..., Path], edit_json: Callable[[Path, str, Any], None]
) -> None:
    folder = save_model("Bert", hidden_act="silu")
    (folder / "code.py").write_text("raise SystemExit('ran')")
    edit_json(folder / "config.json", "model_type", "home_made")
    edit_json(folder / "config.json", "auto_map", {"AutoModel": "code.Model"})
    with pytest.raises(RefuseError, match=r"'home_made'.*without running code"):
        load(folder)


def test_encoder_decoder(
    save_model: Callable[..., Path], edit_json: Callable[[Path, str, Any], None]
) -> None:
    folder = save_model("Bert", hidden_act="silu")
    edit_json(folder / "config.json", "is_encoder_decoder", True)  # noqa: FBT003
    with pytest.raises(RefuseError, match="encoder-decoder"):
        load(folder)


def test_needs_transformers(
    save_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save_model("Bert", hidden_act="silu")
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match="transformers"):
        load(folder)

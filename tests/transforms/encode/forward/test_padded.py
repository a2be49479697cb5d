from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from isinglass.schemas.errors import MissingExtraError, RefuseError
from isinglass.transforms.encode.forward.load import load_model
from isinglass.transforms.encode.forward.padded import PaddedModel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Documents = Callable[..., list[NDArray[np.int32]]]

torch = pytest.importorskip("torch")
CPU = torch.device("cpu")


def load(folder: Path, pooling: str = "mean") -> Any:
    return load_model(folder, CPU, "float32", pooling)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("XLM", {"emb_dim": 24, "n_layers": 2, "n_heads": 3}),
        ("ModernBert", {"global_attn_every_n_layers": 2}),
        ("DebertaV2", {"pad_token_id": 0}),
    ],
)
def test_hidden_states_are_packed(
    save_model: Callable[..., Path],
    documents: Documents,
    make_batch: Callable[..., Any],
    kind: str,
    settings: dict[str, Any],
) -> None:
    import transformers  # noqa: PLC0415

    folder = save_model(kind, **settings)
    texts = documents(17, 9, 9, 1)
    model = load(folder)
    assert isinstance(model, PaddedModel)
    assert (model.dimensions, model.attention) == (24, "transformers")
    hidden = model.hidden(make_batch(texts)).numpy()

    alone = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        expected = np.concatenate(
            [
                alone(torch.from_numpy(ids.astype(np.int64))[None])
                .last_hidden_state[0]
                .numpy()
                for ids in texts
            ]
        )
    assert hidden.shape == (36, 24)
    assert np.abs(hidden - expected).max() < 1e-5


def test_first_token_that_sees_no_other(save_model: Callable[..., Path]) -> None:
    settings = {"n_embd": 24, "n_layer": 2, "n_head": 3, "n_positions": 64}
    folder = save_model("GPT2", **settings)
    for pooling in ("cls", "pooler"):
        with pytest.raises(RefuseError, match="from left to right"):
            load(folder, pooling)
    assert load(folder).dimensions == 24


def test_missing_weight_is_not_made_up(
    save_model: Callable[..., Path], change_weights: Callable[..., None]
) -> None:
    folder = save_model("Bert", hidden_act="silu")
    gone = "encoder.layer.1.output.dense.bias"
    change_weights(
        folder, lambda tensors: {n: t for n, t in tensors.items() if n != gone}
    )
    with pytest.raises(RefuseError, match=rf"lack .*{gone}"):
        load(folder)


def test_pooler_is_not_made_up(save_model: Callable[..., Path]) -> None:
    folder = save_model("BertForMaskedLM", hidden_act="silu")
    assert load(folder).padded
    with pytest.raises(RefuseError, match=r"lack pooler\.dense\.bias"):
        load(folder, "pooler")


def test_code_in_the_folder_is_not_run(
    save_model: Callable[..., Path], edit_json: Callable[[Path, str, Any], None]
) -> None:
    folder = save_model("Bert", hidden_act="silu")
    (folder / "code.py").write_text("raise SystemExit('ran')")
    edit_json(folder / "config.json", "model_type", "home_made")
    edit_json(folder / "config.json", "auto_map", {"AutoModel": "code.Model"})
    with pytest.raises(RefuseError, match=r"'home_made'.*without running code"):
        load(folder)


def test_encoder_decoder(save_model: Callable[..., Path]) -> None:
    folder = save_model("T5", d_model=24, d_kv=8, d_ff=40, num_layers=1, num_heads=3)
    with pytest.raises(RefuseError, match="encoder-decoder"):
        load(folder)


def test_model_of_something_else_than_text(save_model: Callable[..., Path]) -> None:
    folder = save_model("Perceiver", num_latents=4, d_latents=8, d_model=8)
    with pytest.raises(RefuseError, match="one hidden state for each token"):
        load(folder)


def test_needs_transformers(
    save_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save_model("Bert", hidden_act="silu")
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match="transformers"):
        load(folder)

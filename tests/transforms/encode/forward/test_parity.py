"""Models of every kind give the vectors that transformers gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.forward import products
from isinglass.transforms.encode.forward.load import load_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Documents = Callable[..., list[NDArray[np.int32]]]
    Vectors = Callable[..., NDArray[np.float32]]

torch = pytest.importorskip("torch")
CPU = torch.device("cpu")

SHIFTED = {"pad_token_id": 1, "max_position_embeddings": 66}
DISTILBERT = {"dim": 24, "n_layers": 2, "n_heads": 3, "hidden_dim": 40}
PACKED: list[tuple[str, dict[str, Any]]] = [
    ("Bert", {}),
    ("Bert", {"hidden_act": "gelu_new"}),
    ("Bert", {"hidden_act": "relu", "layer_norm_eps": 1e-3}),
    ("Bert", {"num_attention_heads": 1, "num_hidden_layers": 1}),
    ("Bert", {"type_vocab_size": 1}),
    ("Roberta", SHIFTED),
    ("XLMRoberta", SHIFTED),
    ("Camembert", SHIFTED),
    ("Electra", {"embedding_size": 24}),
    ("DistilBert", DISTILBERT),
    ("DistilBert", {**DISTILBERT, "sinusoidal_pos_embds": True, "activation": "relu"}),
]
PADDED: list[tuple[str, dict[str, Any]]] = [
    ("Bert", {"hidden_act": "silu"}),
    ("Electra", {"embedding_size": 16}),
    ("MPNet", SHIFTED),
    ("Albert", {"embedding_size": 16}),
    ("GPT2", {"n_embd": 24, "n_layer": 2, "n_head": 3, "n_positions": 64}),
]
WITHOUT_POOLER = {"Electra", "DistilBert", "GPT2"}
CASES = [*PACKED, *PADDED]


@pytest.mark.parametrize(("kind", "settings"), CASES)
def test_equals_transformers(
    save_model: Callable[..., Path],
    documents: Documents,
    run: Vectors,
    reference: Vectors,
    kind: str,
    settings: dict[str, Any],
) -> None:
    folder = save_model(kind, **settings)
    # The longest has as many tokens as there are positions.
    texts = documents(64, 17, 9, 9, 9, 2, 1, 1)
    poolings = ["mean"]
    if kind != "GPT2":
        poolings.append("cls")
    if kind not in WITHOUT_POOLER:
        poolings.append("pooler")
    for pooling in poolings:
        model = load_model(folder, CPU, "float32", pooling)
        assert model.padded is ((kind, settings) in PADDED)
        vectors = run(folder, texts, pooling)
        expected = reference(folder, texts, pooling)
        assert vectors.dtype == np.float32
        assert vectors.shape == (8, model.dimensions) == (8, 24)
        assert np.abs(vectors - expected).max() < 5e-6


@pytest.mark.parametrize("kind", ["Bert", "Roberta", "DistilBert"])
def test_model_with_a_head(
    save_model: Callable[..., Path],
    documents: Documents,
    run: Vectors,
    reference: Vectors,
    kind: str,
) -> None:
    settings = DISTILBERT if kind == "DistilBert" else SHIFTED
    folder = save_model(f"{kind}ForMaskedLM", **settings)
    texts = documents(20, 3)
    assert not load_model(folder, CPU, "float32", "mean").padded
    assert np.abs(run(folder, texts) - reference(folder, texts)).max() < 5e-6


def test_without_private_operators(
    save_model: Callable[..., Path],
    documents: Documents,
    run: Vectors,
    reference: Vectors,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(products, "_laid_out", lambda _: None)
    folder = save_model("Bert")
    texts = documents(17, 9, 9, 1)
    assert np.abs(run(folder, texts) - reference(folder, texts)).max() < 5e-6


@pytest.mark.parametrize("kind", ["Roberta", "XLMRoberta", "Camembert"])
@pytest.mark.parametrize("pad", [0, 1, 7])
def test_padding_id_inside_a_text(
    save_model: Callable[..., Path],
    documents: Documents,
    run: Vectors,
    reference: Vectors,
    kind: str,
    pad: int,
) -> None:
    settings = {"pad_token_id": pad, "max_position_embeddings": 20 + pad + 1}
    folder = save_model(kind, **settings)
    texts = documents(20, 9, 9, 1)
    texts[0][[0, 4, 5, 19]] = pad
    texts[1][3] = pad
    texts[2][8] = pad
    texts[3][0] = pad
    assert np.abs(run(folder, texts) - reference(folder, texts)).max() < 5e-6


@pytest.mark.parametrize(
    ("precision", "least"), [("bfloat16", 0.999), ("float16", 0.99999)]
)
@pytest.mark.parametrize(
    ("kind", "settings"), [("Roberta", SHIFTED), ("Bert", {"hidden_act": "silu"})]
)
def test_half_precision(
    save_model: Callable[..., Path],
    documents: Documents,
    run: Vectors,
    precision: str,
    least: float,
    kind: str,
    settings: dict[str, Any],
) -> None:
    folder = save_model(kind, **settings)
    texts = documents(30, 9, 9, 1)
    for pooling in ("mean", "cls", "pooler"):
        half = run(folder, texts, pooling, precision)
        full = run(folder, texts, pooling)
        assert half.dtype == np.float32
        cosines = (half * full).sum(1) / np.linalg.norm(half, axis=1)
        cosines /= np.linalg.norm(full, axis=1)
        assert least < cosines.min() < 1 - 1e-9


def test_hidden_states_have_the_precision(
    save_model: Callable[..., Path],
    documents: Documents,
    make_batch: Callable[..., Any],
) -> None:
    batch = make_batch(documents(5, 2))
    for kind in ({}, {"hidden_act": "silu"}):
        folder = save_model("Bert", **kind)
        for precision in ("float32", "bfloat16", "float16"):
            model = load_model(folder, CPU, precision, "mean")
            hidden = model.hidden(batch)
            assert hidden.dtype == getattr(torch, precision)
            assert hidden.shape == (7, 24)


@pytest.mark.parametrize(
    ("kind", "settings"), [("Bert", {}), ("Electra", {"embedding_size": 16})]
)
def test_a_document_does_not_depend_on_its_batch(
    save_model: Callable[..., Path],
    documents: Documents,
    run: Vectors,
    kind: str,
    settings: dict[str, Any],
) -> None:
    folder = save_model(kind, **settings)
    (document,) = documents(17)
    long, short = documents(64, 40, seed=4), documents(9, 9, 1, seed=5)
    for pooling in ("mean", "cls"):
        alone = run(folder, [document], pooling)[0]
        for batch in ([*long, document], [document, *short], [*long, document, *short]):
            row = next(i for i, ids in enumerate(batch) if ids is document)
            vector = run(folder, batch, pooling)[row]
            assert np.abs(vector - alone).max() <= 1e-6


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("DistilBert", DISTILBERT),
        ("Electra", {"embedding_size": 24}),
        ("Electra", {"embedding_size": 16}),
    ],
)
def test_no_pooler(
    save_model: Callable[..., Path], kind: str, settings: dict[str, Any]
) -> None:
    with pytest.raises(RefuseError, match=r"no pooler.*mean or cls"):
        load_model(save_model(kind, **settings), CPU, "float32", "pooler")


def test_pooler_missing_from_the_checkpoint(save_model: Callable[..., Path]) -> None:
    folder = save_model("BertForMaskedLM")
    assert not load_model(folder, CPU, "float32", "cls").padded
    with pytest.raises(RefuseError, match=r"no pooler.*mean or cls"):
        load_model(folder, CPU, "float32", "pooler")


def test_too_long(
    save_model: Callable[..., Path], documents: Documents, run: Vectors
) -> None:
    with pytest.raises(RefuseError, match=r"has 65 tokens and the model takes 64"):
        run(save_model("Roberta", **SHIFTED), documents(65))

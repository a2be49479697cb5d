from __future__ import annotations

from typing import Any

import pytest

from isinglass.transforms.encode.forward.architecture import read_shape


@pytest.mark.parametrize(
    "settings",
    [
        {"model_type": "mpnet"},
        {"model_type": "modernbert"},
        {"model_type": "bert", "position_embedding_type": "relative_key"},
        {"model_type": "bert", "is_decoder": True},
        {"model_type": "bert", "add_cross_attention": True},
        {"model_type": "bert", "hidden_act": "silu"},
        {"model_type": "bert", "hidden_size": 100},
        {"model_type": "electra", "hidden_size": 256},
        {"model_type": "roberta", "pad_token_id": None},
        {"model_type": "roberta", "max_position_embeddings": 2},
    ],
)
def test_other_models_are_left_to_transformers(settings: dict[str, Any]) -> None:
    assert read_shape({"vocab_size": 9, **settings}) is None


@pytest.mark.parametrize(
    ("settings", "longest", "width"),
    [
        ({"model_type": "bert"}, 512, 768),
        ({"model_type": "roberta", "max_position_embeddings": 514}, 512, 768),
        ({"model_type": "xlm-roberta", "pad_token_id": 0}, 511, 768),
        ({"model_type": "electra", "embedding_size": 256}, 512, 256),
        ({"model_type": "distilbert", "dim": 24}, 512, 24),
    ],
)
def test_what_is_left_out(settings: dict[str, Any], longest: int, width: int) -> None:
    shape = read_shape({"vocab_size": 9, **settings})
    assert shape is not None
    assert (shape.longest, shape.width) == (longest, width)


@pytest.mark.parametrize(
    "kind", ["Bert", "Roberta", "XLMRoberta", "Camembert", "DistilBert"]
)
def test_defaults_are_those_of_transformers(kind: str) -> None:
    transformers = pytest.importorskip("transformers")
    config = getattr(transformers, f"{kind}Config")()
    short = {"model_type": config.model_type, "vocab_size": config.vocab_size}
    assert read_shape(short) == read_shape(config.to_dict())

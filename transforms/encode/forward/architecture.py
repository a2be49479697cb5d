"""Which models run without padding, and what config.json calls their numbers.

All of them are BERT's encoder (Devlin et al. 2019) with other names, other positions
or without a part: RoBERTa (Liu et al. 2019) and its kin number positions from behind
the padding id, DistilBERT (Sanh et al. 2019) and ELECTRA (Clark et al. 2020) have no
pooler, DistilBERT has no segments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ACTIVATIONS = {
    "gelu": ("gelu", "none"),
    "gelu_python": ("gelu", "none"),
    "gelu_fast": ("gelu", "tanh"),
    "gelu_new": ("gelu", "tanh"),
    "gelu_pytorch_tanh": ("gelu", "tanh"),
    "relu": ("relu", ""),
}
"""By the name in config.json: oneDNN's name, and which approximation of the error
function both libraries take."""

WORDS = "embeddings.word_embeddings.weight"
"""A tensor that all of them have."""

_BERT_PARTS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attention_output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "intermediate": "intermediate.dense",
    "output": "output.dense",
    "output_norm": "output.LayerNorm",
}
_DISTILBERT_PARTS = {
    "query": "attention.q_lin",
    "key": "attention.k_lin",
    "value": "attention.v_lin",
    "attention_output": "attention.out_lin",
    "attention_norm": "sa_layer_norm",
    "intermediate": "ffn.lin1",
    "output": "ffn.lin2",
    "output_norm": "output_layer_norm",
}
_SHIFTED = {"camembert", "roberta", "xlm-roberta"}
_PLAIN = {"bert", "electra"}


@dataclass(frozen=True)
class Shape:
    """The numbers in config.json that decide the forward pass.

    Attributes:
        heads: They divide `width`.
        width: Dimensions of a hidden state; `inner` those inside the feed-forward part.
        epsilon: Added to the variance in layer normalisation.
        vocabulary: Rows of the table of words; `positions` and `segments` likewise.
        segments: 0 for a model without a table of them.
        padding: Id from behind which positions are numbered; None if they begin at 0.
        layer: What the names of a layer's tensors begin with, with `{}` for its number.
        parts: The tensors of a layer by what they do.
        pooler: Whether the architecture has one; the checkpoint may lack it.
    """

    layers: int
    heads: int
    width: int
    inner: int
    epsilon: float
    activation: str
    vocabulary: int
    positions: int
    segments: int
    padding: int | None
    layer: str
    parts: dict[str, str]
    pooler: bool

    @property
    def longest(self) -> int:
        """Most tokens of a document."""
        return self.positions - (0 if self.padding is None else self.padding + 1)


def read_shape(settings: dict[str, Any]) -> Shape | None:
    """The shape of a model that runs without padding; None for every other one.

    What config.json leaves out has the value of the published base model, which is what
    transformers takes.
    """
    kind = settings.get("model_type")
    shape = None
    if kind == "distilbert":
        shape = _distilbert(settings)
    elif kind in _PLAIN | _SHIFTED:
        shape = _bert(settings, kind)
    if (
        shape is None
        or settings.get("is_decoder", False)
        or settings.get("add_cross_attention", False)
        or shape.activation not in ACTIVATIONS
        or shape.width % shape.heads
        or shape.longest <= 0
    ):
        return None
    return shape


def _bert(settings: dict[str, Any], kind: str) -> Shape | None:
    small = kind == "electra"
    width = settings.get("hidden_size", 256 if small else 768)
    if (
        settings.get("position_embedding_type", "absolute") != "absolute"
        or (small and settings.get("embedding_size", 128) != width)
        or (kind in _SHIFTED and settings.get("pad_token_id", 1) is None)
    ):
        return None
    return Shape(
        layers=settings.get("num_hidden_layers", 12),
        heads=settings.get("num_attention_heads", 4 if small else 12),
        width=width,
        inner=settings.get("intermediate_size", 1024 if small else 3072),
        epsilon=settings.get("layer_norm_eps", 1e-12),
        activation=settings.get("hidden_act", "gelu"),
        vocabulary=settings["vocab_size"],
        positions=settings.get("max_position_embeddings", 512),
        segments=settings.get("type_vocab_size", 2),
        padding=settings.get("pad_token_id", 1) if kind in _SHIFTED else None,
        layer="encoder.layer.{}",
        parts=_BERT_PARTS,
        pooler=not small,
    )


def _distilbert(settings: dict[str, Any]) -> Shape:
    return Shape(
        layers=settings.get("n_layers", 6),
        heads=settings.get("n_heads", 12),
        width=settings.get("dim", 768),
        inner=settings.get("hidden_dim", 3072),
        epsilon=1e-12,
        activation=settings.get("activation", "gelu"),
        vocabulary=settings["vocab_size"],
        positions=settings.get("max_position_embeddings", 512),
        segments=0,
        padding=None,
        layer="transformer.layer.{}",
        parts=_DISTILBERT_PARTS,
        pooler=False,
    )

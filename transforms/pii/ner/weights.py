"""Parameters of spaCy's named entity recogniser, read only if it is known exactly.

The network: four hashed embeddings of 96 (norm, prefix, suffix, shape), a maxout layer
with layer norm, four residual convolutions over three tokens (maxout, layer norm), a
linear layer to 64, and the transition model: a lower layer over three features of the
state with maxout of two pieces, and an upper layer with one score for each move.
Sources: Honnibal's transition-based named entities as in spaCy 3
(https://spacy.io/api/architectures#TransitionBasedParser, MultiHashEmbed and
MaxoutWindowEncoder); the shapes are those of en_core_web_sm 3.8.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, PIECES, DEPTH, PAD = 96, 3, 4, 4
HIDDEN, FEATURES, LOWER_PIECES = 64, 3, 2
COLUMNS = ("NORM", "PREFIX", "SUFFIX", "SHAPE")


class UnknownNetworkError(Exception):
    """The model is not the one whose inference is written here; says what differs."""


@dataclass(frozen=True)
class Maxout:
    """A maxout layer with layer norm, its pieces one after the other.

    Attributes:
        weights: float32 (inputs, pieces * 96), so that inputs @ weights is the layer.
        bias: float32 (pieces * 96,).
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    gain: NDArray[np.float32]
    shift: NDArray[np.float32]


@dataclass(frozen=True)
class Weights:
    """All parameters, laid out for this package.

    Attributes:
        embed: thinc layer: uint64 (n, 4) attributes to float32 (n, 384).
        mix: Maxout of the four embeddings.
        linear: float32 (96, 64).
        linear_bias: float32 (64,).
        lower: float32 (3, 64, 128): for each feature, hidden in to two pieces out.
        pad: float32 (3, 128), features of a token that is not there.
        labels: Entity labels; moves of label k are B k, I k, L k, U k.
        upper: float32 (4, labels, 64), by move (B, I, L, U) and label.
        upper_bias: float32 (4, labels).
        out: float32 (64,), of the move O.
    """

    embed: Any = field(repr=False)
    mix: Maxout
    layers: tuple[Maxout, ...]
    linear: NDArray[np.float32]
    linear_bias: NDArray[np.float32]
    lower: NDArray[np.float32]
    lower_bias: NDArray[np.float32]
    pad: NDArray[np.float32]
    labels: tuple[str, ...]
    upper: NDArray[np.float32]
    upper_bias: NDArray[np.float32]
    out: NDArray[np.float32]
    out_bias: float


def read_weights(nlp: Any) -> Weights:
    """Read the parameters of a loaded pipeline.

    Raises:
        UnknownNetworkError: Anything about it is not as expected: then only spaCy
            itself may run it.
    """
    _expect("pipe ner", "ner" in nlp.pipe_names, expected=True)
    ner = nlp.get_pipe("ner")
    for name, expected in (("beam_width", 1), ("incorrect_spans_key", None)):
        _expect(name, ner.cfg.get(name), expected)
    _expect("factory", type(ner).__name__, "EntityRecognizer")
    model = ner.model
    _expect("layers", [node.name for node in model.layers][1:], _UPPER_NAMES)
    _expect("unseen classes", len(model.attrs["unseen_classes"]), 0)
    encoder, lower, upper = model.layers
    embed, mix, layers = _encoder(encoder.layers[0])
    _expect("encoder end", [n.name for n in encoder.layers[1:]], _LINEAR_NAMES)
    linear = encoder.layers[2]
    linear_weights = _param(linear, "W", (HIDDEN, WIDTH))
    lower_weights = _param(lower, "W", (FEATURES, HIDDEN, LOWER_PIECES, HIDDEN))
    count = ner.moves.n_moves
    moves = [ner.moves.get_class_name(number) for number in range(count)]
    labels = _labels(moves)
    scores = _param(upper, "W", (count, HIDDEN))
    bias = _param(upper, "b", (count,))
    order = [[moves.index(f"{kind}-{x}") for x in labels] for kind in "BILU"]
    both = FEATURES, LOWER_PIECES * HIDDEN
    return Weights(
        embed=embed,
        mix=mix,
        layers=layers,
        linear=np.ascontiguousarray(linear_weights.T),
        linear_bias=_param(linear, "b", (HIDDEN,)),
        lower=np.ascontiguousarray(
            lower_weights.transpose(0, 3, 2, 1).reshape(FEATURES, HIDDEN, both[1])
        ),
        lower_bias=_flat(_param(lower, "b", (HIDDEN, LOWER_PIECES)).T),
        pad=np.ascontiguousarray(
            _param(lower, "pad", (1, FEATURES, HIDDEN, LOWER_PIECES))[0]
            .transpose(0, 2, 1)
            .reshape(both)
        ),
        labels=labels,
        upper=np.ascontiguousarray(scores[order]),
        upper_bias=np.ascontiguousarray(bias[order]),
        out=np.ascontiguousarray(scores[moves.index("O")]),
        out_bias=float(bias[moves.index("O")]),
    )


_UPPER_NAMES = ["precomputable_affine", "linear"]
_LINEAR_NAMES = ["list2array", "linear"]


def _expect(what: str, actual: Any, expected: Any) -> None:
    if actual != expected:
        raise UnknownNetworkError(f"{what} is {actual!r}, not {expected!r}")


def _labels(moves: list[str]) -> tuple[str, ...]:
    """Labels in the order of their moves, which ties depend on.

    The walk takes the first of the best among B, then U, then O, so that moves must
    stand in this order, with the labels in the same one for each.
    """
    labels = tuple(move[2:] for move in moves if move.startswith("B-"))
    expected = [f"{kind}-{label}" for kind in "BILU" for label in labels]
    rest = [move for move in moves if move != "U-"]
    _expect("order of moves", rest, [*expected, "O"])
    return labels


def _encoder(node: Any) -> tuple[Any, Maxout, tuple[Maxout, ...]]:
    embedder, convolutions = node.layers
    names = [n.name.split("(")[0] for n in embedder.layers]
    _expect("embedding", names, _EMBED_NAMES)
    _expect("columns", tuple(embedder.layers[0].attrs["columns"]), COLUMNS)
    _expect("padding", convolutions.attrs["pad"], PAD)
    hashed = embedder.layers[2]
    parts = [n for n in hashed.walk(order="dfs_pre") if n.name == "hashembed"]
    _expect("embeddings", [n.get_dim("nO") for n in parts], [WIDTH] * len(COLUMNS))
    columns = [n.attrs["column"] for n in parts]
    _expect("embedded columns", columns, list(range(len(COLUMNS))))
    stack = convolutions.layers[0]
    residuals = [n for n in stack.walk(order="dfs_pre") if n.name.startswith(_RESIDUAL)]
    blocks = [n for n in residuals if len(n.layers) == 1 and ">>residual" not in n.name]
    _expect("convolutions", len(blocks), DEPTH)
    for block in blocks:
        windows = [n for n in block.walk() if n.name == "expand_window"]
        _expect("window", [n.attrs["window_size"] for n in windows], [1])
    mix = _maxout(embedder.layers[3], len(COLUMNS) * WIDTH)
    return hashed, mix, tuple(_maxout(block, PIECES * WIDTH) for block in blocks)


_EMBED_NAMES = [
    "extract_features",
    "list2ragged",
    "with_array",
    "with_array",
    "ragged2list",
]
_RESIDUAL = "residual("


def _maxout(node: Any, inputs: int) -> Maxout:
    leaves = [
        n
        for n in node.walk(order="dfs_pre")
        if not n.layers and n.name != "expand_window"
    ]
    _expect("layer", [n.name for n in leaves], ["maxout", "layernorm", "dropout"])
    maxout, norm, _ = leaves
    weights = _param(maxout, "W", (WIDTH, PIECES, inputs))
    return Maxout(
        weights=np.ascontiguousarray(
            weights.transpose(1, 0, 2).reshape(PIECES * WIDTH, inputs).T
        ),
        bias=_flat(_param(maxout, "b", (WIDTH, PIECES)).T),
        gain=_param(norm, "G", (WIDTH,)),
        shift=_param(norm, "b", (WIDTH,)),
    )


def _flat(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(values.reshape(-1))


def _param(node: Any, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    _expect(f"parameter {name} of {node.name}", node.has_param(name), expected=True)
    value = np.asarray(node.get_param(name))
    _expect(f"shape of {name} of {node.name}", value.shape, shape)
    _expect(f"type of {name} of {node.name}", str(value.dtype), "float32")
    return np.array(value, np.float32, order="C")

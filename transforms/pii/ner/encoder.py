"""Parameters of spaCy's encoder of tokens, read only if it is known exactly.

The network: hashed embeddings of 96, one for each attribute, a maxout layer with layer
norm, and four residual convolutions over three tokens (maxout, layer norm).
Source: MultiHashEmbed and MaxoutWindowEncoder as in spaCy 3
(https://spacy.io/api/architectures); the shapes are those of en_core_web_sm 3.8.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, PIECES, DEPTH, PAD = 96, 3, 4, 4


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
class Encoder:
    """Parameters of an encoder, laid out for this package.

    Attributes:
        columns: Names of the attributes that are embedded.
        embed: thinc layer: uint64 (n, columns) attributes to float32 (n, columns * 96).
        mix: Maxout of the embeddings.
        layers: The convolutions.
    """

    columns: tuple[str, ...]
    embed: Any = field(repr=False)
    mix: Maxout
    layers: tuple[Maxout, ...]


def read_encoder(node: Any, columns: tuple[str, ...]) -> Encoder:
    """Read the parameters of an encoder that embeds the given attributes.

    Raises:
        UnknownNetworkError: Anything about it is not as expected.
    """
    embedder, convolutions = node.layers
    names = [n.name.split("(")[0] for n in embedder.layers]
    expect("embedding", names, _EMBED_NAMES)
    expect("columns", tuple(embedder.layers[0].attrs["columns"]), columns)
    expect("padding", convolutions.attrs["pad"], PAD)
    hashed = embedder.layers[2]
    parts = [n for n in hashed.walk(order="dfs_pre") if n.name == "hashembed"]
    expect("embeddings", [n.get_dim("nO") for n in parts], [WIDTH] * len(columns))
    places = [n.attrs["column"] for n in parts]
    expect("embedded columns", places, list(range(len(columns))))
    stack = convolutions.layers[0]
    residuals = [n for n in stack.walk(order="dfs_pre") if n.name.startswith(_RESIDUAL)]
    blocks = [n for n in residuals if len(n.layers) == 1 and ">>residual" not in n.name]
    expect("convolutions", len(blocks), DEPTH)
    for block in blocks:
        windows = [n for n in block.walk() if n.name == "expand_window"]
        expect("window", [n.attrs["window_size"] for n in windows], [1])
    mix = _maxout(embedder.layers[3], len(columns) * WIDTH)
    convolved = tuple(_maxout(block, PIECES * WIDTH) for block in blocks)
    return Encoder(columns, hashed, mix, convolved)


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
    expect("layer", [n.name for n in leaves], ["maxout", "layernorm", "dropout"])
    maxout, norm, _ = leaves
    weights = param(maxout, "W", (WIDTH, PIECES, inputs))
    return Maxout(
        weights=np.ascontiguousarray(
            weights.transpose(1, 0, 2).reshape(PIECES * WIDTH, inputs).T
        ),
        bias=flat(param(maxout, "b", (WIDTH, PIECES)).T),
        gain=param(norm, "G", (WIDTH,)),
        shift=param(norm, "b", (WIDTH,)),
    )


def expect(what: str, actual: Any, expected: Any) -> None:
    """Raise `UnknownNetworkError` unless a property is the expected one."""
    if actual != expected:
        raise UnknownNetworkError(f"{what} is {actual!r}, not {expected!r}")


def flat(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """One row of values."""
    return np.ascontiguousarray(values.reshape(-1))


def param(node: Any, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """A float32 parameter of a thinc layer, which must be of this shape."""
    expect(f"parameter {name} of {node.name}", node.has_param(name), expected=True)
    value = np.asarray(node.get_param(name))
    expect(f"shape of {name} of {node.name}", value.shape, shape)
    expect(f"type of {name} of {node.name}", str(value.dtype), "float32")
    return np.array(value, np.float32, order="C")

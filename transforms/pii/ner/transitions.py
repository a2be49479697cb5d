"""Parameters of spaCy's transition model, of a recogniser of names or of a parser.

A linear layer from the encoder's vectors to 64, a lower layer over some words of the
state (features) with maxout of two pieces, and an upper layer with a score for each
move. Source: https://spacy.io/api/architectures#TransitionBasedParser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.pii.ner.encoder import WIDTH, expect, flat, param

HIDDEN, LOWER_PIECES = 64, 2
_UPPER_NAMES = ["precomputable_affine", "linear"]
_LINEAR_NAMES = ["list2array", "linear"]


@dataclass(frozen=True)
class Transitions:
    """Parameters, laid out for this package.

    Attributes:
        encoder: thinc layer whose vectors are read.
        linear: float32 (96, 64).
        linear_bias: float32 (64,).
        lower: float32 (features, 64, 128): hidden in to two pieces out.
        lower_bias: float32 (128,).
        pad: float32 (features, 128), of a word that is not there.
        moves: Name of each move.
        scores: float32 (moves, 64).
        score_bias: float32 (moves,).
    """

    encoder: Any
    linear: NDArray[np.float32]
    linear_bias: NDArray[np.float32]
    lower: NDArray[np.float32]
    lower_bias: NDArray[np.float32]
    pad: NDArray[np.float32]
    moves: list[str]
    scores: NDArray[np.float32]
    score_bias: NDArray[np.float32]


def read_transitions(pipe: Any, features: int) -> Transitions:
    """Read the parameters of a loaded pipe.

    Raises:
        UnknownNetworkError: Anything about it is not as expected.
    """
    model = pipe.model
    expect("layers", [node.name for node in model.layers][1:], _UPPER_NAMES)
    expect("unseen classes", len(model.attrs["unseen_classes"]), 0)
    reader, lower, upper = model.layers
    expect("encoder end", [n.name for n in reader.layers[1:]], _LINEAR_NAMES)
    linear, pieces = reader.layers[2], LOWER_PIECES * HIDDEN
    weights = param(lower, "W", (features, HIDDEN, LOWER_PIECES, HIDDEN))
    pad = param(lower, "pad", (1, features, HIDDEN, LOWER_PIECES))[0]
    count = pipe.moves.n_moves
    return Transitions(
        encoder=reader.layers[0],
        linear=np.ascontiguousarray(param(linear, "W", (HIDDEN, WIDTH)).T),
        linear_bias=param(linear, "b", (HIDDEN,)),
        lower=np.ascontiguousarray(
            weights.transpose(0, 3, 2, 1).reshape(features, HIDDEN, pieces)
        ),
        lower_bias=flat(param(lower, "b", (HIDDEN, LOWER_PIECES)).T),
        pad=np.ascontiguousarray(pad.transpose(0, 2, 1).reshape(features, pieces)),
        moves=[pipe.moves.get_class_name(number) for number in range(count)],
        scores=param(upper, "W", (count, HIDDEN)),
        score_bias=param(upper, "b", (count,)),
    )

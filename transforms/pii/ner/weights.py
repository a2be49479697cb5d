"""Parameters of spaCy's named entity recogniser, read only if it is known exactly.

An encoder of norm, prefix, suffix and shape (see `encoder`), and a transition model
over three features of the state (see `transitions`).
Sources: Honnibal's transition-based named entities as in spaCy 3
(https://spacy.io/api/architectures#TransitionBasedParser); the shapes are those of
en_core_web_sm 3.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.pii.ner.encoder import Encoder, expect, read_encoder
from isinglass.transforms.pii.ner.transitions import Transitions, read_transitions

FEATURES = 3
COLUMNS = ("NORM", "PREFIX", "SUFFIX", "SHAPE")


@dataclass(frozen=True)
class Weights:
    """All parameters, laid out for this package.

    Attributes:
        encoder: Its encoder, which it has to itself.
        transitions: Its transition model.
        labels: Entity labels; moves of label k are B k, I k, L k, U k.
        upper: float32 (4, labels, 64), by move (B, I, L, U) and label.
        upper_bias: float32 (4, labels).
        out: float32 (64,), of the move O.
    """

    encoder: Encoder
    transitions: Transitions
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
    expect("pipe ner", "ner" in nlp.pipe_names, expected=True)
    ner = nlp.get_pipe("ner")
    for name, expected in (("beam_width", 1), ("incorrect_spans_key", None)):
        expect(name, ner.cfg.get(name), expected)
    expect("factory", type(ner).__name__, "EntityRecognizer")
    transitions = read_transitions(ner, FEATURES)
    moves = transitions.moves
    scores, bias = transitions.scores, transitions.score_bias
    labels = _labels(moves)
    order = [[moves.index(f"{kind}-{x}") for x in labels] for kind in "BILU"]
    return Weights(
        encoder=read_encoder(transitions.encoder, COLUMNS),
        transitions=transitions,
        labels=labels,
        upper=np.ascontiguousarray(scores[order]),
        upper_bias=np.ascontiguousarray(bias[order]),
        out=np.ascontiguousarray(scores[moves.index("O")]),
        out_bias=float(bias[moves.index("O")]),
    )


def _labels(moves: list[str]) -> tuple[str, ...]:
    """Labels in the order of their moves, which ties depend on.

    The walk takes the first of the best among B, then U, then O, so that moves must
    stand in this order, with the labels in the same one for each.
    """
    labels = tuple(move[2:] for move in moves if move.startswith("B-"))
    expected = [f"{kind}-{label}" for kind in "BILU" for label in labels]
    rest = [move for move in moves if move != "U-"]
    expect("order of moves", rest, [*expected, "O"])
    return labels

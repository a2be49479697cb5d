"""Sentence starts by a parser of spaCy's, equal to its own, from vectors of tokens.

The parser is arc-eager with five moves: shift; reduce, which puts a word without a head
back into the buffer unless it is alone on the stack; left and right arcs; and break,
by which the second word of the buffer begins a sentence. Behind a break only reduce is
left until the stack is empty. A sentence begins at the leftmost word of each tree. As
labels play no part in that, only the best label of each kind of move is looked at.
Sources: Nivre, An Efficient Algorithm for Projective Dependency Parsing (2003);
Honnibal and Johnson, An Improved Non-monotonic Transition System for Dependency
Parsing (2015); spaCy's documentation of the dependency parser, and its behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isinglass.transforms.compiled import njit
from isinglass.transforms.pii.ner.encoder import expect
from isinglass.transforms.pii.ner.transitions import (
    LOWER_PIECES,
    Transitions,
    read_transitions,
)

FEATURES = 8
"""Two words of the buffer, three of the stack; the last left child of the first in the
buffer; the last left and right children of the first on the stack."""

_SHIFT, _REDUCE, _LEFT, _RIGHT, _BREAK = range(5)
_KINDS = "SDLRB"


@dataclass(frozen=True)
class Parser:
    """Parameters of a parser.

    Attributes:
        kinds: int64 (moves,), what each move does, in the order of spaCy's moves.
    """

    transitions: Transitions
    kinds: NDArray[np.int64]


def read_parser(parser: Any) -> Parser:
    """Read the parameters of a loaded pipe.

    Raises:
        UnknownNetworkError: It is not the parser that is written here.
    """
    expect("factory", type(parser).__name__, "DependencyParser")
    expect("beam_width", parser.cfg.get("beam_width"), 1)
    expect("learn_tokens", bool(parser.cfg.get("learn_tokens")), expected=False)
    transitions = read_transitions(parser, FEATURES)
    kinds = [_KINDS.find(move.split("-")[0]) for move in transitions.moves]
    expect("moves without a kind", kinds.count(-1), 0)
    return Parser(transitions, np.array(kinds))


def sentence_starts(
    parser: Parser, vectors: NDArray[np.float32], bounds: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which words begin a sentence, bool (n,).

    Args:
        parser: As it was read.
        vectors: float32 (n, 96), what the encoder makes of the words of some texts.
        bounds: int64 (texts, 2), first word of each text and its end.
    """
    known = parser.transitions
    tokens = vectors @ known.linear + known.linear_bias
    shares = tokens @ np.concatenate(list(known.lower), axis=1)
    layer = known.lower_bias, known.pad, known.scores.T.copy(), known.score_bias
    starts = np.zeros(len(vectors), np.bool_)
    for low, high in bounds.tolist():
        _mark(_heads(shares[low:high], layer, parser.kinds), starts[low:high])
    return starts


@njit(nogil=True)
def _mark(heads: Any, starts: Any) -> None:
    seen = np.zeros(len(heads), np.bool_)
    for word in range(len(heads)):
        root = word
        while heads[root] >= 0:
            root = heads[root]
        starts[word] = not seen[root]
        seen[root] = True


@njit(nogil=True, fastmath=True)
def _best_of_kinds(shares: Any, context: Any, layer: Any, kinds: Any, work: Any) -> Any:
    """Number and score of the best move of each kind."""
    bias, pad, upper, upper_bias = layer
    sums, scores, best, values = work
    wide = len(bias)
    sums[:] = bias
    for feature in range(FEATURES):
        at, word = feature * wide, context[feature]
        if word < 0:
            for j in range(wide):
                sums[j] += pad[feature, j]
        else:
            for j in range(wide):
                sums[j] += shares[word, at + j]
    scores[:] = upper_bias
    hidden = wide // LOWER_PIECES
    for i in range(hidden):
        value = max(sums[i], sums[hidden + i])
        for move in range(len(scores)):
            scores[move] += value * upper[i, move]
    best[:] = -1
    for move in range(len(scores)):
        kind = kinds[move]
        # Of equal scores the first move wins.
        if best[kind] < 0 or scores[move] > values[kind]:
            best[kind], values[kind] = move, scores[move]


@njit(nogil=True)
def _choose(valid: Any, best: Any, values: Any) -> Any:
    chosen = -1
    for kind in range(len(best)):
        if not valid[kind] or best[kind] < 0:
            continue
        better = chosen < 0 or values[kind] > values[chosen]
        same = chosen >= 0 and values[kind] == values[chosen]
        if better or (same and best[kind] < best[chosen]):
            chosen = kind
    return chosen


@njit(nogil=True)
def _heads(shares: Any, layer: Any, kinds: Any) -> Any:
    """Head of each word of one text, -1 of a root."""
    size = len(shares)
    # Head, last child on each side, and the right child before a right child.
    arcs = np.full((4, size), -1, np.int64)
    # The stack, and words that were put back into the buffer.
    piles = np.empty((2, size), np.int64)
    marks = np.zeros((2, size), np.bool_)
    counts = np.zeros(3, np.int64)
    context, valid = np.empty(FEATURES, np.int64), np.empty(len(_KINDS), np.bool_)
    best, values = np.empty(len(_KINDS), np.int64), np.empty(len(_KINDS), np.float32)
    sums = np.empty(len(layer[0]), np.float32)
    work = sums, np.empty(len(layer[3]), np.float32), best, values
    while counts[0] > 0 or counts[1] + size - counts[2] > 0:
        _look(arcs, piles, marks, counts, (context, valid))
        _best_of_kinds(shares, context, layer, kinds, work)
        kind = _choose(valid, best, values)
        if kind < 0:
            break
        _move(kind, context, arcs, piles, marks, counts)
    return arcs[0]


@njit(nogil=True)
def _look(arcs: Any, piles: Any, marks: Any, counts: Any, out: Any) -> None:
    """Words of the state that features are taken of, and which kinds are valid."""
    context, valid = out
    depth, back, fresh = counts
    size = arcs.shape[1]
    left = back + size - fresh
    for place in range(2):
        if place < back:
            context[place] = piles[1, back - 1 - place]
        else:
            ahead = fresh + place - back
            context[place] = ahead if ahead < size else -1
    for place in range(3):
        context[2 + place] = piles[0, depth - 1 - place] if place < depth else -1
    one, two, top = context[0], context[1], context[2]
    context[5] = arcs[1, one] if one >= 0 else -1
    context[6] = arcs[1, top] if top >= 0 else -1
    context[7] = arcs[2, top] if top >= 0 else -1
    joins = depth > 0 and left > 0 and not marks[0, one]
    valid[_SHIFT] = depth == 0 or (left > 1 and joins and not marks[1, one])
    valid[_REDUCE] = depth > 0
    valid[_LEFT] = joins
    valid[_RIGHT] = joins
    valid[_BREAK] = left > 1 and two == one + 1 and not marks[0, two]


@njit(nogil=True)
def _move(
    kind: Any, context: Any, arcs: Any, piles: Any, marks: Any, counts: Any
) -> None:
    heads, lefts, rights, before = arcs
    begins, returned = marks
    one, two, top = context[0], context[1], context[2]
    if kind == _BREAK:
        begins[two] = True
    elif kind == _REDUCE:
        counts[0] -= 1
        if heads[top] < 0 and counts[0] > 0:
            returned[top] = True
            piles[1, counts[1]] = top
            counts[1] += 1
    elif kind == _LEFT:
        if heads[top] >= 0:
            rights[heads[top]] = before[top]
        heads[top], lefts[one] = one, top
        returned[one] = False
        counts[0] -= 1
    else:
        if kind == _RIGHT:
            before[one], rights[top], heads[one] = rights[top], one, top
        piles[0, counts[0]] = one
        counts[0] += 1
        if counts[1] > 0:
            counts[1] -= 1
        else:
            counts[2] += 1

"""Whether the tokens that are said to matter do: without them, and with them alone.

DeYoung et al. 2020 (ERASER), section 4: comprehensiveness is how far a number falls
when the tokens that add most are taken out, sufficiency how far it falls when all
others are. A falling number means less of what the tokens are said to add, whatever the
sign of the number. Both say nothing alone: beside them stands the same with as many
tokens that were drawn at random.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from isinglass.schemas.arrays import Flags, Floats, Integers

SHARE = 0.2
"""Of the tokens of the text, which are taken out or left."""

DRAWS = 3
"""Random sets of tokens beside the chosen one."""

Scores = Callable[[Sequence[Integers]], Floats]
"""Numbers of a document of which only the tokens at these places are left."""


@dataclass(frozen=True)
class Faithfulness:
    """How far a number falls; the random ones are means over `DRAWS`."""

    comprehensiveness: float
    random_comprehensiveness: float
    sufficiency: float
    random_sufficiency: float


def faithfulness(
    scores: Scores, added: Floats, text: Flags, value: float, key: Sequence[int]
) -> Faithfulness | None:
    """Take tokens out of a document, and leave them alone.

    None where the text has too few tokens to part them.

    Args:
        scores: Numbers by the tokens that are left.
        added: What each token adds, (tokens,), of either sign.
        text: Tokens of the text, (tokens,); the others always stay.
        value: The number of the whole document.
        key: Equal ones draw equal tokens.
    """
    places = np.flatnonzero(text)
    size = round(SHARE * len(places))
    if size == 0:
        return None
    direction = 1.0 if added.sum() >= 0 else -1.0
    order = np.argsort(-direction * added[places], kind="stable")
    chance = np.random.default_rng(list(key))
    sets = [np.sort(places[order[:size]])]
    sets += [np.sort(chance.choice(places, size, replace=False)) for _ in range(DRAWS)]
    fixed = np.flatnonzero(~text)
    without = [np.setdiff1d(np.arange(len(text)), one) for one in sets]
    alone = [np.union1d(fixed, one) for one in sets]
    falls = [direction * (value - scores(kept)) for kept in (without, alone)]
    (out, *drawn_out), (left, *drawn_left) = (fall.tolist() for fall in falls)
    return Faithfulness(out, sum(drawn_out) / DRAWS, left, sum(drawn_left) / DRAWS)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from isinglass.transforms.explanations.faithfulness import faithfulness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.schemas.arrays import Floats, Integers
    from isinglass.transforms.explanations.faithfulness import Scores

ADDED = np.array([0.0, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0, -3.0, 1.0, 1.0, 1.0, 0.0])
TEXT = np.array([False, *[True] * 10, False])


def sums(sign: float = 1.0, added: Floats = ADDED) -> Scores:
    def scores(kept: Sequence[Integers]) -> Floats:
        return np.array([sign * added[one].sum() for one in kept])

    return scores


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_what_adds_most_is_taken_out_or_left_alone(sign: float) -> None:
    value = sign * ADDED.sum()
    found = faithfulness(sums(sign), sign * ADDED, TEXT, value, [1])
    assert found is not None
    # Two of ten tokens: 5 and a 1 of the whole 10.
    assert found.comprehensiveness == pytest.approx(6)
    assert found.sufficiency == pytest.approx(4)
    assert found.random_comprehensiveness < found.comprehensiveness
    assert found.random_sufficiency > found.sufficiency


def test_tokens_around_the_text_always_stay() -> None:
    seen: list[Integers] = []

    def scores(kept: Sequence[Integers]) -> Floats:
        seen.extend(kept)
        return np.zeros(len(kept))

    faithfulness(scores, ADDED, TEXT, 0.0, [1])
    assert len(seen) == 8
    assert all({0, 11} <= set(one.tolist()) for one in seen)
    assert [len(one) for one in seen] == [10] * 4 + [4] * 4


def test_random_tokens_hang_on_the_key_alone() -> None:
    keys, added = ([1], [1], [2]), ADDED + np.arange(12) ** 2 / 100
    one, two, other = (
        faithfulness(sums(1.0, added), added, TEXT, 10.0, key) for key in keys
    )
    assert one == two
    assert one != other


def test_a_text_of_two_tokens_cannot_be_parted() -> None:
    text = np.array([False, True, True, False])
    assert faithfulness(sums(), np.zeros(4), text, 0.0, [1]) is None

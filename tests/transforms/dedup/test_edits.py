from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.config import DedupConfig
from isinglass.transforms.dedup.edits import EDITS, Original, new_unit, originals
from isinglass.transforms.dedup.planted import judge
from isinglass.transforms.draws import Draw

TEXT = "One, two three; four five six seven eight."
HAN = "\u732b\u72ac\u9ce5\u9b5a\u866b\u82b1"


@dataclass
class Fixed(Draw):
    """Always the same number."""

    number: float = 0.0

    def share(self) -> float:
        return self.number


def original(text: str, ngram: int = 2, *, by_character: bool = False) -> Original:
    (found,) = originals(pa.array([text]), np.array([by_character]), ngram)
    return found


@pytest.mark.parametrize(
    ("kind", "aim", "number", "expected"),
    [
        ("deletion", 0.5, 0.0, ", two three; four five six seven eight."),
        ("deletion", 0.5, 0.5, "One, two three; four  six seven eight."),
        # Never nothing.
        ("deletion", 0.999, 0.0, ", two three; four five six seven eight."),
        ("deletion", 0.0, 0.0, ", two ; four  six  eight."),
        ("substitution", 0.5, 0.0, "babababa, two three; four five six seven eight."),
        (
            "substitution",
            0.0,
            0.0,
            "babababa, two babababa; four babababa six babababa eight.",
        ),
        ("truncation", 0.5, 0.0, "One, two three; four five"),
        ("truncation", 0.5, 0.5, "four five six seven eight."),
        ("truncation", 1.0, 0.0, "One, two three; four five six seven"),
        ("truncation", 0.0, 0.0, "One, two"),
        ("boilerplate", 0.7, 0.0, f"home home home\n\n{TEXT}"),
        ("boilerplate", 0.99, 0.999, f"{TEXT}\n\nlatest"),
        ("order", 0.5, 0.0, "five six seven eight. two three; four  One, "),
        ("order", 0.9, 0.0, "two three; four five six seven eight. One, "),
    ],
)
def test_words_are_edited(kind: str, aim: float, number: float, expected: str) -> None:
    assert EDITS[kind](original(TEXT), aim, Fixed(b"", 0, number)) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("substitution", "\u4e00" + HAN[1:]),
        ("deletion", HAN[1:]),
        ("truncation", HAN[:3]),
        ("boilerplate", "\u7248" * 5 + f"\n\n{HAN}"),
        ("order", HAN[3:] + HAN[1:3] + HAN[0]),
    ],
)
def test_characters_are_edited(kind: str, expected: str) -> None:
    text = original(HAN, by_character=True)
    assert EDITS[kind](text, 0.5, Fixed(b"", 0, 0.0)) == expected


@pytest.mark.parametrize("aim", [0.7, 0.85, 0.95])
@pytest.mark.parametrize("kind", EDITS)
@pytest.mark.parametrize("by_character", [False, True])
def test_edits_come_near_the_similarity_aimed_at(
    kind: str, aim: float, *, by_character: bool
) -> None:
    chance = random.Random(f"{kind} {aim}")  # noqa: S311 - test data
    if by_character:
        text = "".join(chr(0x4E00 + chance.randrange(20_000)) for _ in range(600))
    else:
        text = " ".join(f"w{chance.randrange(50_000)}" for _ in range(600))
    source = original(text, 5, by_character=by_character)
    copy = EDITS[kind](source, aim, Draw.of(kind))
    pairs = np.array([[0, 1]])
    found, _ = judge(pa.array([text, copy]), pairs, DedupConfig())
    assert found.jaccard[0] == pytest.approx(aim, abs=0.06)


def test_new_units_differ() -> None:
    draw = Draw.of("units")
    for by_character in (False, True):
        text = original(HAN, by_character=by_character)
        units = [new_unit(text, draw) for _ in range(100)]
        assert len(set(units)) > 95
        assert all(unit.isalpha() for unit in units)
        assert all((len(unit) == 1) == by_character for unit in units)

"""Planted edits: near-duplicates of real documents, of every kind, from a seed."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from isinglass.schemas.config import NormaliseConfig
from isinglass.transforms.dedup.edits import (
    EDITS,
    Edit,
    Original,
    change_units,
    new_unit,
    originals,
)
from isinglass.transforms.dedup.shingles import CHARACTER_UNIT, shingle
from isinglass.transforms.draws import Draw
from isinglass.transforms.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TOKEN = re.compile(r"\S+")
LEAST_WORDS, MOST_WORDS = 40, 5_000
LEAST_JACCARD = 0.45
NGRAM = 5


@dataclass(frozen=True)
class Planted:
    """An edited text.

    Attributes:
        origin: Index of the document that it was made from.
        kind: Names of the edits, joined by ` + `.
        text: The edited text.
    """

    origin: int
    kind: str
    text: str


def _edited(text: str, chance: random.Random, edit: Edit) -> str:
    """A text after an edit of the product, aimed at a drawn similarity."""
    form = normalise(pa.array([text]), NormaliseConfig())
    by_character = shingle(form, NGRAM).unit == CHARACTER_UNIT
    (original,) = originals(pa.array([text]), by_character, NGRAM)
    draw = Draw.of(str(chance.getrandbits(64)))
    return edit(original, chance.uniform(LEAST_JACCARD, 0.999), draw)


def insert(original: Original, aim: float, draw: Draw) -> str:
    """New units after some."""
    lost = (NGRAM - 1) + NGRAM * aim
    count = round(original.shingles * (1 - aim) / lost)
    return change_units(
        original, count, lambda unit: f"{unit} {new_unit(original, draw)}", draw
    )


def change_case(text: str, chance: random.Random) -> str:
    """All capitals, all small, swapped, or capitals at random words."""
    way = chance.randrange(4)
    if way == 0:
        return text.upper()
    if way == 1:
        return text.lower()
    if way == 2:  # noqa: PLR2004
        return text.swapcase()
    return TOKEN.sub(
        lambda word: word[0].upper() if chance.random() < 0.3 else word[0],  # noqa: PLR2004
        text,
    )


def change_white_space(text: str, chance: random.Random) -> str:
    """Other white space between words, and some around the text."""
    spaces = [" ", "  ", "\n", "\n\n", "\t", " \r\n ", "\u00a0", "\u2003", "\u3000"]
    middle = re.sub(r"\s+", lambda _: chance.choice(spaces), text.strip())
    return chance.choice(["", "\n", "  "]) + middle + chance.choice(["", "\n\n"])


def change_punctuation(text: str, chance: random.Random) -> str:
    """Marks between words replaced, dropped or added; words stay as they are."""
    marks = [",", ";", ".", " -", "!", " (", ")", "\u2026", "\u201d", "?!", " \u2014"]

    def mark(space: re.Match[str]) -> str:
        if chance.random() < 0.3:  # noqa: PLR2004
            return chance.choice(marks) + space[0]
        return space[0]

    bare = re.sub(r"[.,;:!?]+(?=\s)", "", text)
    return re.sub(r"\s+", mark, bare) + chance.choice(["", ".", " ..."])


KINDS: dict[str, Callable[[str, random.Random], str]] = {
    **{kind: partial(_edited, edit=edit) for kind, edit in EDITS.items()},
    "insertion": partial(_edited, edit=insert),
    "case": change_case,
    "white space": change_white_space,
    "punctuation": change_punctuation,
}
FORMAT_KINDS = frozenset({"case", "white space", "punctuation"})
"""Kinds that leave the words as they are, so that J should be 1."""


def plant(texts: Sequence[str], count: int, seed: int) -> list[Planted]:
    """Make edited texts: every kind as often, and one in six edited twice.

    Args:
        texts: Real documents; those of 40 to 5,000 words are edited, and none is
            used more often than it has to be.
        count: Edited texts to make.
        seed: Of every choice.

    Returns:
        `count` texts. A document that is edited twice has a chain of two: the second
        is made from the first, and both are in the result.

    Raises:
        ValueError: No document has a fitting length.
    """
    chance = random.Random(seed)  # noqa: S311 - chosen, not secret
    fitting = [
        number
        for number, text in enumerate(texts)
        if LEAST_WORDS <= len(TOKEN.findall(text)) <= MOST_WORDS
    ]
    if not fitting:
        msg = f"No text has {LEAST_WORDS} to {MOST_WORDS} words."
        raise ValueError(msg)
    planted: list[Planted] = []
    names = list(KINDS)
    while len(planted) < count:
        for origin in chance.sample(fitting, len(fitting)):
            kind = names[len(planted) % len(names)]
            text = KINDS[kind](texts[origin], chance)
            planted.append(Planted(origin, kind, text))
            again = chance.choice(names)
            if chance.random() < 1 / 5 and len(TOKEN.findall(text)) >= LEAST_WORDS:
                text = KINDS[again](text, chance)
                planted.append(Planted(origin, f"{kind} + {again}", text))
            if len(planted) >= count:
                break
    return planted[:count]

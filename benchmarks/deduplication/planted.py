"""Planted edits: near-duplicates of real documents, of every kind, from a seed."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TOKEN = re.compile(r"\S+")
LEAST_WORDS, MOST_WORDS = 40, 5_000
LEAST_JACCARD = 0.45
_BOILERPLATE = (
    "subscribe to the newsletter of this site and read more every week",
    "all rights reserved no part of this page may be used elsewhere",
    "share this page with your friends or save it for later",
    "home about contact search archive categories tags help",
)


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


def _share(chance: random.Random) -> float:
    """A Jaccard similarity to aim at."""
    return chance.uniform(LEAST_JACCARD, 0.999)


def _new_word(chance: random.Random) -> str:
    return f"{chance.choice('bdgklmnprstvz')}o{chance.randrange(10**7)}"


def _places(count: int, lost: int, chance: random.Random) -> list[int]:
    """Places to edit so that about the wanted share of 5-grams survives.

    An edit far from others changes `lost` shingles on each side; J is then
    (n - lost k) / (n + lost k), solved for k.
    """
    share = _share(chance)
    edits = round(count * (1 - share) / (lost * (1 + share)))
    return sorted(chance.sample(range(count), max(1, min(edits, count // 2))))


def _edit_tokens(text: str, chance: random.Random, change: Callable[[str], str]) -> str:
    """Change some tokens; all white space between them stays."""
    spans = [found.span() for found in TOKEN.finditer(text)]
    parts, end = [], 0
    for place in _places(len(spans), 5, chance):
        start, stop = spans[place]
        parts += [text[end:start], change(text[start:stop])]
        end = stop
    return "".join([*parts, text[end:]])


def substitute(text: str, chance: random.Random) -> str:
    """Other words in the place of some."""
    return _edit_tokens(text, chance, lambda _: _new_word(chance))


def delete(text: str, chance: random.Random) -> str:
    """Some words gone."""
    return _edit_tokens(text, chance, lambda _: "")


def insert(text: str, chance: random.Random) -> str:
    """New words after some."""
    return _edit_tokens(text, chance, lambda word: f"{word} {_new_word(chance)}")


def truncate_tail(text: str, chance: random.Random) -> str:
    """Only the first part."""
    spans = [found.end() for found in TOKEN.finditer(text)]
    return text[: spans[int(len(spans) * _share(chance)) - 1]]


def truncate_head(text: str, chance: random.Random) -> str:
    """Only the last part."""
    spans = [found.start() for found in TOKEN.finditer(text)]
    return text[spans[int(len(spans) * (1 - _share(chance)))] :]


def _boilerplate(text: str, chance: random.Random) -> str:
    """A lead or a foot of site texts with a number in each line."""
    share = _share(chance)
    wanted = len(TOKEN.findall(text)) * (1 - share) / share
    lines: list[str] = []
    words = 0
    while words < max(1.0, wanted):
        line = f"{chance.choice(_BOILERPLATE)} {chance.randrange(10**6)}".split()
        line = line[: max(1, round(wanted) - words)]
        lines.append(" ".join(line))
        words += len(line)
    return "\n".join(lines)


def prepend(text: str, chance: random.Random) -> str:
    """Boilerplate before the text."""
    return f"{_boilerplate(text, chance)}\n\n{text}"


def append(text: str, chance: random.Random) -> str:
    """Boilerplate after the text."""
    return f"{text}\n\n{_boilerplate(text, chance)}"


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


def reorder(text: str, chance: random.Random) -> str:
    """Paragraphs, or stretches of lines or words, in another order.

    Shingles that run over a border are lost, so the stretches are long.
    """
    pieces = re.split(r"\n\s*\n", text)
    joint = "\n\n"
    if len(pieces) < 3:  # noqa: PLR2004
        words = text.split()
        parts = chance.randint(3, 3 + len(words) // 60)
        length = -(-len(words) // parts)
        pieces = [
            " ".join(words[at : at + length]) for at in range(0, len(words), length)
        ]
    first = chance.randrange(len(pieces) - 1)
    second = chance.randrange(first + 1, len(pieces))
    pieces[first], pieces[second] = pieces[second], pieces[first]
    return joint.join(pieces)


KINDS: dict[str, Callable[[str, random.Random], str]] = {
    "substitution": substitute,
    "deletion": delete,
    "insertion": insert,
    "truncated tail": truncate_tail,
    "truncated head": truncate_head,
    "boilerplate before": prepend,
    "boilerplate after": append,
    "case": change_case,
    "white space": change_white_space,
    "punctuation": change_punctuation,
    "paragraph order": reorder,
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

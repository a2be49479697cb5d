"""Edits that make a near-duplicate of a text, as alike to it as is asked for.

The Jaccard similarity that they aim at follows from how many shingles an edit costs: a
shingle is `ngram` units, so a changed unit costs that many on either side. Repeats in a
text and edits close to each other move it; who needs the similarity measures it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import pyarrow as pa

from isinglass.schemas.arrays import Flags
from isinglass.transforms.draws import Draw
from isinglass.transforms.units import unit_spans

_SYLLABLES = [first + vowel for first in "bdgklmnprstvz" for vowel in "aeiou"]
_HAN = 0x4E00, 0x9FA5
"""First code point of the Han block (Unicode Standard, Blocks.txt), and the end of its
oldest part."""

_SITE_WORDS = (
    "home about contact search archive categories tags help newsletter subscribe share "
    "save print read more every week all rights reserved no part of this page may be "
    "used elsewhere with your friends for later terms privacy cookies accept settings "
    "follow us comments log in register next previous related popular latest"
)
_SITE_CHARACTERS = (
    "版权所有未经许可不得转载分享本页或收藏以便日后阅读首关于联系搜索归档类标签帮助"
    "订站每周更多内容"
)


@dataclass(frozen=True)
class Original:
    """A text to be edited.

    Attributes:
        spans: First code point of each unit and one past its last.
        by_character: Whether most units are characters of unspaced scripts.
        ngram: Units in a shingle.
    """

    text: str = field(repr=False)
    spans: list[tuple[int, int]]
    by_character: bool
    ngram: int

    @property
    def shingles(self) -> int:
        """Shingles with repeats; at least 1."""
        return max(1, len(self.spans) - self.ngram + 1)


Edit = Callable[[Original, float, Draw], str]
"""Of a text, the similarity to aim at (0 to 1) and choices, a changed text."""


def originals(
    texts: pa.StringArray, by_character: Flags, ngram: int
) -> Iterator[Original]:
    """Cut texts without nulls into the units that they are compared by."""
    spans, ends = unit_spans(texts)
    rows = zip(texts.to_pylist(), pairwise(ends.tolist()), by_character, strict=True)
    for text, (start, stop), characters in rows:
        own = list(map(tuple, spans[start:stop].tolist()))
        yield Original(text, own, bool(characters), ngram)


def change_units(
    original: Original, count: int, change: Callable[[str], str], draw: Draw
) -> str:
    """Change about `count` units at drawn places, spread over the whole text."""
    units = len(original.spans)
    count = min(max(1, count), units)
    parts, end = [], 0
    for index in range(count):
        start, stop = original.spans[int((index + draw.share()) * units / count)]
        parts += [original.text[end:start], change(original.text[start:stop])]
        end = stop
    return "".join([*parts, original.text[end:]])


def new_unit(original: Original, draw: Draw) -> str:
    """An invented word, or a Han character."""
    if original.by_character:
        first, end = _HAN
        return chr(first + int(draw.share() * (end - first)))
    return "".join(draw.choice(_SYLLABLES) for _ in range(4))


def substitute(original: Original, aim: float, draw: Draw) -> str:
    """Other units in the place of some."""
    lost = original.ngram * (1 + aim)
    count = round(original.shingles * (1 - aim) / lost)
    return change_units(original, count, lambda _: new_unit(original, draw), draw)


def delete(original: Original, aim: float, draw: Draw) -> str:
    """Some units gone."""
    lost = original.ngram + (original.ngram - 1) * aim
    count = round(original.shingles * (1 - aim) / lost)
    return change_units(original, count, lambda _: "", draw)


def truncate(original: Original, aim: float, draw: Draw) -> str:
    """Only the first part, or only the last."""
    shingles = min(max(1, round(original.shingles * aim)), original.shingles - 1)
    units = shingles + original.ngram - 1
    if draw.share() < 1 / 2:
        return original.text[: original.spans[units - 1][1]]
    return original.text[original.spans[-units][0] :]


def surround(original: Original, aim: float, draw: Draw) -> str:
    """Words of a site, in any order, before or after."""
    wanted = max(1, round(original.shingles * (1 - aim) / aim))
    known = _SITE_CHARACTERS if original.by_character else _SITE_WORDS.split()
    joint = "" if original.by_character else " "
    site = joint.join(draw.choice(known) for _ in range(wanted))
    parts = [site, original.text] if draw.share() < 1 / 2 else [original.text, site]
    return "\n\n".join(parts)


def reorder(original: Original, aim: float, draw: Draw) -> str:
    """Stretches of the text in another order."""
    lost = max(1, original.ngram - 1) * (1 + aim)
    inner = len(original.spans) - 1
    borders = min(max(1, round(original.shingles * (1 - aim) / lost)), inner)
    units = [
        1 + int((index + draw.share()) * inner / borders) for index in range(borders)
    ]
    edges = [0, *(original.spans[unit][0] for unit in units), len(original.text)]
    pieces = [original.text[start:stop] for start, stop in pairwise(edges)]
    drawn = draw.shuffled(pieces)
    joint = "" if original.by_character else " "
    return joint.join(pieces[::-1] if drawn == pieces else drawn)


EDITS: Mapping[str, Edit] = {
    "substitution": substitute,
    "deletion": delete,
    "truncation": truncate,
    "boilerplate": surround,
    "order": reorder,
}
"""Every kind; a text needs at least two shingles."""

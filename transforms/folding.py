"""Normalised characters with the places in the given text that they come from.

`transforms.normalise` says what a text is compared as, and forgets where its
characters were. Here the same steps are taken for one text, and each resulting
character keeps its span. White space stays as it is: it is part of no shingle.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from isinglass.transforms.normalise import DIGIT, DOTTED, composing_table, fold_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isinglass.schemas.config.normalise import NormaliseConfig

_SPACE, _ZERO = 0x20, 0x30
_SMALL_I, _COMBINING_DOT = 0x69, 0x307
_REMEMBERED = 4096


@dataclass(frozen=True, eq=False)
class Folded:
    """Normalised characters; all arrays of shape (n,).

    Attributes:
        codes: int64, code points.
        starts: int64, code point of the given text where each comes from.
        stops: int64, one past its end. Characters that come from one cluster have
            the same span.
    """

    codes: NDArray[np.int64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]


def fold(text: str, config: NormaliseConfig) -> Folded:
    """Normalise a text and keep the places of its characters.

    Args:
        text: Valid Unicode without surrogates.
        config: Which steps are taken.
    """
    codes = _code_points(text)
    places = np.arange(len(codes), dtype=np.int64)
    folded = Folded(codes, places, places + 1)
    table = composing_table()
    composes = config.nfc and bool(table[codes].any())
    if composes:
        folded = _compose(folded)
    folded = _fold_case(folded, config)
    # As in `normalise`: some pairs compose in lower case only.
    return _compose(folded) if composes else folded


def _code_points(text: str) -> NDArray[np.int64]:
    return np.frombuffer(text.encode("utf-32-le"), "<u4").astype(np.int64)


def _compose(folded: Folded) -> Folded:
    """NFC, cluster by cluster.

    A cluster is a character and all that follows it that may join to what stands
    before; nothing composes across the border of two of them (Unicode Standard
    Annex 15, section 9).
    """
    marks = composing_table()[folded.codes] != 0
    joins = _joining(folded.codes, marks)
    joins[:1] = False
    heads = np.flatnonzero(~joins)
    edges = np.append(heads, len(marks))
    # Only clusters with a character that NFC may change are looked at.
    changing = np.add.reduceat(marks, heads) > 0 if len(heads) else heads > 0
    begins, ends = edges[:-1][changing], edges[1:][changing]
    text = folded.codes.astype("<u4").tobytes().decode("utf-32-le")
    changed: list[tuple[int, int]] = []
    made: list[str] = []
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        cluster = text[begin:end]
        composed = _nfc(cluster)
        if composed != cluster:
            changed.append((begin, end))
            made.append(composed)
    return _replace(folded, np.array(changed, np.int64).reshape(-1, 2), made)


def _joining(codes: NDArray[np.int64], marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which characters may join to the one before, by how they decompose."""
    joins = np.zeros(len(codes), np.bool_)
    distinct, places = np.unique(codes[marks], return_inverse=True)
    first = [ord(unicodedata.normalize("NFD", chr(code))[0]) for code in distinct]
    joins[marks] = composing_table()[np.array(first, np.int64)][places] != 0
    return joins


@lru_cache(maxsize=_REMEMBERED)
def _nfc(cluster: str) -> str:
    return unicodedata.normalize("NFC", cluster)


def _replace(folded: Folded, spans: NDArray[np.int64], made: list[str]) -> Folded:
    """Put other characters in the place of some spans."""
    if not made:
        return folded
    begins, ends = spans[:, 0], spans[:, 1]
    step = np.zeros(len(folded.codes) + 1, np.int64)
    step[begins] += 1
    np.subtract.at(step, ends, 1)
    inside = np.cumsum(step)[:-1] > 0
    count = np.where(inside, 0, 1)
    count[begins] = [len(text) for text in made]
    stops = folded.stops.copy()
    stops[begins] = folded.stops[ends - 1]
    codes = np.repeat(folded.codes, count)
    codes[np.repeat(inside, count)] = _code_points("".join(made))
    return Folded(codes, np.repeat(folded.starts, count), np.repeat(stops, count))


def _fold_case(folded: Folded, config: NormaliseConfig) -> Folded:
    table = fold_table(
        lower_case=config.lower_case,
        white_space=config.white_space,
        numbers=config.numbers,
    )
    codes = table[folded.codes].astype(np.int64)
    if (codes == DOTTED).any():
        dotted = codes == DOTTED
        count = np.where(dotted, 2, 1)
        second = np.cumsum(count)[dotted] - 1
        codes = np.repeat(np.where(dotted, _SMALL_I, codes), count)
        codes[second] = _COMBINING_DOT
        starts, stops = np.repeat([folded.starts, folded.stops], count, axis=1)
        folded = Folded(codes, starts, stops)
    digits = codes == DIGIT
    # What else is negative is white space.
    codes[codes < 0] = _SPACE
    if not digits.any():
        return replace(folded, codes=codes)
    codes[digits] = _ZERO
    first = digits & ~np.append(False, digits[:-1])
    last = digits & ~np.append(digits[1:], False)
    stops = folded.stops.copy()
    stops[first] = folded.stops[last]
    stays = first | ~digits
    return Folded(codes[stays], folded.starts[stays], stops[stays])

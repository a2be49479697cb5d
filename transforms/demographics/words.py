"""What a word of a lexicon is: folded code points, as texts are split."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.lexicon import shown
from isinglass.transforms import characters
from isinglass.transforms.characters import CODE_POINTS, class_table
from isinglass.transforms.normalise import fold_table

BREAK, WORD, MARK, FORMAT, SINGLE, SOFT, UNDERSCORE = range(7)
"""What a code point does; see `character_table`."""

KIND_SHIFT = 24
MAX_WORD = 32
MAX_PHRASE = 8
_SOFT = " \t\n\r\u00a0'\u2019-\u2010\u2011"
_BETWEEN = re.compile(f"[{re.escape(_SOFT)}]+")


@cache
def character_table() -> NDArray[np.int32]:
    """Return the folded code point of each code point, and its kind in the top byte.

    Words follow Unicode Standard Annex 29 but for apostrophes, which part words here
    so that `he's` holds `he`. Kinds: WORD is a letter or digit; MARK continues a
    word; FORMAT (soft hyphen, joiners) is skipped within one; SINGLE is a word by
    itself (a letter of an unspaced script); SOFT may stand between the words of a
    phrase; UNDERSCORE
    joins two words but not the outside of one; BREAK is all else.
    """
    classes = class_table()
    kinds = np.full(CODE_POINTS, BREAK, np.int32)
    kinds[classes & characters.WORD > 0] = WORD
    kinds[classes & characters.UNSPACED > 0] = SINGLE
    kinds[classes & characters.MARK > 0] = MARK
    kinds[classes & characters.FORMAT > 0] = FORMAT
    kinds[ord("_")] = UNDERSCORE
    for character in _SOFT:
        kinds[ord(character)] = SOFT
    folded = np.where(fold_table() < 0, np.arange(CODE_POINTS), fold_table())
    table: NDArray[np.int32] = (folded | kinds << KIND_SHIFT).astype(np.int32)
    table.flags.writeable = False
    return table


def split_words(entry: str) -> list[tuple[int, ...]]:
    """Split a term or veto into words of folded code points, as texts are split.

    Raises:
        ValueError: There are no words, too many, or one is too long.
    """
    table = character_table()
    text = entry if entry.isascii() else unicodedata.normalize("NFC", entry)
    pieces = _BETWEEN.split(text)
    words: list[tuple[int, ...]] = []
    for piece in pieces:
        codes = [*map(ord, piece)]
        entries = table[codes].tolist()
        kinds = {entry >> KIND_SHIFT for entry in entries}
        if kinds == {SINGLE}:
            words.extend((code,) for code in codes)
        elif kinds in ({WORD}, {WORD, MARK}):
            words.append(tuple(entry & ((1 << KIND_SHIFT) - 1) for entry in entries))
        else:
            raise ValueError(
                f"lexicon entry {shown(entry)}: {shown(piece)} is not a word; use "
                "letters and digits, parted by spaces, hyphens or apostrophes"
            )
    if len(words) > MAX_PHRASE or max(map(len, words)) > MAX_WORD:
        raise ValueError(
            f"lexicon entry {shown(entry)} is too long: at most {MAX_PHRASE} words of "
            f"{MAX_WORD} characters"
        )
    return words

"""What each character is: of a word, a mark, a border, or nothing that a reader sees.

This is the one place that says so; units, normal forms, counts, mentions and the
borders of personal data follow it. The model is Unicode Standard Annex 29 (word
boundaries): marks and format characters belong to what stands before them (rule WB4),
and a zero width space is a border. Tables over all code points are built once a process
from the interpreter's own Unicode database.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

CODE_POINTS = 0x110000

WORD, UNSPACED, MARK, FORMAT, STACKER = 1, 2, 4, 8, 16
"""Classes of code points; see `class_table`."""

ZERO_WIDTH_SPACE = 0x200B
"""A border between words though it is of category Cf (Annex 29, table 3)."""

# Blocks of the scripts that write no spaces between words: their letters have the line
# breaking classes SA, ID, CJ, AK, AP or AS (Unicode Standard Annex 14, LineBreak.txt).
UNSPACED_BLOCKS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x1B00, 0x1B7F),  # Balinese
    (0x1BC0, 0x1BFF),  # Batak
    (0x3005, 0x3007),  # Han iteration mark, closing mark and zero
    (0x3021, 0x3035),  # Hangzhou numerals, kana repeat marks
    (0x3038, 0x303C),  # Hangzhou numerals, vertical iteration mark
    (0x3040, 0x312F),  # Hiragana, Katakana, Bopomofo
    (0x31A0, 0x31BF),  # Bopomofo extended
    (0x31F0, 0x31FF),  # Katakana phonetic extensions
    (0x3400, 0x4DBF),  # Han extension A
    (0x4E00, 0xA4CF),  # Han, Yi
    (0xA980, 0xA9DF),  # Javanese
    (0xA9E0, 0xA9FF),  # Myanmar extended B
    (0xAA00, 0xAADF),  # Cham, Myanmar extended A, Tai Viet
    (0xF900, 0xFAFF),  # Han compatibility
    (0xFF66, 0xFF9F),  # half-width Katakana
    (0x11000, 0x1107F),  # Brahmi
    (0x11300, 0x1137F),  # Grantha
    (0x11700, 0x1174F),  # Ahom
    (0x11900, 0x1195F),  # Dives Akuru
    (0x11EE0, 0x11F5F),  # Makasar, Kawi
    (0x16FE0, 0x18DFF),  # Tangut, Khitan
    (0x1AFF0, 0x1B2FF),  # Kana supplement and extensions, Nushu
    (0x20000, 0x323AF),  # Han extensions B to H
)

# Joins the consonant behind it to the one before: Indic_Syllabic_Category
# Invisible_Stacker, and viramas that stack (IndicSyllabicCategory.txt).
_STACKERS = (0x1039, 0x17D2, 0x1A60, 0x1B44, 0xA9C0, 0x11046, 0x1134D, 0x1193E, 0x11F42)

# Invisible though of another category than Cf, and a part of what stands before: the
# grapheme joiner, inherent vowels of Khmer, selectors of variants; the keycap.
_LIKE_FORMAT = (
    (0x34F, 0x34F),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x20E3, 0x20E3),
    (0xFE00, 0xFE0F),
    (0xE0100, 0xE01EF),
)
# Of category Cf and seen all the same: signs that span the digits or letters after
# them (PropList.txt, Prepended_Concatenation_Mark).
_SEEN = (
    *range(0x600, 0x606),
    0x6DD,
    0x70F,
    0x890,
    0x891,
    0x8E2,
    0x110BD,
    0x110CD,
)
# Fillers and the braille cell without dots leave no mark on a page, either, nor does
# what is set aside for more (DerivedCoreProperties.txt, Default_Ignorable_Code_Point).
_FILLERS = (
    (0x115F, 0x1160),
    (0x2065, 0x2065),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
)


def assigned_code_points() -> chain[int]:
    """Yield the code points of all planes that hold assigned characters.

    Planes 4 to 13 are unassigned and 15 and 16 are private, so that nothing there is
    a letter, white space or a combining mark.
    """
    return chain(range(0x40000), range(0xE0000, 0xE1000))


def _ranges(ranges: tuple[tuple[int, int], ...]) -> list[int]:
    return [code for first, last in ranges for code in range(first, last + 1)]


@cache
def class_table() -> NDArray[np.uint8]:
    """Return what each code point is.

    - `WORD`: a letter or digit, or the underscore; words are runs of them.
    - `WORD | UNSPACED`: a letter of a script without spaces between words, which is a
      unit by itself.
    - `MARK`: belongs to the letter before it, and tells it from others.
    - `MARK | STACKER`: so does the next letter of its script.
    - `FORMAT`: belongs to what stands before it and says nothing: soft hyphens,
      joiners, marks of direction, selectors of variants, keycaps.
    - 0: a border.
    """
    table = np.zeros(CODE_POINTS, np.uint8)
    categories = {
        code: unicodedata.category(chr(code)) for code in assigned_code_points()
    }
    table[[code for code in categories if chr(code).isalnum()]] = WORD
    table[ord("_")] = WORD
    letters = [
        c for c in _ranges(UNSPACED_BLOCKS) if table[c] and not chr(c).isdecimal()
    ]
    table[letters] |= UNSPACED
    table[[code for code, kind in categories.items() if kind[0] == "M"]] = MARK
    table[list(_STACKERS)] |= STACKER
    table[[code for code, kind in categories.items() if kind == "Cf"]] = FORMAT
    table[_ranges(_LIKE_FORMAT)] = FORMAT
    table[[ZERO_WIDTH_SPACE, *_SEEN]] = 0
    table.flags.writeable = False
    return table


@cache
def white_table() -> NDArray[np.uint8]:
    """Return 1 for each code point that is white space (`str.isspace`), else 0."""
    table = np.zeros(CODE_POINTS, np.uint8)
    table[[code for code in assigned_code_points() if chr(code).isspace()]] = 1
    table.flags.writeable = False
    return table


@cache
def blank_table() -> NDArray[np.uint8]:
    """Return 1 for each code point that leaves no mark on a page, else 0.

    They are white space, control and format characters, and ignorable ones. NUL is
    none of them, since no text holds it.
    """
    table = white_table().copy()
    hidden = [
        code
        for code in assigned_code_points()
        if unicodedata.category(chr(code)) in {"Cc", "Cf"}
    ]
    table[hidden] = 1
    table[_ranges(_LIKE_FORMAT)] = 1
    table[_ranges(_FILLERS)] = 1
    table[[0, 0x20E3, *_SEEN]] = 0
    table.flags.writeable = False
    return table


def without_marks(text: str) -> str:
    """A text without the characters that belong to the one before them.

    A letter and its marks become the letter: one character for each that a reader sees.
    """
    if text.isascii():
        return text
    classes = class_table()
    return "".join(c for c in text if not classes[ord(c)] & (MARK | FORMAT))

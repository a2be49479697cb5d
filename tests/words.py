"""Words as the documentation defines them, by the standard library alone."""

from __future__ import annotations

import re
import unicodedata

# What the names of marks begin with in the Unicode Character Database, in the scripts
# that put no spaces between words.
UNSPACED = (
    "THAI",
    "LAO",
    "MYANMAR",
    "KHMER",
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "COMBINING KATAKANA",
    "HALFWIDTH KATAKANA",
    "HENTAIGANA",
)


def _is_sign(character: str) -> bool:
    name = unicodedata.name(character, "")
    return (
        unicodedata.category(character).startswith("M")
        and "VARIATION SELECTOR" not in name
        and name != "COMBINING ENCLOSING KEYCAP"
        and not name.startswith(UNSPACED)
    )


_SIGNS = "".join(filter(_is_sign, map(chr, range(0x110000))))
CHARACTER = re.compile(rf"[\w{_SIGNS}]")
WORD = re.compile(rf"[\w{_SIGNS}]+")

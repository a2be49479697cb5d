"""What is no personal data though it looks like it, and what context words change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from isinglass.transforms.characters import UNSPACED_BLOCKS
from isinglass.transforms.pii.data import load_data

CONTEXT_CHARS = 60
"""How far before a finding its context words are looked for. Presidio takes the five
words before; in English these are about as many characters."""

CONTEXT_BOOST = 0.35
CONTEXT_FLOOR = 0.4
"""Added to the score, and the least score afterwards, as in Presidio's enhancer."""

_VETO_CHARS = 80
"""How far before a dotted number the words that make it a version are looked for: a
list of versions may stand between them."""

_HARDWARE = re.compile(r"(?:[0-9A-Fa-f]{2}:)+[0-9A-Fa-f]{2}")


def is_vetoed(entity: str, text: str, start: int, end: int) -> bool:
    """Whether the text around a finding says that it is something else.

    Dotted numbers are no IP addresses after words such as "version", behind the name
    of a product and a slash, or as a part of a longer dotted number; pairs of digits
    are addresses of hardware (EUI-64), not of hosts.
    """
    if entity != "IP_ADDRESS":
        return False
    value = text[start:end]
    if ":" in value:
        return _HARDWARE.fullmatch(value) is not None
    before = text[max(0, start - _VETO_CHARS) : start]
    if before.endswith(".") and before[-2:-1].isdigit():
        return True
    if text[end : end + 1] == "." and text[end + 1 : end + 2].isdigit():
        return True
    rules = _Versions.load()
    if rules.behind.match(text, end) is not None:
        return True
    return rules.before.search(rules.earlier.sub("", before)) is not None


class _Versions(NamedTuple):
    """What stands beside the numbers of versions.

    Attributes:
        earlier: Other numbers of a list, between the word and a number.
    """

    before: re.Pattern[str]
    behind: re.Pattern[str]
    earlier: re.Pattern[str]

    @classmethod
    @cache
    def load(cls) -> _Versions:
        data = load_data("recognizers", "generic").content["reserved"]
        small = sorted(data["not_addresses"], key=len, reverse=True)
        words = "|".join(small)
        # As the last part of a name in capitals and small letters, too.
        inner = "|".join(word.capitalize() for word in small)
        unspaced = "|".join(data["not_addresses_unspaced"])
        products = "|".join(map(re.escape, data["products"]))
        named = (
            rf"(?:(?<![^\W_])(?i:{words})|(?<=[a-z])(?:{inner})|{unspaced}"
            rf"|(?<![^\W_])[vV])"
        )
        between = "|".join(data["between_addresses"])
        return cls(
            # A word, or a name, a sign between and quotes or brackets; a product.
            before=re.compile(
                rf"{named}(?:[Nn]umber|[Nn]ame|[Ii]nfo|s|号)?\.?"
                r"""(?:["'`*_>\]}]|&quot;){0,3}[\s:=,/\uff1a]{0,4}[\s("'`*_>\[{#v]{0,4}$"""
                rf"|(?:^|[\s(\"'\[;,])(?:[A-Z][0-9A-Za-z_-]+|{products})/v?$"
                r"|[0-9A-Za-z\])][=<>~!]=$|(?<!~)~$|\^$|^\s*#{1,6}\s*\[?$"
            ),
            behind=re.compile(rf"(?:{'|'.join(data['version_tails'])})", re.IGNORECASE),
            earlier=re.compile(
                rf"(?:v?[0-9]+(?:\.[0-9]+)+\s*(?:[-,;/&\u2013\u3001]|{between})\s*)+$"
            ),
        )


# Beside letters of unspaced scripts: Hangul, whose particles touch the word before
# them, and the punctuation of Han, also of full width.
_LIKE_UNSPACED = (
    "\u3000-\u3004\u3008-\u3020\u3030\u303d-\u303f\uac00-\ud7af"
    "\uff01-\uff0f\uff1a-\uff60"
)

UNSPACED = (
    "["
    + "".join(f"{chr(low)}-{chr(high)}" for low, high in UNSPACED_BLOCKS)
    + f"{_LIKE_UNSPACED}]"
)
"""Character class of scripts without spaces between words: their letters count as word
characters, but end no word."""

_UNSPACED = re.compile(UNSPACED)

# What makes a context word a part of a longer one. Letters of unspaced scripts touch
# Latin words, and an underscore stands for a space: nhs_number.
_INSIDE = "[0-9A-Za-z\u00c0-\u024f\u0370-\u052f]"

# Behind an escape of JSON or of a string literal, whose letter is none of the word.
_ESCAPE = r"(?<=\\[nrt])"


def _flexible(word: str) -> str:
    """A pattern for a word, or words with spaces, hyphens or underscores between."""
    return re.sub(r"\\[ -]", r"[\\s_-]{1,3}", re.escape(word))


@dataclass(frozen=True)
class Context:
    """Words that make a finding more likely when they stand before it.

    Attributes:
        unspaced: Words of scripts that put nothing between words.
    """

    spaced: re.Pattern[str] | None
    unspaced: re.Pattern[str] | None = None

    @classmethod
    def of(cls, words: Sequence[str]) -> Context:
        """Whole words, in any case; a plural s is allowed.

        Words of unspaced scripts, such as Han and kana, count wherever they occur.
        """
        cleaned = sorted({word.strip() for word in words if word.strip()})
        unspaced = [re.escape(word) for word in cleaned if _UNSPACED.search(word)]
        spaced = [_flexible(word) for word in cleaned if not _UNSPACED.search(word)]
        words_of = "|".join(spaced)
        return cls(
            re.compile(
                rf"(?:(?<!{_INSIDE})|{_ESCAPE})(?:{words_of})s?(?!{_INSIDE})",
                re.IGNORECASE,
            )
            if spaced
            else None,
            re.compile("|".join(unspaced)) if unspaced else None,
        )

    def find(self, text: str, start: int, reach: int = CONTEXT_CHARS) -> str | None:
        """The first context word before `start`, in lower case."""
        low = max(0, start - reach)
        for words in (self.spaced, self.unspaced):
            found = words.search(text, low, start) if words is not None else None
            if found is not None:
                return found.group().lower()
        return None


def raised(score: float, word: str | None) -> float:
    """A score, with what a context word adds if there is one."""
    if word is None or score >= 1.0:
        return score
    return min(1.0, max(score + CONTEXT_BOOST, CONTEXT_FLOOR))

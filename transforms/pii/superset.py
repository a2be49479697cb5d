r"""A gate for a pattern of the user: what Hyperscan finds whenever the pattern matches.

Hyperscan's prefilter mode widens look-arounds and back-references by itself. Three
things would still make it miss a match, and each has a cure here:

* syntax of the `regex` module that means something else to Hyperscan, such as `{,3}` or
  fuzzy `{e<=1}`: such a pattern gets no gate;
* characters that the two class differently, or fold differently when case is ignored
  (the data file `gate/odd.yaml`): texts that hold one pass the gate;
* letters of scripts without spaces, which recognizers are shown as spaces: the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import hyperscan

from isinglass.transforms.pii.data import load_data
from isinglass.transforms.pii.gate import PASSING, UNICODE, GatePattern, is_accepted

if TYPE_CHECKING:
    import regex  # type: ignore[import-untyped]

_FLAGS = (
    (re.IGNORECASE, hyperscan.HS_FLAG_CASELESS),
    (re.MULTILINE, hyperscan.HS_FLAG_MULTILINE),
    (re.DOTALL, hyperscan.HS_FLAG_DOTALL),
)
_SAME_MEANING = (
    re.IGNORECASE | re.MULTILINE | re.DOTALL | re.UNICODE | re.ASCII
)  # an ASCII pattern finds less than a Unicode one
_V0 = 0x2000  # regex.VERSION0, the default syntax of the module

# One unit of a pattern: an escape, a class, a counted repeat, a group, or a character.
_UNIT = re.compile(
    r"""
      \\[dDwWsSbBntrfA] | \\[1-9] | \\x[0-9a-fA-F]{2} | \\[^a-zA-Z0-9]
    | \[\^?\]?(?: \\[dDwWsSntrf] | \\x[0-9a-fA-F]{2} | \\[^a-zA-Z0-9]
              | \[:\^?[a-z]+:\] | (?!--|&&|\|\||~~)[^\\\[\]] )*\]
    | \{[0-9]+(?:,[0-9]*)?\}
    | \((?!\?|\*) | \(\?(?: [:=!>] | <[=!] | P<\w+> | i:? | i?\) ) | \(\?P=\w+\)
    | [^\\\[{(]
    """,
    re.VERBOSE | re.DOTALL,
)


def means_the_same(pattern: regex.Pattern[str]) -> bool:
    """Whether Hyperscan finds at least what a pattern of the `regex` module finds.

    Args:
        pattern: Compiled by the `regex` module; Hyperscan may still refuse it.
    False where that is not known, as with a flag or an escape of that module.
    """
    if pattern.flags & ~(_SAME_MEANING | _V0):
        return False
    if pattern.flags & re.IGNORECASE and _folds_oddly(pattern.pattern):
        return False
    position = 0
    while position < len(pattern.pattern):
        unit = _UNIT.match(pattern.pattern, position)
        if unit is None:
            return False
        position = unit.end()
    return True


def flags_of(pattern: regex.Pattern[str]) -> int:
    """Hyperscan's flags for case, line and dot rules of a pattern."""
    flags = 0
    for ours, theirs in _FLAGS:
        flags |= theirs if pattern.flags & ours else 0
    return flags


def derive_gate(
    number: int, patterns: Iterable[tuple[Any, regex.Pattern[str]]], also: str
) -> list[GatePattern]:
    """Patterns of a gate that lets through every text in which a recognizer matches.

    Each reports one hit a text, which is enough for recognizers of whole texts.
    Nothing if there is no pattern or one has no gate: all texts must be shown.
    """
    wanted = []
    for pattern, compiled in patterns:
        if not means_the_same(compiled):
            return []
        flags = UNICODE | hyperscan.HS_FLAG_SINGLEMATCH | flags_of(compiled)
        wanted.append(GatePattern(number, pattern.regex, derived=True, flags=flags))
    if not wanted or not all(is_accepted(pattern) for pattern in wanted):
        return []
    single = UNICODE | hyperscan.HS_FLAG_SINGLEMATCH
    passing = f"{odd_class()}|{also}"
    return [*wanted, GatePattern(PASSING, passing, derived=True, flags=single)]


@cache
def odd_class() -> str:
    """Character class of the code points of `gate/odd.yaml`."""
    parts = (f"\\x{{{a}}}-\\x{{{b}}}" for a, b in _ranges())
    return f"[{''.join(parts)}]"


def _folds_oddly(expression: str) -> bool:
    """Whether a pattern holds, alone or in a range, a letter that folds differently."""
    letters = _odd_letters()
    if not letters.isdisjoint(expression):
        return True
    spans = re.findall(r"(.)-(.)", expression, re.DOTALL)
    return any(low <= letter <= high for low, high in spans for letter in letters)


@cache
def _odd_letters() -> frozenset[str]:
    points = (
        chr(point)
        for low, high in _ranges()
        for point in range(int(low, 16), int(high, 16) + 1)
    )
    return frozenset(c for c in points if c.lower() != c.upper())


def _ranges() -> list[list[str]]:
    text = load_data("gate", "odd").content["ranges"]
    return [part.split("-") for part in text.split()]

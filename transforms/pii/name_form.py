"""Form rules that no name breaks: what a model takes for a name is trimmed or refused.

A recogniser of words does not know that a line of a table ends, that `read_file` is
code, or that `Requirements` stands alone in a heading. Each rule was kept because it
takes away false hits without loss on the development sets (figures by rule:
`python benchmarks/pii.py --only names`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

MOST_WORDS = 6
"""Longest name of people in the training data but for titles and lists of names."""

_BORDER = re.compile(r"[\n\r\t|\u2028\u2029\v\f]+|\s{3,}")
_EDGES = (
    " \"'\u2018\u2019\u201c\u201d`*_~#<>()[]{},;:!?=+&/\\|-\u2013\u2014\u2022\u00b7"
)
_TITLES = (
    r"(?:Dr|Mr|Mrs|Ms|Mx|Prof|Professor|Doctor|Sir|Dame|Lord|Lady|Miss|Rev|Reverend|Hon"
    r"|Judge|Justice|Senator|Sen|Rep|President|Captain|Capt|Col|Colonel|Gen|General|Lt"
    r"|Sgt|Sergeant|Fr|Father|Sister|Brother|Aunt|Uncle|King|Queen|Prince|Princess|Herr"
    r"|Frau|Se\u00f1or|Se\u00f1ora|Don|Do\u00f1a|Monsieur|Madame|Mme|Mlle|M)\.?\s+"
)
_TITLE = re.compile(_TITLES + r"(?=\w)")
_BEHIND_TITLE = re.compile(rf"\b{_TITLES}$")
_LONGEST_TITLE = 12
_LOOKED_AT = 200
"""Characters on each side; a line may be all of a long text."""
_POSSESSIVE = re.compile("['\u2019\u02bc][sS]$")
_INNER_SIGN = re.compile(r"[_=@$%^{}<>\[\]\\/|#*+~]|::|\(\)|->|\d[^\W\d]|[^\W\d]\d")
_DOTTED = re.compile(r"[^\W\d]{2,}\.[^\W\d]{2,}")
_WORD = re.compile(r"\w+")
_HANDLE = re.compile(r"\w+(?: _ \w+)*")
"""Posts that were cut into words have blanks within."""
_CAMEL = re.compile(r"[a-z][A-Z]")
_JOINED = re.compile(
    r"(?:Ma?c|Fitz|De[lr]?|Di|Du|L[aeo]|Van|Von|O['\u2019]|Jo|Mary|Al|El|Ben|Ab[du]|Ap|San"
    r"|St|D['\u2019]|T['\u2019]|Ja|Ke|Sha|Ta|Te|Da|Ra|Na)$"
)
_HEADING = re.compile(r"\s*(?:#{1,6}|=+)\s+[*_`]{0,3}")
_LABEL = re.compile(r"\s*(?:[-*+\u2022]|\d+[.)])\s+[*_`\"']{0,3}$")
_BEHIND_LABEL = re.compile(r"[*_`\"']{0,3}\s*:[*_]{0,2}\s")


def name_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """What of a finding may be a name.

    Args:
        text: The text.
        start: First code point of the finding.
        end: One behind its last.

    Yields:
        Begin and end of each name in it: none, one, or several where it runs over a
        border of lines or table cells.
    """
    for low, high in candidates(text, start, end):
        if not refusal(text, low, high):
            yield low, high


def candidates(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A finding cut at borders of lines and cells and trimmed, before the rules."""
    for low, high in _between_borders(text, start, end):
        span = _trimmed(text, low, high)
        if span is not None:
            yield span


def _between_borders(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    low = start
    for border in _BORDER.finditer(text, start, end):
        yield low, border.start()
        low = border.end()
    yield low, end


def _trimmed(text: str, low: int, high: int) -> tuple[int, int] | None:
    """The name without titles, brackets, quotes and the possessive s."""
    while True:
        before = low, high
        while low < high and text[low] in _EDGES:
            low += 1
        while low < high and text[high - 1] in _EDGES:
            high -= 1
        title = _TITLE.match(text, low, high)
        if title:
            low = title.end()
        owner = _POSSESSIVE.search(text[max(low, high - 2) : high])
        if owner:
            high -= 2
        if (low, high) == before:
            break
    if text[low:high].endswith(".") and not _ends_in_initial(text[low:high]):
        high -= 1
    return (low, high) if low < high else None


def _ends_in_initial(name: str) -> bool:
    last = name.rstrip(".").rpartition(" ")[2].rpartition(".")[2]
    return len(last) == 1 or last in {"Jr", "Sr", "Esq", "Ph.D", "D"}


def refusal(text: str, low: int, high: int) -> str | None:
    """Name of the first of `RULES` that a trimmed finding breaks, or None."""
    for name, broken in RULES:
        if broken(text, low, high):
            return name
    return None


def _no_letter(text: str, low: int, high: int) -> bool:
    return not any(map(str.isalpha, text[low:high]))


def _too_long(text: str, low: int, high: int) -> bool:
    return len(text[low:high].split()) > MOST_WORDS


def _is_code(text: str, low: int, high: int) -> bool:
    """Whether it is an identifier in itself; handles of users are names."""
    name = text[low:high]
    if _is_handle(text, low) and _HANDLE.fullmatch(name):
        return False
    if _INNER_SIGN.search(name) or _DOTTED.search(name):
        return True
    for hump in _CAMEL.finditer(name):
        word = name[: hump.start() + 1].rsplit(None, 1)[-1].rsplit("-", 1)[-1]
        if not _JOINED.match(word):
            return True
    return False


def _is_handle(text: str, low: int) -> bool:
    """A name of a user, or a hashtag; a blank behind `#` makes it a heading."""
    before = text[max(0, low - 2) : low]
    return before.rstrip().endswith("@") or before.endswith("#")


def _in_code(text: str, low: int, high: int) -> bool:
    """Whether it is a piece of a longer identifier, path or call."""
    before, behind = text[low - 1 : low], text[high : high + 2]
    if before in {"_", "$", "\\", "=", "%"} or before.isdigit():
        return True
    if before == "/" or behind[:1] == "/":
        return _in_path(text, low, high)
    if behind[:1] in {"_", "(", "\\", "=", "$"} and behind != "( ":
        return True
    return behind == "::" or (behind[:1] == "." and behind[1:].isalnum())


def _in_path(text: str, low: int, high: int) -> bool:
    """Whether it is a part of a path or address, and not of `Anna/Peter`."""
    begin = max(text.rfind(sign, 0, low) for sign in " \t\n\"'(`[<") + 1
    stretch = text[begin:high]
    return stretch[:1] in {"/", "~", "."} or "://" in stretch or stretch.count("/") > 1


def _stands_alone(text: str, low: int, high: int) -> bool:
    """Whether one word is all of a heading, or the label of an entry of a list."""
    if " " in text[low:high]:
        return False
    head, tail = _line_around(text, low, high)
    if _HEADING.fullmatch(head) and not tail.strip(" #=*_`"):
        return True
    return bool(_LABEL.match(head) and _BEHIND_LABEL.match(tail + " "))


def _is_acronym(text: str, low: int, high: int) -> bool:
    """Whether one word is in capitals, without a title, in a line that is not."""
    name = text[low:high]
    if not name.isupper() or " " in name or sum(map(str.isalpha, name)) == 1:
        return False
    titled = _BEHIND_TITLE.search(text[max(0, low - _LONGEST_TITLE) : low])
    if titled or _is_handle(text, low):
        return False
    head, tail = _line_around(text, low, high)
    return any(map(str.islower, _WORD.findall(f"{head} {tail}")))


def _line_around(text: str, low: int, high: int) -> tuple[str, str]:
    """What stands before and behind a span in its line, as far as is looked at."""
    before = text[max(0, low - _LOOKED_AT) : low].rpartition("\n")[2]
    return before, text[high : high + _LOOKED_AT].partition("\n")[0]


RULES: tuple[tuple[str, Callable[[str, int, int], bool]], ...] = (
    ("no letter", _no_letter),
    ("more than six words", _too_long),
    ("identifier", _is_code),
    ("piece of code", _in_code),
    ("heading or label", _stands_alone),
    ("acronym", _is_acronym),
)
"""Whether a trimmed finding (text, begin, end) is refused, by name of the rule."""

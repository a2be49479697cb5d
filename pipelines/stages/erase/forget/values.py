"""The values of a request: read from a file, held in memory, written nowhere."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from isinglass.schemas.errors import InputError
from isinglass.transforms.erase.folding import folded_text

LEAST_CHARACTERS = 4
MOST_CHARACTERS = 1_000
"""Longer lines are not values but texts, most likely of a wrong file."""

_ENTITY = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True)
class Requested:
    """One value that is to be forgotten, of findings of a kind or, if None, of any."""

    value: str = field(repr=False)
    entity: str | None = None
    place: str = field(default="a value", compare=False)


def read_values(path: Path, *, allow_short: bool = False) -> tuple[Requested, ...]:
    """Read a value file: a value a line, or `ENTITY<TAB>value`.

    Blank lines and lines that begin with `#` are left out. Messages name lines, never
    what stands in them. Values of fewer than `LEAST_CHARACTERS` letters and digits are
    found in many places that are not meant, so they must be allowed.

    Raises:
        InputError: The file cannot be read, or a line is no value.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    least = 1 if allow_short else LEAST_CHARACTERS
    found: dict[Requested, None] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            found[_parse(line.strip(), f"{path}, line {number}", least)] = None
    if not found:
        raise InputError(
            f"{path} holds no value. Write one a line, or ENTITY, a tab and the value."
        )
    return tuple(found)


def _parse(line: str, place: str, least: int) -> Requested:
    head, tab, rest = line.partition("\t")
    entity = head if tab and _ENTITY.fullmatch(head) else None
    value = rest.strip() if entity else line
    if len(value) > MOST_CHARACTERS:
        msg = f"{place} has {len(value):,} characters: is this the file of values?"
        raise InputError(msg)
    held = sum(character.isalnum() for character in folded_text(value))
    if held == 0:
        raise InputError(f"{place} holds neither a letter nor a digit.")
    if held < least:
        raise InputError(
            f"{place} has {held} letters and digits, which may stand for many things. "
            "Give the value in full, or --allow-short."
        )
    return Requested(value, entity, place)


def check_entities(requested: Sequence[Requested], known: Iterable[str]) -> None:
    """Refuse a kind that a run does not know, for which nothing would be found by key.

    What stands before the tab is not quoted: it may be a part of a value.

    Raises:
        InputError: There is one; names its line and the nearest known entity.
    """
    names = sorted(known)
    for item in requested:
        if item.entity is None or item.entity in names:
            continue
        near = difflib.get_close_matches(item.entity, names, n=1, cutoff=0.0)
        hint = f"The nearest that it knows is {near[0]}. " if near else ""
        raise InputError(
            f"{item.place}: what stands before the tab is no entity of the run. {hint}"
            "Write that, or the value alone, which is looked for in findings of any "
            "entity."
        )

"""The catalogue of identifiers: what each looks like, and the checks its files name."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from isinglass.schemas.config.kinds import (
    Checksum,
    Recognizer,
    kind_files,
    known_kinds,
    place,
)
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.checks.digits import (
    compact,
    passes_luhn,
    passes_verhoeff,
    weighted,
)

if TYPE_CHECKING:
    ValueCheck = Callable[[str], bool]

_PACKAGE = "isinglass.transforms.pii.checks"


def named_check(name: str, where: str) -> ValueCheck:
    """The function that says whether the check of a value holds.

    It is given the value as it stands in the text, with or without separators.

    Raises:
        ConfigError: There is no such function.
    """
    module, _, function = name.partition(".")
    try:
        found: Any = importlib.import_module(f"{_PACKAGE}.{module}")
        check: ValueCheck = getattr(found, function)
    except (ImportError, AttributeError):
        msg = (
            f"{where}: {name} is no function of transforms/pii/checks. Write "
            "module.function, such as brazil.is_cpf, or give a checksum instead"
        )
        raise ConfigError(msg) from None
    return check


def holds(checksum: Checksum, value: str) -> bool:
    """Whether a value has the form of a checksum, and its check digit fits.

    One that repeats a single character passes many checks and is nobody's: it fails.
    """
    number = compact(value)
    if re.fullmatch(checksum.form, number) is None or len(set(number)) == 1:
        return False
    digits = [int(character, 36) for character in number]
    if checksum.kind == "luhn":
        return passes_luhn(digits)
    if checksum.kind == "verhoeff":
        return passes_verhoeff(digits)
    return weighted(digits, checksum.weights) % checksum.modulo == 0


class Entry(NamedTuple):
    """A recognizer of one kind, and whether the check of a value holds, if it has one.

    In its gate and patterns, macros stand in place of their names.
    """

    entity: str
    recognizer: Recognizer
    check: ValueCheck | None


@cache
def load_catalogue() -> tuple[Entry, ...]:
    """Recognizers of all kinds, by entity and file.

    In files `<name>` stands for what `macros` of the file say, or those of
    `generic.yaml`.

    Raises:
        ConfigError: A file is wrong; the message names file, key and fix.
    """
    files = kind_files()
    entries = [
        _entry(entity, number, recognizer, files["generic"].macros | file.macros)
        for file in files.values()
        for entity, kind in file.kinds.items()
        for number, recognizer in enumerate(kind.recognizers)
    ]
    return tuple(sorted(entries, key=lambda entry: entry.entity))


@cache
def checks_of(entity: str) -> tuple[ValueCheck, ...]:
    """The checks of a kind; a value counts if one of them holds."""
    entries = (entry for entry in load_catalogue() if entry.entity == entity)
    return tuple(entry.check for entry in entries if entry.check is not None)


@cache
def reserved_check(entity: str) -> ValueCheck | None:
    """Whether a value of a kind is known to be nobody's; None if that is not known."""
    kind = known_kinds().get(entity)
    if kind is None or kind.reserved is None:
        return None
    return named_check(kind.reserved, f"{place(entity)}.reserved")


def _entry(
    entity: str, number: int, recognizer: Recognizer, macros: dict[str, str]
) -> Entry:
    patterns = tuple(
        pattern.model_copy(update={"regex": expand(pattern.regex, macros)})
        for pattern in recognizer.patterns
    )
    check: ValueCheck | None = None
    if recognizer.checksum is not None:
        check = partial(holds, recognizer.checksum)
    elif recognizer.check is not None:
        where = f"{place(entity)}.recognizers.{number}.check"
        check = named_check(recognizer.check, where)
    written = {"gate": _in_bytes(expand(recognizer.gate, macros)), "patterns": patterns}
    return Entry(entity, recognizer.model_copy(update=written), check)


def _in_bytes(gate: str) -> str:
    """A gate whose letters beyond ASCII are written as their bytes in UTF-8."""
    return "".join(
        char if char.isascii() else "".join(f"\\x{byte:02x}" for byte in char.encode())
        for char in gate
    )


def expand(pattern: str, macros: dict[str, str]) -> str:
    """A pattern with macros in place of their names; a macro may use earlier ones."""
    for name, meaning in reversed(macros.items()):
        pattern = pattern.replace(f"<{name}>", meaning)
    return pattern

"""The catalogue of identifiers: what each looks like, ready for use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from isinglass.schemas.config.kinds import PatternEntry, kind_files, known_kinds, place
from isinglass.transforms.pii.checks.named import holds, named_check

if TYPE_CHECKING:
    from isinglass.schemas.config.kinds import Proof, Recognizer
    from isinglass.transforms.pii.checks.named import ValueCheck


@dataclass(frozen=True)
class Entry:
    """A recognizer of one kind, see `schemas.config.kinds.Recognizer`.

    Attributes:
        check: Whether the check of a value holds; None if it has none.
    """

    entity: str
    rule: str
    gate: str
    window: str
    patterns: tuple[PatternEntry, ...]
    check: ValueCheck | None
    proof: Proof
    context: tuple[str, ...]
    examples: tuple[str, ...]


@cache
def load_catalogue() -> tuple[Entry, ...]:
    """Recognizers of all kinds, by entity and file.

    In gates and patterns `<name>` stands for what `macros` of the file say, or those of
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
    return Entry(
        entity=entity,
        rule=recognizer.rule,
        gate=_in_bytes(expand(recognizer.gate, macros)),
        window=recognizer.window,
        patterns=patterns,
        check=check,
        proof=recognizer.proof,
        context=recognizer.context,
        examples=recognizer.examples,
    )


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

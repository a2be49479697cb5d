"""The catalogue of identifiers: what each looks like, read from YAML by country."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from isinglass.transforms.pii.data import load_data

Proof = Literal["always", "separated", "never"]
"""What a check that holds is worth.

- always: the value is certain and scores 1;
- separated: so it is if the value holds more than digits (letters or separators). A
  bare run of digits passes a check digit by chance once in ten or so: it keeps the
  score of its pattern, and needs a context word to count;
- never: the score of the pattern stays in any case.

A check that fails always rejects the value."""


@dataclass(frozen=True)
class EntryPattern:
    """One pattern of an entry.

    Attributes:
        name: Shown as the rule of a finding.
        regex: In the syntax of the `regex` module.
        score: 0 to 1, before check and context.
    """

    name: str
    regex: str
    score: float


@dataclass(frozen=True)
class Entry:
    """How one kind of identifier is recognised. Several may find the same kind.

    Attributes:
        entity: The kind.
        rule: Name of the entry.
        gate: Byte pattern that occurs in every text with a match, and ends in or
            right behind the match. It may demand a border on both sides: each text is
            scanned by itself.
        window: `line` or `token`: what the patterns are shown around a hit.
        patterns: What a match looks like.
        check: Name of a function of `checks.table`; empty for none.
        proof: What the check is worth.
        context: Words that raise the score.
    """

    entity: str
    rule: str
    gate: str
    window: str
    patterns: tuple[EntryPattern, ...]
    check: str = ""
    proof: Proof = "always"
    context: tuple[str, ...] = ()


@cache
def load_catalogue() -> tuple[Entry, ...]:
    """Entries of all files of `resources/recognizers`, by entity and file.

    In gates and patterns `<name>` stands for what `macros` of `generic.yaml` says.
    """
    folder = files("isinglass.transforms") / "resources" / "recognizers"
    names = (f.name for f in folder.iterdir())
    stems = sorted(n.removesuffix(".yaml") for n in names if n.endswith(".yaml"))
    macros = load_data("recognizers", "generic").content["macros"]
    entries = [
        _entry(raw, macros)
        for stem in stems
        for raw in load_data("recognizers", stem).content["recognizers"]
    ]
    return tuple(sorted(entries, key=lambda entry: entry.entity))


def _entry(raw: dict[str, Any], macros: dict[str, str]) -> Entry:
    patterns = tuple(
        EntryPattern(p["name"], expand(p["regex"], macros), p["score"])
        for p in raw["patterns"]
    )
    values = raw | {
        "gate": expand(raw["gate"], macros),
        "patterns": patterns,
        "context": tuple(raw.get("context", ())),
    }
    return Entry(**values)


def expand(pattern: str, macros: dict[str, str]) -> str:
    """A pattern with macros in place of their names; a macro may use earlier ones."""
    for name, meaning in reversed(macros.items()):
        pattern = pattern.replace(f"<{name}>", meaning)
    return pattern

"""Whether an earlier evaluation, that gates compare with, measured the same way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from isinglass.pipelines.engine.workspace import is_file, read_json
from isinglass.schemas.config import GateConfig
from isinglass.schemas.manifest import Lexicon

_ALIKE = ("device", "precision", "pooling", "attention")
"""Notes that a number can depend on besides the model."""


def unlike(
    gates: Iterable[GateConfig],
    lexicons: Iterable[Lexicon],
    notes: Mapping[str, str],
    model: str,
) -> list[str]:
    """A sentence for each baseline that was measured by other means.

    Lists of one name are compared, and notes that both have. `model` is the name of
    the file of an evaluation; a baseline without one is not compared.
    """
    own = {one.name: one.sha256 for one in lexicons}
    told = []
    for folder in sorted({gate.baseline for gate in gates if gate.baseline}):
        path = Path(folder) / model
        if is_file(path):
            others = _others(read_json(path), own, notes)
            if others:
                named = ", ".join(others)
                told.append(
                    f"The baseline {folder} was measured with other means: {named}. "
                    "Part of a change can be due to that."
                )
    return told


def _others(
    earlier: Mapping[str, Any], own: Mapping[str, str], notes: Mapping[str, str]
) -> list[str]:
    before = {one["name"]: one["sha256"] for one in earlier.get("lexicons", ())}
    lists = [
        f"the word lists {name}"
        for name, sha256 in sorted(own.items())
        if before.get(name, sha256) != sha256
    ]
    noted = earlier.get("notes", {})
    return lists + [
        f"{name} {noted[name]} instead of {notes[name]}"
        for name in _ALIKE
        if name in noted and name in notes and noted[name] != notes[name]
    ]

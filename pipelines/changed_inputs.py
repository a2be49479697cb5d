"""Inputs that are not what a finished run read: said, before its result is lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from isinglass.pipelines.engine.workspace import exists
from isinglass.pipelines.ownership import read_mapping, read_note
from isinglass.schemas.errors import InputError

if TYPE_CHECKING:
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.plan import PlannedInput

MOST_NAMED = 5


class Taken(NamedTuple):
    """A file as a run took it; `records` is None where it was never counted."""

    bytes: int
    sha256: str
    records: int | None


Files = Mapping[tuple[str, str], Taken]
"""By source and path."""


def taken(inputs: Iterable[PlannedInput]) -> Files:
    """The inputs as they are now."""
    return {(i.source, i.path): Taken(i.bytes, i.sha256, i.rows) for i in inputs}


def finished_with(workspace: Workspace) -> Files:
    """What the finished run in the folder read, or one that was begun upon it."""
    if exists(workspace.path / "_SUCCESS"):
        files = (read_mapping(workspace.path / "manifest.json") or {}).get("inputs", [])
        return {
            (file["source"], file["path"]): Taken(
                file["bytes"], file["sha256"], file["rows"]
            )
            for file in files
        }
    noted = (read_note(workspace) or {}).get("inputs", [])
    return {(source, path): Taken(*rest) for source, path, *rest in noted}


def note_inputs(before: Files, now: Files) -> list[list[Any]]:
    """What `run.json` tells of inputs; nothing where no run was finished yet."""
    return [[*name, *file] for name, file in now.items()] if before else []


def check_inputs(workspace: Workspace, now: Files) -> None:
    """Refuse to do a finished run again with less than it had, or with other texts.

    Files that came since are welcome.
    """
    before = finished_with(workspace)
    gone = [name for name in before if name not in now]
    changed = [
        name
        for name, file in before.items()
        if name in now and now[name].sha256 != file.sha256
    ]
    shrunk = [name for name in changed if now[name].bytes < before[name].bytes]
    others = [name for name in changed if now[name].bytes >= before[name].bytes]
    parts = [
        _part("gone", {name: _records(before[name]) for name in gone}),
        _part("smaller", {n: _sizes(before[n], now[n]) for n in shrunk}),
        _part("changed", {name: _records(before[name]) for name in others}),
    ]
    told = "; ".join(part for part in parts if part)
    if told:
        raise InputError(
            f"The inputs are not those of the finished run in {workspace.root}. Of its "
            f"{len(before):,} files, {told}. Give --replace to redo the run with what "
            "is there now, or choose another output to keep it."
        )


def _records(file: Taken) -> str:
    return "" if file.records is None else f", {file.records:,} records before"


def _sizes(before: Taken, now: Taken) -> str:
    return f", {before.bytes:,} bytes before, {now.bytes:,} now"


def _part(state: str, told: Mapping[tuple[str, str], str]) -> str:
    """How many files there are in a state, and the first of them."""
    if not told:
        return ""
    shown = [f"{path} of {source}{more}" for (source, path), more in told.items()]
    left = len(shown) - MOST_NAMED
    listed = [*shown[:MOST_NAMED], *([f"and {left:,} more"] if left > 0 else [])]
    verb = "is" if len(told) == 1 else "are"
    return f"{len(told):,} {verb} {state} ({'; '.join(listed)})"

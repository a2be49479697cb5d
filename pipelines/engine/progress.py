"""Progress, seen from the commits: Beam blocks and tells nothing while it runs.

Workers leave a small status file each; a thread in the driver counts commits, reads
the status files and shows both. On a terminal it is one live line a pass, elsewhere
a log line after some seconds, and then one every 30.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.live import Live
from rich.text import Text

from isinglass.pipelines.engine.workspace import (
    Workspace,
    exists,
    list_files,
    read_json,
    remove,
    write_unsynced,
)

if TYPE_CHECKING:
    from rich.console import Console

    from isinglass.pipelines.engine.units import Unit

LOGGER = logging.getLogger(__name__)
FIRST_SECONDS = 4.0
LOG_SECONDS = 30.0
REFRESH_SECONDS = 0.5


class WorkerStatus:
    """A worker's own note of what it is doing; written at most once a second.

    The file is only for people to look at, so it is neither synced nor exact.
    """

    def __init__(self, workspace: Workspace, pass_name: str, unit: str) -> None:
        name = f"{os.getpid()}-{threading.get_ident()}.json"
        self._path = workspace.work / "status" / name
        self._note: dict[str, object] = {"pass": pass_name, "unit": unit}
        self._rows = 0
        self._written = 0.0
        # By this the driver knows what a worker was at when it died.
        self._write()

    def add(self, rows: int) -> None:
        """Count a batch that was worked through."""
        self._rows += rows
        now = time.monotonic()
        if now - self._written < 1.0:
            return
        self._written = now
        self._write()

    def _write(self) -> None:
        try:
            write_unsynced(self._path, json.dumps(self._note | {"rows": self._rows}))
        except OSError:
            LOGGER.debug("status of %s could not be written", self._note["unit"])


@contextmanager
def watched(
    console: Console, workspace: Workspace, pass_name: str, units: list[Unit]
) -> Iterator[None]:
    """Show progress of `units` while the body runs; nothing if the console is quiet."""
    for path in _status_files(workspace):
        remove(path)
    if console.quiet:
        yield
        return
    stop = threading.Event()
    lines = _lines(workspace, pass_name, units, time.monotonic())
    thread = threading.Thread(target=_show, args=(console, lines, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def noted_units(workspace: Workspace, pass_name: str) -> list[str]:
    """The units of a pass that workers noted last, sorted."""
    notes = _notes(workspace, pass_name).values()
    return sorted({str(note["unit"]) for note in notes})


def was_cut_off(workspace: Workspace) -> bool:
    """Whether a process ended in the middle of a unit, without a word on it."""
    return any(
        not exists(workspace.commit_path(note["pass"], note["unit"]))
        and not exists(workspace.failure_path(note["pass"], note["unit"]))
        for note in _notes(workspace).values()
    )


def _show(console: Console, lines: Iterator[str], stop: threading.Event) -> None:
    """Until stopped: a live line on a terminal, a log line now and then if not."""
    if console.is_terminal:
        with Live(console=console, transient=True) as live:
            while not stop.wait(REFRESH_SECONDS):
                live.update(Text(next(lines)))
        return
    wait = min(FIRST_SECONDS, LOG_SECONDS)
    while not stop.wait(wait):
        LOGGER.info(next(lines))
        wait = LOG_SECONDS


def _lines(
    workspace: Workspace, pass_name: str, units: list[Unit], started: float
) -> Iterator[str]:
    """What is to be said of a pass, each time anew; there is no end to it."""
    pending = {unit: workspace.commit_path(pass_name, unit.name) for unit in units}
    whole, done, finished = max(1, sum(unit.weight for unit in units)), 0, 0
    while True:
        for unit in [unit for unit, path in pending.items() if exists(path)]:
            done += unit.weight
            finished += _documents(pending.pop(unit))
        waited = {unit.name for unit in pending}
        noted = _notes(workspace, pass_name)
        notes = {name: note for name, note in noted.items() if note["unit"] in waited}
        documents = finished + sum(note["rows"] for note in notes.values())
        elapsed = time.monotonic() - started
        # What is under way is as long a document as what is finished.
        worked = min(whole, done * documents / finished if finished else done)
        parts = [
            f"{pass_name}: {len(units) - len(pending)}/{len(units)} units",
            f"{documents:,} documents",
            f"{worked / 2**20 / elapsed if elapsed else 0.0:.1f} MB/s",
            f"{elapsed:.0f} s",
        ]
        if worked:
            parts.append(f"about {elapsed * (whole / worked - 1):.0f} s left")
        parts += [
            f"worker {name.split('-')[0]}: {note['rows']:,} documents of {note['unit']}"
            for name, note in notes.items()
        ]
        yield ", ".join(parts)


def _documents(commit: Path) -> int:
    """Documents of a finished unit; 0 where it counts something else."""
    try:
        return int(read_json(commit).get("counts", {}).get("records_in", 0))
    except (OSError, ValueError):
        return 0


def _notes(
    workspace: Workspace, pass_name: str | None = None
) -> dict[str, dict[str, Any]]:
    """What workers noted, of a pass or of all, by process and thread."""
    notes = {}
    for path in _status_files(workspace):
        try:
            note = read_json(path)
        except (OSError, ValueError):
            continue
        if pass_name in (None, note.get("pass")):
            notes[path.stem] = note
    return notes


def _status_files(workspace: Workspace) -> list[Path]:
    return list_files(workspace.work / "status", "*.json")

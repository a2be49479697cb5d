"""Progress, seen from the commits: Beam blocks and tells nothing while it runs.

Workers leave a small status file each; a thread in the driver counts commits, reads
the status files and shows both. On a terminal it is one live line a pass, elsewhere
one log line every 30 seconds.
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
        self.add(0)

    def add(self, rows: int) -> None:
        """Count a batch that was worked through."""
        self._rows += rows
        now = time.monotonic()
        if now - self._written < 1.0 and self._written:
            return
        self._written = now
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
    lines = _lines(workspace, pass_name, units)
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


def _show(console: Console, lines: Iterator[str], stop: threading.Event) -> None:
    """Until stopped: a live line on a terminal, a log line now and then if not."""
    if console.is_terminal:
        with Live(console=console, transient=True) as live:
            while not stop.wait(REFRESH_SECONDS):
                live.update(Text(next(lines)))
        return
    while not stop.wait(LOG_SECONDS):
        LOGGER.info(next(lines))


def _lines(workspace: Workspace, pass_name: str, units: list[Unit]) -> Iterator[str]:
    """What is to be said of a pass, each time anew; there is no end to it."""
    pending = {unit: workspace.commit_path(pass_name, unit.name) for unit in units}
    whole, done = max(1, sum(unit.weight for unit in units)), 0
    started = time.monotonic()
    while True:
        for unit in [unit for unit, path in pending.items() if exists(path)]:
            done += unit.weight
            del pending[unit]
        elapsed = time.monotonic() - started
        rate = done / 2**20 / elapsed if elapsed else 0.0
        parts = [
            f"{pass_name}: {len(units) - len(pending)}/{len(units)} units",
            f"{rate:.1f} MB/s",
            f"{elapsed:.0f} s",
        ]
        if done:
            left = elapsed * (whole / done - 1)
            parts.append(f"about {left:.0f} s left")
        yield ", ".join(parts + _workers(workspace, pass_name))


def _workers(workspace: Workspace, pass_name: str) -> list[str]:
    return [
        f"worker {worker}: {note['rows']:,} documents of {note['unit']}"
        for name, note in _notes(workspace, pass_name).items()
        for worker in [name.split("-", maxsplit=1)[0]]
    ]


def _notes(workspace: Workspace, pass_name: str) -> dict[str, dict[str, Any]]:
    """What workers noted of a pass, by process and thread."""
    notes = {}
    for path in _status_files(workspace):
        try:
            note = read_json(path)
        except (OSError, ValueError):
            continue
        if note.get("pass") == pass_name:
            notes[path.stem] = note
    return notes


def _status_files(workspace: Workspace) -> list[Path]:
    return list_files(workspace.work / "status", "*.json")

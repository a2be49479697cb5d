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
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
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
    from collections.abc import Iterator

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
        self._pass = pass_name
        self._unit = unit
        self._rows = 0
        self._characters = 0
        self._written = 0.0

    def add(self, rows: int, characters: int) -> None:
        """Count a batch that was worked through."""
        self._rows += rows
        self._characters += characters
        now = time.monotonic()
        if now - self._written < 1.0:
            return
        self._written = now
        note = {
            "pass": self._pass,
            "unit": self._unit,
            "rows": self._rows,
            "characters": self._characters,
        }
        try:
            write_unsynced(self._path, json.dumps(note))
        except OSError:
            LOGGER.debug("status of %s could not be written", self._unit)


@dataclass(frozen=True)
class Progress:
    """Where progress goes.

    Attributes:
        console: A console on stderr; its terminal decides between live and log.
        quiet: Show nothing.
    """

    console: Console
    quiet: bool = False

    @classmethod
    def on_stderr(cls, *, quiet: bool = False) -> Progress:
        """The usual place."""
        return cls(Console(stderr=True), quiet=quiet)


@contextmanager
def watched(
    progress: Progress, workspace: Workspace, pass_name: str, units: list[Unit]
) -> Iterator[None]:
    """Show progress of `units` while the body runs."""
    _clear_status(workspace)
    if progress.quiet:
        yield
        return
    stop = threading.Event()
    watch = _Watch(progress, workspace, pass_name, units, stop)
    thread = threading.Thread(target=watch.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class _Watch:
    def __init__(
        self,
        progress: Progress,
        workspace: Workspace,
        pass_name: str,
        units: list[Unit],
        stop: threading.Event,
    ) -> None:
        self._progress = progress
        self._workspace = workspace
        self._pass = pass_name
        self._pending = {
            unit.name: workspace.commit_path(pass_name, unit.name) for unit in units
        }
        self._weights = {unit.name: unit.weight for unit in units}
        self._total = len(units)
        self._weight = max(1, sum(self._weights.values()))
        self._done_weight = 0
        self._stop = stop
        self._started = time.monotonic()

    def run(self) -> None:
        """Until stopped: a live line on a terminal, a log line now and then if not."""
        if self._progress.console.is_terminal:
            with Live(console=self._progress.console, transient=True) as live:
                while not self._stop.wait(REFRESH_SECONDS):
                    live.update(Text(self._line()))
            return
        while not self._stop.wait(LOG_SECONDS):
            LOGGER.info(self._line())

    def _line(self) -> str:
        for name in [n for n, path in self._pending.items() if exists(path)]:
            self._done_weight += self._weights[name]
            del self._pending[name]
        done = self._total - len(self._pending)
        elapsed = time.monotonic() - self._started
        rate = self._done_weight / 2**20 / elapsed if elapsed else 0.0
        parts = [
            f"{self._pass}: {done}/{self._total} units",
            f"{rate:.1f} MB/s",
            f"{elapsed:.0f} s",
        ]
        if self._done_weight:
            left = elapsed * (self._weight / self._done_weight - 1)
            parts.append(f"about {left:.0f} s left")
        return ", ".join(parts + self._workers())

    def _workers(self) -> list[str]:
        notes = []
        for path in list_files(self._workspace.work / "status", "*.json"):
            try:
                note = read_json(path)
            except (OSError, ValueError):
                continue
            if note.get("pass") == self._pass:
                worker = path.stem.split("-", maxsplit=1)[0]
                notes.append(
                    f"worker {worker}: {note['rows']:,} documents of {note['unit']}"
                )
        return notes


def _clear_status(workspace: Workspace) -> None:
    for path in list_files(workspace.work / "status", "*.json"):
        remove(path)

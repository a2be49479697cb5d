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
LEAST_SPEED = 0.1
"""A smaller one is said with one digit more."""

LEAST_MINUTES = 1.5
"""Less is said in seconds, and so many hours in minutes."""


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
    console: Console,
    workspace: Workspace,
    pass_name: str,
    place: str,
    units: list[Unit],
) -> Iterator[None]:
    """Show progress of `units` while the body runs; nothing if the console is quiet.

    `place` is what the pass is called: which it is of how many.
    """
    for path in _status_files(workspace):
        remove(path)
    lines = _lines(workspace, pass_name, units, time.monotonic())
    with _shown(console, (f"{place}: {line}" for line in lines)):
        yield


@contextmanager
def busy(console: Console, what: str) -> Iterator[None]:
    """Say of a step that the driver does itself that it is at it, if it takes long."""
    started = time.monotonic()
    ever = iter(lambda: time.monotonic() - started, None)
    with _shown(console, (f"{what}: {duration(seconds)}" for seconds in ever)):
        yield


def duration(seconds: float) -> str:
    """A time as people say it: `40 s`, `3 min`, `2 h 10 min`."""
    if seconds < LEAST_MINUTES * 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < LEAST_MINUTES * 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


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


@contextmanager
def _shown(console: Console, lines: Iterator[str]) -> Iterator[None]:
    """Show a line now and then while the body runs."""
    if console.quiet:
        yield
        return
    stop = threading.Event()
    thread = threading.Thread(target=_show, args=(console, lines, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _show(console: Console, lines: Iterator[str], stop: threading.Event) -> None:
    """Until stopped: a live line on a terminal, a log line now and then if not."""
    if console.is_terminal:
        if stop.wait(REFRESH_SECONDS):
            return
        with Live(console=console, transient=True) as live:
            live.update(Text(next(lines)))
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
        notes = _notes(workspace, pass_name).values()
        rows = {note["unit"]: note["rows"] for note in notes}
        under_way = {unit: rows[unit.name] for unit in pending if unit.name in rows}
        usual = finished / done if done else 0.0
        worked = done + sum(
            _worked(unit, seen, usual) for unit, seen in under_way.items()
        )
        elapsed = time.monotonic() - started
        documents = finished + sum(under_way.values())
        parts = [f"{documents:,} documents"]
        if not documents:
            parts = [f"{len(units) - len(pending)} of {len(units)} parts"]
        if worked:
            speed = worked / 2**20 / max(elapsed, 1e-3)
            parts.append(f"{speed:.{1 if speed >= LEAST_SPEED else 2}f} MB/s")
            left = elapsed * max(0.0, whole / worked - 1)
            parts.append(f"about {duration(left)} left")
        yield ", ".join(parts)


def _worked(unit: Unit, rows: int, usual: float) -> float:
    """What is done of a unit that is under way, of its weight.

    Where it is not known how many rows it has, they are as many a byte as `usual`.
    """
    expected = unit.rows or unit.weight * usual
    return unit.weight * min(1.0, rows / expected) if expected else 0.0


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

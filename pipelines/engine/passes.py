"""Running a pass: reuse what is committed, do the rest, report every failure."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.engine.commits import add_counts, read_commit, valid_commit
from isinglass.pipelines.engine.deaths import cause_of
from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.progress import busy, noted_units, watched
from isinglass.pipelines.engine.units import Failure, PassWork, Unit, run_unit
from isinglass.pipelines.engine.workspace import (
    Workspace,
    exists,
    explain_write_error,
    free_bytes,
    read_json,
    remove,
)
from isinglass.schemas.commit import Commit
from isinglass.schemas.errors import IsinglassError, ReconcileError, WorkerDiedError
from isinglass.schemas.manifest import PassRecord

if TYPE_CHECKING:
    import apache_beam as beam
    from rich.console import Console

    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.pipelines.engine.live_workers import LiveWorkers
    from isinglass.pipelines.engine.runner import Execution

LOGGER = logging.getLogger(__name__)
FULL_BYTES = 64 * 1024

SLOW, READING, HASHING = 1e5, 4e8, 1e8
"""Bytes a CPU second, roughly, of a pass that runs models, that only reads most of its
input, and that hashes all of it."""


def _no_workers() -> LiveWorkers:
    # Here Beam is first imported: a second, and no part of the time of a pass.
    from isinglass.pipelines.engine.live_workers import LiveWorkers  # noqa: PLC0415

    return LiveWorkers()


@dataclass
class Session:
    """What the driver carries from pass to pass; each leaves a record.

    Worker processes are started when a pass first needs them, and stay. `passes` names
    those over units that the run will make, in their order.
    """

    workspace: Workspace
    execution: Execution
    console: Console
    passes: tuple[str, ...] = ()
    records: list[PassRecord] = field(default_factory=list)
    live: LiveWorkers = field(default_factory=_no_workers)

    def place(self, name: str) -> str:
        """Which pass of how many it is."""
        if name not in self.passes:
            return name
        return f"pass {self.passes.index(name) + 1} of {len(self.passes)}, {name}"


def run_pass(
    session: Session,
    work: PassWork,
    units: list[Unit],
    *,
    speed: float = SLOW,
    build: Callable[[beam.Pipeline, list[Unit]], object] | None = None,
    wave_of: Callable[[Unit], int] = lambda _: 0,
) -> dict[str, Commit]:
    """Run every unit that has no valid commit; the commits of all, by unit name.

    The worst failure of a unit is raised as its own class.

    Args:
        session: The driver's state; a pass record is added to it.
        work: What to do with a unit.
        units: All units of the pass, the finished ones included.
        speed: Bytes of unit weight that the pass does in a CPU second, roughly.
        build: Builds another graph than one `process` call a unit; must leave one
            commit a unit all the same.
        wave_of: Number of the pipeline that a unit belongs to, where one pipeline for
            all units would hold too much at a time; they run in ascending order.
    """
    started = time.monotonic()
    workspace = session.workspace
    pending = [
        unit
        for unit in units
        if not valid_commit(workspace, work.name, unit.name, unit.fingerprint)
    ]
    reused = len(units) - len(pending)
    if reused:
        LOGGER.info("%s: %d of %d units reused", work.name, reused, len(units))
    if pending:
        pending.sort(key=lambda unit: (-unit.weight, unit.name))
        if session.execution.reverse:
            pending.reverse()
        place = session.place(work.name)
        with watched(session.console, workspace, work.name, place, pending):
            for _, wave in groupby(sorted(pending, key=wave_of), wave_of):
                _execute(session, work, list(wave), speed=speed, build=build)
    commits = _collect(workspace, work.name, units)
    _record(session, work.name, list(commits.values()), reused, started)
    return commits


def run_step(
    session: Session,
    name: str,
    identity: Any,
    make: Callable[[UnitOutputs], dict[str, int]],
) -> Commit:
    """Run a step of one unit in the driver, unless its commit stands.

    `identity` is JSON-able: all that the outputs of `make` depend on.
    """
    started = time.monotonic()
    workspace = session.workspace
    unit = Unit("all", "", digest(identity))
    commit = valid_commit(workspace, name, unit.name, unit.fingerprint)
    reused = int(commit is not None)
    if commit is None:
        with busy(session.console, name):
            outcome = run_unit(name, unit, workspace, make)
        if isinstance(outcome, Failure):
            raise outcome.to_error(name)
        commit = outcome
    _record(session, name, [commit], reused, started)
    return commit


def _execute(
    session: Session,
    work: PassWork,
    pending: list[Unit],
    *,
    speed: float,
    build: Callable[[beam.Pipeline, list[Unit]], object] | None,
) -> None:
    from isinglass.pipelines.engine.graph import (  # noqa: PLC0415 - Beam
        build_unit_pipeline,
        new_pipeline,
    )

    workspace = session.workspace
    for unit in pending:
        remove(workspace.failure_path(work.name, unit.name))
        remove(workspace.commit_path(work.name, unit.name))
    weight = sum(unit.weight for unit in pending)
    try:
        with new_pipeline(
            session.execution, len(pending), weight / speed, session.live
        ) as pipeline:
            if build is None:
                build_unit_pipeline(pipeline, work, pending, workspace)
            else:
                build(pipeline, pending)
    except IsinglassError:
        raise
    except Exception as error:
        _raise_failures(workspace, work.name, pending)
        cause = cause_of(error)
        if cause is not None:
            units = noted_units(workspace, work.name)
            raise WorkerDiedError(
                work.name, cause, _undone(workspace, work, units)
            ) from None
        raise IsinglassError(
            f"Beam ended the pass {work.name} with {type(error).__name__}. Finished "
            "work is kept; run the same command again."
        ) from error
    _raise_failures(workspace, work.name, pending)


def _undone(workspace: Workspace, work: PassWork, units: list[str]) -> list[str]:
    commits = [workspace.commit_path(work.name, unit) for unit in units]
    return [unit for unit, path in zip(units, commits, strict=True) if not exists(path)]


def _raise_failures(workspace: Workspace, pass_name: str, units: list[Unit]) -> None:
    errors = []
    for unit in units:
        path = workspace.failure_path(pass_name, unit.name)
        if exists(path):
            error = Failure(**read_json(path)).to_error(pass_name)
            LOGGER.error("%s: %s: %s", pass_name, unit.name, error)
            errors.append(error)
    if errors:
        # What the person can mend comes before what is a fault of the program.
        raise max(errors, key=lambda error: error.exit_code)


def _collect(
    workspace: Workspace, pass_name: str, units: list[Unit]
) -> dict[str, Commit]:
    commits = {}
    for unit in units:
        commit = read_commit(workspace, pass_name, unit.name)
        if commit is None or commit.fingerprint != unit.fingerprint:
            # On a full disk not even the note of the failure could be written.
            if free_bytes(workspace.path) < FULL_BYTES:
                full = OSError(errno.ENOSPC, "No space left on device")
                raise explain_write_error(full, workspace.path)
            state = "no commit" if commit is None else "a commit of other contents"
            raise ReconcileError(
                f"Pass {pass_name} ended, but {unit.name} has {state}. Check the space "
                "left on the device and run the same command again."
            )
        commits[unit.name] = commit
    return commits


def _record(
    session: Session, name: str, commits: list[Commit], reused: int, started: float
) -> None:
    session.records.append(
        PassRecord(
            name=name,
            units=len(commits),
            reused=reused,
            rows=add_counts(commits).get("records_in", 0),
            bytes=sum(output.bytes for commit in commits for output in commit.outputs),
            seconds=round(time.monotonic() - started, 3),
            cpu_seconds=round(sum(commit.cpu_seconds for commit in commits), 3),
        )
    )

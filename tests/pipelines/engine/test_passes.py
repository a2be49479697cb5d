"""Passes: reuse, failures of every kind, runners, and what is said meanwhile."""

from __future__ import annotations

import io
import json
import logging
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from rich.console import Console

from isinglass.pipelines.engine.graph import new_pipeline
from isinglass.pipelines.engine.live_workers import LiveWorkers
from isinglass.pipelines.engine.passes import Session, run_pass, run_step
from isinglass.pipelines.engine.runner import (
    Execution,
    check_beam,
    resolve_runner,
)
from isinglass.pipelines.engine.units import Failure, Unit
from isinglass.pipelines.engine.worker import worker_command, worth_showing
from isinglass.pipelines.engine.workspace import Workspace, locked
from isinglass.schemas.config import BeamConfig
from isinglass.schemas.errors import (
    ConfigError,
    InputError,
    IsinglassError,
    MissingExtraError,
    OutputError,
    ReconcileError,
    RetryError,
    WorkerDiedError,
)

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs

TEXT = "the text of a document"


@dataclass(frozen=True)
class Echo:
    """Writes its payload; fails where the payload names an error."""

    name: str = "echo"

    def run(self, state: object, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        assert state is None
        if payload == "foreign":
            raise ValueError(TEXT)
        if payload == "input":
            raise InputError("a.parquet changed")
        if payload == "permission":
            raise PermissionError(13, "Permission denied")
        path = outputs.workspace.mapped("echo", f"{outputs.unit}.txt")
        outputs.write_bytes(path, payload, rows=1)
        return {"records_in": 1}


@dataclass(frozen=True)
class NoModel(Echo):
    """Cannot load what it needs."""

    def open(self) -> None:
        raise MissingExtraError("the model is not installed")


def session(folder: Path, **beam: object) -> Session:
    execution = Execution(BeamConfig.model_validate(beam))
    quiet = Console(file=io.StringIO(), quiet=True)
    return Session(Workspace(str(folder)), execution, quiet)


def units(*payloads: str) -> list[Unit]:
    return [Unit(f"u{i}", p, f"fp-{p}") for i, p in enumerate(payloads)]


@pytest.mark.parametrize(
    "beam", [{}, {"mode": "multi_threading", "workers": 2}, {"runner": "DirectRunner"}]
)
def test_finished_units_are_not_done_again(
    tmp_path: Path, beam: dict[str, object]
) -> None:
    first = session(tmp_path, **beam)
    run_pass(first, Echo(), units("a", "b"))
    second = session(tmp_path, **beam)
    commits = run_pass(second, Echo(), units("a", "changed", "c"))
    assert set(commits) == {"u0", "u1", "u2"}
    record = second.records[0]
    assert (record.units, record.reused, record.rows) == (3, 1, 3)
    assert (tmp_path / "work" / "echo" / "u1.txt").read_text() == "changed"


@pytest.mark.parametrize(
    ("payload", "kind", "said"),
    [
        ("foreign", IsinglassError, "ValueError raised at test_passes.py:"),
        ("input", InputError, "a.parquet changed"),
        ("permission", OutputError, "No permission to write"),
    ],
)
def test_a_failure_is_raised_as_what_it_is(
    tmp_path: Path, payload: str, kind: type[IsinglassError], said: str
) -> None:
    with pytest.raises(kind, match=said) as raised:
        run_pass(session(tmp_path), Echo(), units("a", payload, "b"))
    assert TEXT not in str(raised.value)
    # The others are done all the same, and the next attempt takes them over.
    again = session(tmp_path)
    run_pass(again, Echo(), units("a", "mended", "b"))
    assert again.records[0].reused == 2


def test_no_trace_of_a_text_is_left_by_a_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Invariant 4 where it is easiest to break: messages of libraries."""
    with pytest.raises(IsinglassError):
        run_pass(session(tmp_path), Echo(), units("foreign"))
    assert TEXT not in caplog.text
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or TEXT not in path.read_text()


def test_a_model_that_is_missing_in_the_worker_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError, match="the model is not installed"):
        run_pass(session(tmp_path), NoModel(), units("a"))


def test_a_step_of_the_driver_is_committed_too(tmp_path: Path) -> None:
    first, second = session(tmp_path), session(tmp_path)
    for attempt in (first, second):
        run_step(attempt, "echo", "a", partial(Echo().run, None, "a"))
    assert [s.records[0].reused for s in (first, second)] == [0, 1]


def test_a_failed_step_of_the_driver_is_raised(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        run_step(session(tmp_path), "echo", "a", partial(Echo().run, None, "input"))


def test_a_graph_that_leaves_no_commit_is_found(tmp_path: Path) -> None:
    import apache_beam as beam  # noqa: PLC0415

    def lazy(pipeline: beam.Pipeline, pending: list[Unit]) -> object:
        return pipeline | beam.Create([len(pending)])

    with pytest.raises(ReconcileError, match="u0 has no commit"):
        run_pass(session(tmp_path), Echo(), units("a"), build=lazy)


@pytest.mark.parametrize(
    ("name", "said"),
    [("FnApiRuner", "Did you mean FnApiRunner"), ("Flink", "FlinkRunner")],
)
def test_an_unknown_runner_gets_the_nearest_name(name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        resolve_runner(name)


def test_direct_runner_means_fn_api_runner_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        assert resolve_runner("DirectRunner") == "FnApiRunner"
    assert "is run as FnApiRunner" in caplog.text
    assert resolve_runner("my.own.Runner") == "my.own.Runner"


@pytest.mark.parametrize(
    "name", ["DaskRunner", "apache_beam.runners.dask.dask_runner.DaskRunner"]
)
def test_a_runner_that_groups_wrongly_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="DaskRunner groups nothing but integer keys"):
        check_beam(BeamConfig(runner=name), ())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("FnApiRunner", False),
        ("PortableRunner", False),
        ("FlinkRunner", True),
        ("PrismRunner", True),
        ("my.own.Runner", True),
    ],
)
def test_a_runner_that_was_never_tried_is_told_of(
    name: str, caplog: pytest.LogCaptureFixture, *, said: bool
) -> None:
    with caplog.at_level(logging.WARNING):
        check_beam(BeamConfig(runner=name), ())
    assert caplog.text.count("was never tried") == said


@pytest.mark.parametrize(
    ("units_", "seconds", "processes"),
    [(1, 1e9, False), (4, 0.0, False), (4, 7.9, False), (4, 8.0, True)],
)
def test_processes_are_started_where_they_pay(
    units_: int, seconds: float, *, processes: bool
) -> None:
    execution = Execution(BeamConfig(workers=2))
    pipeline = new_pipeline(execution, units_, seconds, LiveWorkers())
    assert isinstance(pipeline.runner, FnApiRunner)
    command = getattr(pipeline.runner._default_environment, "command", "")
    assert (command == worker_command()) is processes


@dataclass(frozen=True)
class Tell:
    """Leaves the number of its process; `end` ends it."""

    name: str = "tell"

    def run(self, state: None, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        del state, outputs
        if payload == "end":
            os._exit(9)
        return {"process": os.getpid()}


def test_workers_live_from_pass_to_pass(tmp_path: Path) -> None:
    """Each pass starts none but those that it lacks; all end with the run."""
    held = session(tmp_path, workers=2, mode="multi_processing")
    seen = []
    for number in range(3):
        commits = run_pass(held, Tell(f"tell{number}"), units("a", "b", "c", "d"))
        seen.append({commit.counts["process"] for commit in commits.values()})
    assert len(set().union(*seen)) == 2
    assert os.getpid() not in seen[0]
    held.live.close()
    for process in set().union(*seen):
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_a_worker_that_ends_is_reported_and_another_one_goes_on(tmp_path: Path) -> None:
    held = session(tmp_path, workers=2, mode="multi_processing")
    with pytest.raises(WorkerDiedError, match="exit-code-9"):
        run_pass(held, Tell(), units("end", "b"))
    commits = run_pass(held, Tell(), units("a", "b"))
    assert len(commits) == 2
    held.live.close()


def test_worker_logs_show_ours_and_errors_of_others() -> None:
    def record(name: str, level: int) -> logging.LogRecord:
        return logging.LogRecord(name, level, "", 0, "", None, None)

    assert worth_showing(record("isinglass.x", logging.INFO))
    assert worth_showing(record("spacy", logging.ERROR))
    assert not worth_showing(record("spacy", logging.WARNING))
    assert not worth_showing(record("apache_beam.x", logging.ERROR))


def test_one_process_at_a_time(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path))
    with locked(workspace):
        inner = locked(workspace)
        with pytest.raises(RetryError, match="Another process is writing"):
            inner.__enter__()
    with locked(workspace):
        pass


def test_a_failure_note_holds_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        run_pass(session(tmp_path), Echo(), units("input"))
    note = json.loads((tmp_path / "work" / "echo" / "u0.failed.json").read_text())
    assert Failure(**note) == Failure("u0", "InputError", "a.parquet changed")

"""What is said of a pass while it runs."""

from __future__ import annotations

import io
import json
import logging
import time
from pathlib import Path

import pytest
from rich.console import Console

from isinglass.pipelines.engine import progress
from isinglass.pipelines.engine.commits import UnitOutputs
from isinglass.pipelines.engine.passes import Session
from isinglass.pipelines.engine.progress import busy, duration, watched
from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.engine.workspace import Workspace
from isinglass.schemas.config import BeamConfig

MEGABYTE = 2**20


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "0 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (190, "3 min"),
        (5369, "89 min"),
        (5400, "1 h 30 min"),
        (7800, "2 h 10 min"),
    ],
)
def test_a_time_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(str(tmp_path))
    made.pass_folder("clean").mkdir(parents=True)
    (made.work / "status").mkdir()
    return made


def note(workspace: Workspace, unit: str, rows: int) -> None:
    content = {"pass": "clean", "unit": unit, "rows": rows}
    path = workspace.work / "status" / f"{unit}.json"
    path.write_text(json.dumps(content))


def commit(workspace: Workspace, unit: str, rows: int) -> None:
    with UnitOutputs(workspace, "clean", unit) as outputs:
        outputs.commit("f", {"records_in": rows}, 0.0)


def said(workspace: Workspace, *units: Unit, seconds: float = 10) -> str:
    started = time.monotonic() - seconds
    line = next(progress._lines(workspace, "clean", list(units), started))
    # Tenths of a second pass here, too.
    return line.replace("9.9 MB/s", "10.0 MB/s").replace("about 31 s", "about 30 s")


def test_what_workers_have_done_counts_before_a_unit_is_finished(
    workspace: Workspace,
) -> None:
    known = [Unit(name, "", "f", 200 * MEGABYTE, 1000) for name in ("a", "b")]
    assert said(workspace, *known) == "0 of 2 parts"
    note(workspace, "a", 500)
    told = "500 documents, 10.0 MB/s, about 30 s left"
    assert said(workspace, *known) == told
    commit(workspace, "a", 1000)
    note(workspace, "b", 250)
    told = "1,250 documents, 25.0 MB/s, about 6 s left"
    assert said(workspace, *known).replace("24.9", "25.0") == told


def test_documents_of_unknown_number_are_as_large_as_those_before(
    workspace: Workspace,
) -> None:
    units = [Unit(name, "", "f", 100 * MEGABYTE) for name in ("a", "b", "c", "d")]
    note(workspace, "a", 500)
    assert said(workspace, *units) == "500 documents"
    commit(workspace, "a", 1000)
    note(workspace, "b", 500)
    (workspace.work / "status" / "a.json").unlink()
    told = "1,500 documents, 15.0 MB/s, about 17 s left"
    assert said(workspace, *units).replace("14.9", "15.0") == told


def test_a_line_says_which_pass_of_how_many(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(progress, "FIRST_SECONDS", 0.01)
    caplog.set_level(logging.INFO, logger="isinglass")
    passes = ("survey", "clean", "second_scan")
    console = Console(force_terminal=False)
    session = Session(workspace, Execution(BeamConfig()), console, passes)
    assert session.place("mine") == "mine"
    with watched(
        console, workspace, "clean", session.place("clean"), [Unit("a", "", "")]
    ):
        wait(caplog)
    assert caplog.messages[0] == "pass 2 of 3, clean: 0 of 1 parts"
    caplog.clear()
    with busy(console, "closing"):
        wait(caplog)
    assert caplog.messages[0] == "closing: 0 s"


def test_it_is_a_live_line_on_a_terminal(workspace: Workspace) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    end = time.monotonic() + 30
    with watched(
        console, workspace, "clean", "pass 1 of 1, clean", [Unit("a", "", "")]
    ):
        while "clean" not in screen.getvalue() and time.monotonic() < end:
            time.sleep(0.05)
    assert "pass 1 of 1, clean: 0 of 1 parts" in screen.getvalue()


def wait(caplog: pytest.LogCaptureFixture) -> None:
    end = time.monotonic() + 30
    while not caplog.messages and time.monotonic() < end:
        time.sleep(0.01)

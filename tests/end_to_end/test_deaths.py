"""A worker that dies names its file, which is quarantined; the run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
import yaml
from rich.console import Console

from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.run import Request, execute
from isinglass.schemas.config import RunConfig
from tests.corpora import write_jsonl

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.run import Result

DEADLY = """
import os, sys
import pyarrow as pa

opened = []

def deadly(file, *rest, open_stream=pa.ipc.open_stream):
    data = file.read()
    file.seek(0)
    if b"deadly" in data:
        opened.append(file)
        # The driver plans the file before it, or a worker, reads it.
        planned = 2 if "isinglass.cli" in sys.modules else 0
        if len(opened) > planned:
            os.kill(os.getpid(), {signal})
    return open_stream(file, *rest)

pa.ipc.open_stream = deadly
"""


def arrow(path: Path, *texts: str) -> None:
    table = pa.table({"text": texts})
    with pa.ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table)


def corpus(folder: Path) -> Path:
    inputs = folder / "in"
    inputs.mkdir()
    write_jsonl(inputs / "a.jsonl", [{"text": f"Text number {i}."} for i in range(9)])
    arrow(inputs / "good.arrow", "one good text", "another good text")
    arrow(inputs / "deadly.arrow", "deadly words", "and three", "more words")
    return inputs


def run(folder: Path, workers: int) -> Result:
    values = {
        "inputs": [{"path": "in", "source": "web"}],
        "output": "out",
        "limits": {"max_quarantine_rate": 1.0, "shard_bytes": 200},
        "beam": {"mode": "multi_processing", "workers": workers},
    }
    config = RunConfig.model_validate(values)
    request = Request(config, "clean", folder, Execution(config.beam))
    return execute(request, Console(stderr=True, quiet=True))


def make_deadly(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """Let every process that is started from now on die of a file."""
    hook = folder / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(DEADLY.format(signal=int(number)))
    path = os.pathsep.join([str(hook), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path.rstrip(os.pathsep))


def command(folder: Path) -> subprocess.CompletedProcess[str]:
    """A run of the command line, which is small enough for one process."""
    values = {
        "inputs": [{"path": "in"}],
        "output": "out",
        "limits": {"max_quarantine_rate": 1.0},
    }
    (folder / "job.yaml").write_text(yaml.safe_dump(values))
    line = [sys.executable, "-m", "isinglass", "clean", "--config", "job.yaml"]
    line += ["--format", "json"]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_file_that_ends_the_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus(tmp_path)
    make_deadly(tmp_path, monkeypatch, signal.SIGSEGV)
    assert command(tmp_path).returncode == -signal.SIGSEGV
    second = command(tmp_path)
    assert second.returncode == 0, second.stderr
    assert "deadly.arrow: reading it ends the process (SIGSEGV)" in second.stderr
    records = json.loads(second.stdout)["records"]
    assert (records["kept"], records["quarantined"]) == (11, {"unreadable_file": 1})


@pytest.mark.slow
@pytest.mark.parametrize(("name", "workers"), [("SIGSEGV", 2), ("SIGKILL", 1)])
def test_a_file_that_ends_its_worker(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    workers: int,
) -> None:
    corpus(tmp_path)
    make_deadly(tmp_path, monkeypatch, signal.Signals[name])
    manifest = run(tmp_path, workers).manifest
    records = manifest.records
    assert (records.total_in, records.kept) == (12, 11)
    assert records.quarantined == {"unreadable_file": 1}
    why = f"reading it ends the process ({name}); it holds 3 records"
    assert [file.problem for file in manifest.inputs if file.problem] == [why]
    assert f"deadly.arrow: {why}" in caplog.text
    assert f"Pass survey: a worker process ended by {name}" in caplog.text
    # It is known from now on, and nothing dies again.
    assert run(tmp_path, workers).nothing_to_do

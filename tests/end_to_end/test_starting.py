"""What is paid before the first document: no model unasked for, few seconds."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.corpora import write_corpus

HEAVY = ("torch", "transformers", "spacy", "thinc", "presidio_analyzer", "datasets")
MOST_SECONDS = {"driver": 2.5, "worker": 2.0}
"""CPU seconds before the first document, on a machine with nothing else to do."""
MOST_REFUSING = 1.0
BUSY = 2.5
"""How many times as much CPU a machine may take that runs other tests."""


def run(verb: str, config: Path, **more: str) -> subprocess.CompletedProcess[str]:
    watched = str(Path(__file__).parents[1] / "watched")
    path = os.pathsep.join([watched, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-m", "isinglass", verb, "--config", str(config)],
        env=os.environ | {"PYTHONPATH": path} | more,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_job_without_a_model_imports_none(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", 60)
    config = tmp_path / "job.yaml"
    settings = {
        "inputs": [{"path": str(tmp_path / "corpus"), "source": "web"}],
        "output": str(tmp_path / "run"),
        "dedup": {},
        "pii": {"mode": "identifiers"},
        "balance": {},
        "limits": {"shard_bytes": 8_000},
        "beam": {"mode": "multi_processing", "workers": 2},
    }
    config.write_text(yaml.safe_dump(settings))
    notes = tmp_path / "notes"
    for folder in ("notes", "temporary"):
        (tmp_path / folder).mkdir()
    done = run(
        "clean",
        config,
        ISINGLASS_TEST_REFUSED=",".join(HEAVY),
        ISINGLASS_TEST_NOTES=str(notes),
        TMPDIR=str(tmp_path / "temporary"),
    )
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "temporary").iterdir()) == []
    found = {file.name: float(file.read_text()) for file in notes.iterdir()}
    assert {name.partition("-")[0] for name in found} == {"driver", "worker"}
    for name, seconds in found.items():
        assert seconds < BUSY * MOST_SECONDS[name.partition("-")[0]], found


def test_a_module_that_is_refused_would_be_noticed(tmp_path: Path) -> None:
    config = tmp_path / "job.yaml"
    config.write_text("inputs: []")
    done = run("clean", config, ISINGLASS_TEST_REFUSED="yaml")
    assert "yaml was imported by" in done.stderr


def test_a_wrong_configuration_is_refused_at_once(tmp_path: Path) -> None:
    config = tmp_path / "job.yaml"
    config.write_text("inputs: [{path: here}]\noutput: run\npii: {mood: fast}\n")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run("clean", config, ISINGLASS_TEST_REFUSED="apache_beam,numba")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 2, done.stderr
    assert "mood" in done.stderr
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert used < BUSY * MOST_REFUSING

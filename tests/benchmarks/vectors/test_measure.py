from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.vectors import comparing, measure
from benchmarks.vectors.end_to_end import run_once
from benchmarks.vectors.options import read_options

if TYPE_CHECKING:
    from pathlib import Path

MODEL = ["--model=random:bert-tiny", "--device=cpu", "--max-tokens=16", "--rounds=1"]


def test_a_budget_that_fails_costs_no_other(
    texts_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(job: Any, budget: int, documents: int | None = None) -> Any:
        if budget == 7:
            raise RuntimeError("broken kernel")
        return run_once(job, budget, documents)

    monkeypatch.setattr(measure, "run_once", failing)
    options = [str(texts_file), *MODEL, "--no-peer", "--batch-tokens=7,64"]
    report = measure.measure(read_options(options))
    failed, run = report["runs"]
    assert failed == {"batch_tokens": 7, "error": "RuntimeError: broken kernel"}
    assert report["best"] == run
    assert report["peer"] is None


def test_a_peer_that_fails_costs_no_run(
    texts_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(comparing, "ask_peer", failing)
    report = measure.measure(read_options([str(texts_file), *MODEL]))
    assert report["peer"] == {"error": "RuntimeError: no memory"}
    assert report["best"]["tokens"] > 0


def test_out_of_time_one_budget_is_run(texts_file: Path) -> None:
    options = [str(texts_file), *MODEL, "--no-peer", "--batch-tokens=64,128"]
    report = measure.measure(read_options([*options, "--seconds=0", "--rounds=3"]))
    assert report["best"]["batch_tokens"] == 64
    assert report["runs"][1] == {
        "batch_tokens": 128,
        "error": "not begun: out of time",
    }


@pytest.mark.parametrize("threads", [0, 3])
def test_threads_change_no_vector(texts_file: Path, threads: int) -> None:
    options = [str(texts_file), *MODEL, "--documents=30", f"--threads={threads}"]
    report = measure.measure(read_options(options))
    assert report["input"]["documents"] == report["peer"]["documents"] == 30
    assert report["peer"]["name"] == "sentence-transformers"
    assert report["peer"]["max_abs_difference"] < 1e-6

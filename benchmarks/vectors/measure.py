"""Everything that is measured in one call, as an object for JSON."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.vectors.comparing import describe_peer
from benchmarks.vectors.end_to_end import Run, run_once
from benchmarks.vectors.loaded import (
    Bench,
    choose_settings,
    load_bench,
    say,
)
from benchmarks.vectors.machine import describe_machine
from benchmarks.vectors.profiling import profile_run
from benchmarks.vectors.report import (
    describe_input,
    describe_model,
    describe_run,
    describe_tokenizer,
    rounded,
)
from benchmarks.vectors.texts import BATCH_ROWS, open_texts

if TYPE_CHECKING:
    from benchmarks.vectors.options import Options

_WARM_DOCUMENTS = {"cuda": 4 * BATCH_ROWS, "cpu": 8}


def measure(options: Options) -> dict[str, Any]:
    """Run the benchmark.

    Raises:
        RefuseError: File, model, tokenizer or device cannot be used.
    """
    deadline = time.perf_counter() + options.seconds
    texts = open_texts(options.file, options.column, options.documents)
    with tempfile.TemporaryDirectory(prefix="isinglass-bench-") as scratch:
        settings = choose_settings(options, Path(scratch))
        bench = load_bench(options, settings, texts, deadline)
        runs = _sweep(bench)
        best = max(
            (run for run in runs.values() if isinstance(run, Run)),
            key=lambda run: run.tokens / run.seconds,
            default=None,
        )
        report = {
            "machine": describe_machine(bench.device),
            "model": describe_model(bench),
            "tokenizer": describe_tokenizer(bench),
            "input": describe_input(bench, best),
            "matrix_teraflops": rounded(bench.rate / 1e12),
            "runs": [describe_run(bench, budget, run) for budget, run in runs.items()],
            "best": None if best is None else describe_run(bench, best.budget, best),
            "peer": describe_peer(bench, best),
        }
        if options.profile and best is not None:
            report["profile"] = _profile(bench, best.budget)
        return report


def _profile(bench: Bench, budget: int) -> list[dict[str, Any]] | dict[str, Any]:
    try:
        return profile_run(bench.job, budget)
    # A profiler that fails must not cost the results.
    except Exception as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {error}"}


def _sweep(bench: Bench) -> dict[int, Run | str]:
    """The fastest run of every token budget, or why there is none; in turns."""
    budgets = bench.options.batch_tokens or (bench.job.encoder.batch_tokens,)
    runs: dict[int, Run | str] = {}
    warm = _WARM_DOCUMENTS.get(bench.device.type, BATCH_ROWS)
    for turn in range(bench.options.rounds):
        for budget in budgets:
            if isinstance(runs.get(budget), str) or (bench.late and runs):
                continue
            try:
                if turn == 0:
                    run_once(bench.job, budget, warm)
                run = run_once(bench.job, budget)
            # One budget that fails must not cost the results of the others.
            except Exception as error:  # noqa: BLE001
                runs[budget] = f"{type(error).__name__}: {error}"
                say(f"{budget} tokens a batch: {runs[budget]}")
                continue
            say(f"{budget} tokens a batch: {run.tokens / run.seconds:,.0f} tokens/s")
            best = runs.get(budget)
            if not isinstance(best, Run) or run.seconds < best.seconds:
                runs[budget] = run
    skipped = "not begun: out of time"
    return {budget: runs.get(budget, skipped) for budget in budgets}

"""Everything that is measured in one call, as an object for JSON."""

from __future__ import annotations

import math
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isinglass.transforms.encode.bench.alone import Alone, tokenise_alone
from isinglass.transforms.encode.bench.arithmetic import (
    Shape,
    matrix_rate,
    read_shape,
)
from isinglass.transforms.encode.bench.end_to_end import (
    Job,
    Run,
    kept_vectors,
    run_once,
)
from isinglass.transforms.encode.bench.machine import describe_machine
from isinglass.transforms.encode.bench.options import DEFAULT_BATCH_TOKENS
from isinglass.transforms.encode.bench.peers import (
    BATCHES,
    Question,
    ask_peer,
    differences,
)
from isinglass.transforms.encode.bench.profiling import profile_run
from isinglass.transforms.encode.bench.random_models import RANDOM, save_random
from isinglass.transforms.encode.bench.texts import BATCH_ROWS, open_texts
from isinglass.transforms.encode.encoder import load_encoder
from isinglass.transforms.encode.encoder.device import choose_precision
from isinglass.transforms.encode.models import (
    model_folder,
    model_settings,
    pooling_of,
    tokenizer_file,
    weight_files,
)
from isinglass.transforms.encode.settings import EncodeSettings
from isinglass.transforms.encode.tokenizers.load import load_tokenizer

if TYPE_CHECKING:
    import torch

    from isinglass.transforms.encode.bench.options import Options
    from isinglass.transforms.encode.bench.texts import Texts

_WARM_DOCUMENTS = {"cuda": 4 * BATCH_ROWS, "cpu": 8}


@dataclass(frozen=True)
class Bench:
    """What has been loaded.

    Attributes:
        options: What is measured.
        settings: Of tokenizer and model.
        folder: Of the model.
        job: What every run does.
        shape: Of the model; None where its config.json does not say.
        precision: That the model computes in.
        rate: Of matrix products in that precision, operations a second.
        alone: The tokenizer by itself.
        deadline: By `time.perf_counter`.
    """

    options: Options
    settings: EncodeSettings
    folder: Path
    job: Job
    shape: Shape | None
    precision: str
    rate: float
    alone: Alone
    deadline: float

    @property
    def device(self) -> torch.device:
        """That the model runs on."""
        return self.job.encoder.model.device

    @property
    def late(self) -> bool:
        """Whether nothing new is to begin."""
        return time.perf_counter() > self.deadline


def measure(options: Options) -> dict[str, Any]:
    """Run the benchmark.

    Raises:
        RefuseError: File, model, tokenizer or device cannot be used.
    """
    deadline = time.perf_counter() + options.seconds
    texts = open_texts(options.file, options.column, options.documents)
    with tempfile.TemporaryDirectory(prefix="isinglass-bench-") as scratch:
        settings = _settings(options, Path(scratch))
        bench = _load(options, settings, texts, deadline)
        runs = _sweep(bench)
        best = max(
            (run for run in runs.values() if isinstance(run, Run)),
            key=lambda run: run.tokens / run.seconds,
            default=None,
        )
        report = {
            "machine": describe_machine(bench.device),
            "model": _model(bench),
            "tokenizer": _tokenizer(bench),
            "input": _input(bench, best),
            "matrix_teraflops": _round(bench.rate / 1e12),
            "runs": [_row(bench, budget, run) for budget, run in runs.items()],
            "best": None if best is None else _row(bench, best.budget, best),
            "peer": _peer(bench, best),
        }
        if options.profile and best is not None:
            report["profile"] = profile_run(bench.job, best.budget)
        return report


def say(line: str) -> None:
    """Tell the one who waits."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _settings(options: Options, scratch: Path) -> EncodeSettings:
    tokenizer = options.tokenizer or (
        "minilm" if options.model.startswith(RANDOM) else options.model
    )
    settings = EncodeSettings(
        tokenizer=tokenizer,
        model=options.model,
        windows="truncate",
        max_tokens=options.max_tokens,
        precision=options.precision,
        device=options.device,
        batch_tokens=DEFAULT_BATCH_TOKENS,
    )
    if not options.model.startswith(RANDOM):
        return settings
    say(f"making {options.model}")
    folder = save_random(options.model, tokenizer_file(settings), scratch / "model")
    return replace(settings, model=str(folder))


def _load(
    options: Options, settings: EncodeSettings, texts: Texts, deadline: float
) -> Bench:
    say(f"loading {options.model}")
    encoder = load_encoder(settings, time.perf_counter)
    tokenizer = load_tokenizer(settings)
    folder, device = model_folder(settings), encoder.model.device
    precision = choose_precision(settings.precision, device)
    kept = min(options.peer_documents, texts.documents) if options.peer else 0
    job = Job(texts, tokenizer, encoder, options.threads, kept, options.output)
    say(f"tokenising alone: {tokenizer.backend}")
    return Bench(
        options=options,
        settings=settings,
        folder=folder,
        job=job,
        shape=read_shape(model_settings(folder)),
        precision=precision,
        rate=matrix_rate(device, precision),
        alone=tokenise_alone(tokenizer, texts, encoder.max_tokens),
        deadline=deadline,
    )


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


def _row(bench: Bench, budget: int, run: Run | str) -> dict[str, Any]:
    if isinstance(run, str):
        return {"batch_tokens": budget, "error": run}
    seconds, used = run.seconds, None
    if bench.shape is not None:
        work = bench.shape.operations(run.tokens, run.squares)
        used = _round(work / seconds / bench.rate)
    return {
        "batch_tokens": run.budget,
        "seconds": _round(seconds),
        "tokens": run.tokens,
        "tokens_per_second": round(run.tokens / seconds),
        "documents_per_second": _round(run.documents / seconds),
        "megabytes_per_second": _round(bench.job.texts.bytes / seconds / 1e6),
        "flop_utilisation": used,
        "fill": _round(run.fill),
        "padding": _round(run.padding),
        "device_busy_seconds": _round(run.busy),
        "device_idle": _round(run.idle),
        "tokenizer_core_seconds": _round(run.tokenizer_seconds * bench.alone.helpers),
        "process_core_seconds": _round(run.process_seconds),
        "batches": run.batches,
        "out_of_memory_halvings": run.halvings,
        "peak_host_mb": _round(run.host_mb),
        "peak_device_mb": _round(run.device_mb),
    }


def _model(bench: Bench) -> dict[str, Any]:
    shape, model = bench.shape, bench.job.encoder.model
    return {
        "name": bench.options.model,
        "layers": shape.layers if shape else None,
        "width": shape.width if shape else None,
        "inner_width": shape.inner if shape else None,
        "parameters": _parameters(bench.folder),
        "precision": bench.precision,
        "attention": model.attention,
        "padded": model.padded,
        "max_tokens": bench.job.encoder.max_tokens,
    }


def _parameters(folder: Path) -> int:
    """Numbers in the weight files."""
    from safetensors import safe_open  # noqa: PLC0415  (optional)

    count = 0
    for file in weight_files(folder):
        with safe_open(str(file), "np") as tensors:
            shapes = [tensors.get_slice(n).get_shape() for n in tensors.keys()]  # noqa: SIM118
            count += sum(math.prod(shape) for shape in shapes)
    return count


def _tokenizer(bench: Bench) -> dict[str, Any]:
    tokenizer, alone = bench.job.tokenizer, bench.alone
    return {
        "name": tokenizer.name,
        "sha256": tokenizer.sha256,
        "backend": tokenizer.backend,
        "threads": bench.options.threads,
        "megabytes_per_core_second": _round(alone.bytes / alone.seconds / 1e6),
        "whole_megabytes_per_core_second": _round(
            alone.bytes / alone.whole_seconds / 1e6
        ),
    }


def _input(bench: Bench, run: Run | None) -> dict[str, Any]:
    texts, alone = bench.job.texts, bench.alone
    estimated = alone.documents < texts.documents
    return {
        "file": texts.file.name,
        "documents": texts.documents,
        "bytes": texts.bytes,
        "tokens": round(alone.whole_tokens * texts.bytes / alone.bytes),
        "tokens_estimated": estimated,
        "tokens_kept": None if run is None else run.tokens,
    }


def _peer(bench: Bench, best: Run | None) -> dict[str, Any] | None:
    if not bench.options.peer:
        return None
    if bench.late:
        return {"error": "not begun: out of time"}
    try:
        return _compare(bench, best)
    # The peer's failure must not cost our own results.
    except Exception as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {error}"}


def _compare(bench: Bench, best: Run | None) -> dict[str, Any]:
    job, device = bench.job, bench.device
    texts = job.texts.first(job.kept)
    tokens = int(job.tokenizer.encode(texts, job.encoder.max_tokens).offsets[-1])
    question = Question(
        folder=bench.folder,
        tokenizer=tokenizer_file(bench.settings),
        pad=job.tokenizer.specials.pad or 0,
        max_tokens=job.encoder.max_tokens,
        pooling=pooling_of(bench.folder) or "mean",
        normalise=job.encoder.normalise,
        device=device,
        batches=bench.options.peer_batches or BATCHES.get(device.type, (32,)),
        rounds=bench.options.rounds,
    )
    say(f"the peer, {len(texts):,} documents")
    answer = ask_peer(question, texts.to_pylist())
    seconds = min(answer.seconds.values())
    found: dict[str, Any] = {
        "name": answer.name,
        "precision": question.precision,
        "documents": len(texts),
        "tokens": tokens,
        "seconds_by_batch": {n: _round(s) for n, s in answer.seconds.items()},
        "tokens_per_second": round(tokens / seconds),
        "process_core_seconds": _round(answer.core_seconds),
        "peak_host_mb": _round(answer.host_mb),
        "peak_device_mb": _round(answer.device_mb),
    }
    if best is not None:
        rate = best.tokens / best.seconds
        difference, cosine = differences(kept_vectors(best, len(texts)), answer.vectors)
        found |= {
            "ratio": _round(rate / (tokens / seconds)),
            "core_seconds_ratio": _round(
                best.tokens / best.process_seconds * answer.core_seconds / tokens
            ),
            "max_abs_difference": difference,
            "min_cosine": cosine,
        }
    return found


def _round(value: float | None) -> float | None:
    """Four digits: more mean nothing."""
    return None if value is None else float(f"{value:.4g}")

"""What was measured, as an object for JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from isinglass.transforms.encode.models.folder import weight_files

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.vectors.end_to_end import Run
    from benchmarks.vectors.loaded import Bench


def describe_run(bench: Bench, budget: int, run: Run | str) -> dict[str, Any]:
    """What a run took; or why there is none."""
    if isinstance(run, str):
        return {"batch_tokens": budget, "error": run}
    seconds, used = run.seconds, None
    if bench.shape is not None:
        work = bench.shape.operations(run.tokens, run.squares)
        used = rounded(work / seconds / bench.rate)
    return {
        "batch_tokens": run.budget,
        "seconds": rounded(seconds),
        "tokens": run.tokens,
        "tokens_per_second": round(run.tokens / seconds),
        "documents_per_second": rounded(run.documents / seconds),
        "megabytes_per_second": rounded(bench.job.texts.bytes / seconds / 1e6),
        "flop_utilisation": used,
        "fill": rounded(run.fill),
        "padding": rounded(run.padding),
        "device_busy_seconds": rounded(run.busy),
        "device_idle": rounded(run.idle),
        "tokenizer_core_seconds": rounded(run.tokenizer_seconds * bench.alone.helpers),
        "process_core_seconds": rounded(run.process_seconds),
        "batches": run.batches,
        "out_of_memory_halvings": run.halvings,
        "peak_host_mb": rounded(run.host_mb),
        "peak_device_mb": rounded(run.device_mb),
    }


def describe_model(bench: Bench) -> dict[str, Any]:
    """The model, and how it is run."""
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


def describe_tokenizer(bench: Bench) -> dict[str, Any]:
    """The tokenizer, and how fast it is by itself."""
    tokenizer, alone = bench.job.tokenizer, bench.alone
    return {
        "name": tokenizer.reference.name,
        "sha256": tokenizer.reference.sha256,
        "backend": tokenizer.backend,
        "threads": bench.options.threads,
        "megabytes_per_core_second": rounded(alone.bytes / alone.seconds / 1e6),
        "whole_megabytes_per_core_second": rounded(
            alone.bytes / alone.whole_seconds / 1e6
        ),
    }


def describe_input(bench: Bench, run: Run | None) -> dict[str, Any]:
    """The texts; their tokens are estimated where there are many."""
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


def rounded(value: float | None) -> float | None:
    """To four digits: more mean nothing."""
    return None if value is None else float(f"{value:.4g}")

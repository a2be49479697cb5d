"""Where the time of a run goes, kernel by kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.vectors.end_to_end import run_once

if TYPE_CHECKING:
    from benchmarks.vectors.end_to_end import Job

_MOST_DOCUMENTS = {"cuda": 16_384, "cpu": 64}
_KERNELS = 25


def profile_run(job: Job, budget: int) -> list[dict[str, Any]]:
    """The kernels that one more run spends its time in, the slowest first.

    Args:
        job: What is done, on its first documents alone.
        budget: Most tokens in a batch.

    Returns:
        Of each kernel its name, calls, seconds, and share of all kernels' time: of
        the GPU's clock on a GPU, of processor time elsewhere.
    """
    import torch  # noqa: PLC0415  (optional)
    from torch.profiler import ProfilerActivity, profile  # noqa: PLC0415  (optional)

    device = job.encoder.model.device
    on_gpu = device.type == "cuda"
    kinds = [ProfilerActivity.CUDA] if on_gpu else [ProfilerActivity.CPU]
    with profile(activities=kinds) as profiler:
        run_once(job, budget, _MOST_DOCUMENTS.get(device.type, 64))
        if on_gpu:
            torch.cuda.synchronize(device)
    spent = [
        (_microseconds(event, on_gpu=on_gpu), event)
        for event in profiler.key_averages()
    ]
    total = sum(micro for micro, _ in spent) or 1.0
    slowest = sorted(spent, key=lambda pair: -pair[0])[:_KERNELS]
    return [
        {
            "name": str(event.key)[:120],
            "calls": int(event.count),
            "seconds": float(f"{micro / 1e6:.4g}"),
            "share": float(f"{micro / total:.4g}"),
        }
        for micro, event in slowest
    ]


def _microseconds(event: Any, *, on_gpu: bool) -> float:
    if on_gpu:
        return float(event.self_device_time_total)
    return float(event.self_cpu_time_total)

"""What a measurement ran on, and the memory it took."""

from __future__ import annotations

import contextlib
import os
import platform
import resource
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_LIBRARIES = (
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "numpy",
    "pyarrow",
    "splintr-rs",
    "fastokens",
    "sentence-transformers",
)


def describe_machine(device: torch.device) -> dict[str, Any]:
    """Device, cores and versions."""
    import torch  # noqa: PLC0415  (optional)

    return {
        "device": device_name(device),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "torch_threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "cuda": torch.version.cuda,
        "varlen_attn": has_varlen(),
        "versions": {name: _version(name) for name in _LIBRARIES},
    }


def device_name(device: torch.device) -> str:
    """The GPU's own name, or `cpu`."""
    import torch  # noqa: PLC0415  (optional)

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return device.type


def has_varlen() -> bool:
    """Whether torch has attention over documents laid end to end."""
    try:
        return find_spec("torch.nn.attention.varlen") is not None
    except ImportError:
        return False


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.machine()


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def reset_peaks(device: torch.device) -> None:
    """Begin to count the peaks of memory anew, as far as the system allows it."""
    import torch  # noqa: PLC0415  (optional)

    # Source: proc_pid_clear_refs(5): 5 sets the peak to the present size.
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    # What the allocator keeps stays: a run that has warmed it is not to be cold again.
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_host_mb() -> float:
    """Largest resident size of the process in MiB since `reset_peaks`."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def peak_device_mb(device: torch.device) -> float | None:
    """Most memory of a GPU that torch had in use, in MiB; None on a CPU."""
    import torch  # noqa: PLC0415  (optional)

    if device.type != "cuda":
        return None
    return torch.cuda.max_memory_allocated(device) / 2**20

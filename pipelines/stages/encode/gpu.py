"""GPUs: who has which, what they are called, and how many workers that allows."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from isinglass.pipelines.engine.passes import Session


def lease_folder() -> Path:
    """Where processes of this user, of any run, note which GPU they have."""
    return Path(tempfile.gettempdir()) / f"isinglass-gpu-{os.getuid()}"


def device_name(device: torch.device) -> str:
    """`cpu`, or what the GPU is called."""
    if device.type != "cuda":
        return device.type
    import torch  # noqa: PLC0415  (optional)

    return str(torch.cuda.get_device_name(device))


def one_worker_a_gpu(session: Session, choice: str) -> Session:
    """The session with no more workers than GPUs, for each process owns one.

    A worker more would wait for a GPU until the pass ends, and the pass for it.

    Args:
        session: The driver's state; passes are recorded in the same list.
        choice: `encode.device`.
    """
    import torch  # noqa: PLC0415  (optional)

    if choice == "cpu" or not torch.cuda.is_available():
        return session
    gpus = 1 if ":" in choice else torch.cuda.device_count()
    beam = session.execution.config
    fewer = beam.model_copy(update={"workers": min(beam.workers, gpus)})
    return replace(session, execution=replace(session.execution, config=fewer))

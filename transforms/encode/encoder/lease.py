"""One process owns a GPU: two on one would halve its memory and its pace.

A process takes a GPU by a lock on a file with the GPU's own name, its UUID: numbers of
torch are other ones where `CUDA_VISIBLE_DEVICES` differs. The system gives the lock
back when the process ends, however it ends, so nothing is ever left to clean up.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from isinglass.transforms.encode.encoder.device import gpu_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    import torch

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0


def pause(seconds: float) -> None:
    """Do nothing for a while."""
    threading.Event().wait(seconds)


def lease_device(
    choice: str, folder: Path, owner: str, wait: Callable[[float], None] = pause
) -> torch.device:
    """The device for this process alone, until it ends; waits while all are taken.

    Asked again, the same owner is given the GPU it has. Only processes that use the
    same folder know of each other.

    Args:
        choice: `auto`, `cpu`, `cuda` (any GPU that torch sees) or `cuda:N`.
        folder: Where the files lie, on a local file system; made if it is not there.
        owner: Names the process among all that use the folder, such as its number.
            It stands in the file, so that a person can see who has the GPU.
        wait: Called with the seconds between two looks.

    Raises:
        ConfigError: The choice is none of these, or the GPU is not there.
    """
    import torch  # noqa: PLC0415  (optional)

    numbers = gpu_numbers(choice)
    if not numbers:
        return torch.device("cpu")
    names = {str(torch.cuda.get_device_properties(n).uuid): n for n in numbers}
    return torch.device("cuda", names[lease_name(names, folder, owner, wait)])


def lease_name(
    names: Collection[str],
    folder: Path,
    owner: str,
    wait: Callable[[float], None] = pause,
) -> str:
    """The first of some names that no other process has; see `lease_device`."""
    folder.mkdir(parents=True, exist_ok=True)
    own = f"{owner}\n".encode()
    seconds = _FIRST_PAUSE
    while True:
        # Its own first: a second lock would wait for the process itself.
        for name in names:
            path = folder / f"{name}.lock"
            if path.exists() and path.read_bytes() == own:
                _lock(path, own)
                return name
        for name in names:
            if _lock(folder / f"{name}.lock", own):
                return name
        wait(seconds)
        seconds = min(2 * seconds, _LONGEST_PAUSE)


def _lock(path: Path, own: bytes) -> bool:
    """Lock a file for as long as the process lives, and write the holder into it."""
    import fcntl  # noqa: PLC0415  (not on every system)

    # Never closed: closing would give the lock back.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return False
    os.ftruncate(handle, 0)
    os.pwrite(handle, own, 0)
    return True

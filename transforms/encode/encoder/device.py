"""Which device runs the model, at which precision, and that no other process has it.

One process owns a GPU: two on one would halve its memory and its pace. A process takes
a GPU by a lock on a file with the GPU's own name, its UUID: numbers of torch are other
ones where `CUDA_VISIBLE_DEVICES` differs. The system gives the lock back when the
process ends, however it ends, so nothing is ever left to clean up.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.encode import require

if TYPE_CHECKING:
    import torch


Precision = Literal["float32", "bfloat16", "float16"]
_NUMBERED = re.compile(r"cuda:([0-9]{1,4})")


def choose_device(choice: str) -> torch.device:
    """The device to run on: `auto` takes a GPU where torch sees one.

    The choice is `auto`, `cpu`, `cuda` (the first GPU that torch sees) or `cuda:N`.

    Raises:
        ConfigError: The choice is none of these, or the GPU is not there.
    """
    import torch  # noqa: PLC0415  (optional)

    numbers = gpu_numbers(choice)
    return torch.device("cuda", numbers[0]) if numbers else torch.device("cpu")


def gpu_numbers(choice: str) -> list[int]:
    """Numbers of the GPUs that will do, see `choose_device`; none for the CPU."""
    import torch  # noqa: PLC0415  (optional)

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if choice == "cpu" or (choice == "auto" and count == 0):
        return []
    match = _NUMBERED.fullmatch(choice)
    if choice not in {"auto", "cuda"} and match is None:
        msg = f"encode.device is {choice!r}. Set it to auto, cpu, cuda or cuda:N."
        raise ConfigError(msg)
    if count == 0:
        raise ConfigError(
            f"encode.device is {choice!r}, and torch sees no CUDA device. Set it to "
            "auto or cpu, or install a torch built for the GPU's driver."
        )
    if match is None:
        return list(range(count))
    number = int(match[1])
    if number >= count:
        raise ConfigError(
            f"encode.device is {choice!r}, and torch sees {count} CUDA devices, "
            f"numbered from 0. Set it to cuda:{count - 1} or less, or to cuda."
        )
    return [number]


def choose_precision(
    choice: Precision | Literal["auto"], device: torch.device
) -> Precision:
    """What the model computes in: `auto` is float32 on a CPU, bfloat16 on a GPU."""
    if choice != "auto":
        return choice
    return "bfloat16" if device.type == "cuda" else "float32"


def configure_threads(threads: int) -> None:
    """Set how many threads torch takes for one forward pass, in this process.

    The number can change vectors by rounding: runs whose bytes are to be equal use
    the same one.
    """
    require("torch")
    import torch  # noqa: PLC0415  (optional)

    torch.set_num_threads(threads)


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

    The choice is as for `choose_device`, but that `cuda` is any GPU that torch sees.
    The files lie in the folder, on a local file system; it is made if it is not there.
    `owner` names the process among all that use it, such as its number: it stands in
    the file, so that a person can see who has the GPU. `wait` is called with the
    seconds between two looks.
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

"""Which device runs the model, at which precision, and on how many threads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.encode.extra import require

if TYPE_CHECKING:
    import torch

    from isinglass.transforms.encode.settings import Precision

_NUMBERED = re.compile(r"cuda:([0-9]{1,4})")


def choose_device(choice: str) -> torch.device:
    """The device to run on: `auto` takes a GPU where torch sees one.

    Args:
        choice: `auto`, `cpu`, `cuda` (the first GPU that torch sees) or `cuda:N`.

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
        msg = (
            f"encode.device is {choice!r}, and torch sees no CUDA device. Set it to "
            "auto or cpu, or install a torch built for the GPU's driver."
        )
        raise ConfigError(msg)
    if match is None:
        return list(range(count))
    number = int(match[1])
    if number >= count:
        msg = (
            f"encode.device is {choice!r}, and torch sees {count} CUDA devices, "
            f"numbered from 0. Set it to cuda:{count - 1} or less, or to cuda."
        )
        raise ConfigError(msg)
    return [number]


def choose_precision(
    choice: Precision, device: torch.device
) -> Literal["float32", "bfloat16", "float16"]:
    """What the model computes in: `auto` is float32 on a CPU, bfloat16 on a GPU."""
    if choice != "auto":
        return choice
    return "bfloat16" if device.type == "cuda" else "float32"


def configure_threads(threads: int) -> None:
    """Set how many threads torch takes for one forward pass, in this process.

    The number can change vectors by rounding: runs whose bytes are to be equal use
    the same one.

    Raises:
        MissingExtraError: torch is not installed.
    """
    require("torch")
    import torch  # noqa: PLC0415  (optional)

    torch.set_num_threads(threads)

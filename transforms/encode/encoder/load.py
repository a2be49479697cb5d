"""From settings to an encoder: device, precision, model, budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.encoder.device import choose_device, choose_precision
from isinglass.transforms.encode.encoder.encoder import Encoder
from isinglass.transforms.encode.encoder.lanes import is_out_of_memory
from isinglass.transforms.encode.extra import require
from isinglass.transforms.encode.forward.load import load_model
from isinglass.transforms.encode.models import (
    check_fit,
    model_folder,
    model_settings,
    pooling_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from isinglass.transforms.encode.settings import EncodeSettings

CPU_BATCH_TOKENS = 2048
"""Most tokens of a batch on a CPU. Measured with MiniLM on one AMD EPYC core: 1,024 to
4,096 are equally fast, in float32 and in bfloat16; more only takes memory."""


def load_encoder(
    settings: EncodeSettings, clock: Callable[[], float] | None = None
) -> Encoder:
    """Load the model that `encode.model` names.

    Args:
        settings: Which model, and how it is run.
        clock: Gives seconds, such as `time.perf_counter`, for the statistics; None
            measures no times.

    Raises:
        MissingExtraError: A library or the packaged model is not installed.
        ConfigError: The device is not there, or max_tokens is too long.
        RefuseError: Weights are missing or a pickle, or the tokenizer is not the
            model's, or the device has too little memory for the model.
    """
    require("torch", "safetensors")
    check_fit(settings)
    device = choose_device(settings.device)
    folder = model_folder(settings)
    pooling = settings.pooling
    if pooling == "auto":
        pooling = pooling_of(folder) or "mean"
    precision = choose_precision(settings.precision, device)
    try:
        model = load_model(folder, device, precision, pooling)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        msg = (
            f"encode.model: {folder} does not fit into the free memory of {device}. "
            "Set encode.device to another device or to cpu, or end the other programs "
            "that use its memory."
        )
        raise RefuseError(msg) from error
    budget = settings.batch_tokens
    if device.type == "cpu":
        budget = min(budget, CPU_BATCH_TOKENS)
    return Encoder(
        model=model,
        vocabulary_size=model_settings(folder)["vocab_size"],
        max_tokens=settings.max_tokens,
        batch_tokens=budget,
        normalise=settings.normalise,
        clock=clock,
    )

"""What is known of the `encode` section before anything is read or written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.stages.encode.writing import find_ends
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.encode.encoder.device import choose_device
from isinglass.transforms.encode.forward.load import check_model
from isinglass.transforms.encode.models.find import model_folder
from isinglass.transforms.encode.models.folder import model_settings, pooling_of
from isinglass.transforms.encode.models.packaged import MINILM
from isinglass.transforms.encode.outputs.vectors import hidden_bytes, in_units
from isinglass.transforms.encode.settings import settings_of
from isinglass.transforms.encode.tokenizers.reference import Reference, load_reference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from isinglass.pipelines.plan import PlannedInput
    from isinglass.schemas.config import EncodeConfig

BYTES_A_TOKEN = 4
"""Of English text, roughly; other languages have fewer."""


def with_absolute_paths(config: EncodeConfig, base: Path) -> EncodeConfig:
    """Name model and tokenizer folders in a way that any worker understands."""
    places = {
        name: str((base / value).resolve())
        for name, value in (("model", config.model), ("tokenizer", config.tokenizer))
        if value != MINILM and (base / value).exists()
    }
    return config.model_copy(update=places)


def check_encode(config: EncodeConfig) -> None:
    """Refuse what the pass could not do; model and tokenizer are known to be there.

    Raises:
        ConfigError: An end token that the tokenizer lacks, or a GPU that is not there.
        RefuseError: The weights are damaged or not whole, or of no encoder.
    """
    if config.embeddings != "none":
        if config.device not in {"auto", "cpu"}:
            choose_device(config.device)
        folder = model_folder(settings_of(config))
        check_model(folder, pooling_of_config(config))
    if config.windows == "window":
        _check_stride(config, load_reference(settings_of(config)))
    sections = (config.packed, config.megatron)
    if any(section is not None and section.end_token for section in sections):
        find_ends(config, load_reference(settings_of(config)))


def _check_stride(config: EncodeConfig, tokenizer: Reference) -> None:
    """Windows move on only by what neither special tokens nor the stride take."""
    special = len(tokenizer.prefix_ids) + len(tokenizer.suffix_ids)
    if config.stride >= config.max_tokens - special:
        raise ConfigError(
            f"encode.stride: {config.stride} leaves no new token in a window of "
            f"{config.max_tokens}, {special} of them special. Lower it, or raise "
            "encode.max_tokens."
        )


def pooling_of_config(config: EncodeConfig) -> str:
    """How vectors are made of hidden states, `auto` as the model's files say now."""
    if config.pooling != "auto":
        return config.pooling
    return pooling_of(model_folder(settings_of(config))) or "mean"


def hidden_width(config: EncodeConfig) -> int:
    """Values of a hidden state, by whatever name config.json has for them."""
    shape = model_settings(model_folder(settings_of(config)))
    found = (shape.get(name) for name in ("hidden_size", "dim", "d_model"))
    return next((int(width) for width in found if width), 0)


def hidden_estimate(config: EncodeConfig, inputs: Sequence[PlannedInput]) -> str:
    """How large `hidden_states/` will be, from what a plan knows.

    Where the records of all files are known and each is encoded once, it never has more
    than `max_tokens` vectors a record. Otherwise tokens are guessed from the size of
    the files on disk, of which compressed ones hold more.

    Returns:
        Such as `up to 3.8 GB`, or `about 3.8 GB` where it is a guess.
    """
    width = hidden_width(config)
    rows = [item.rows for item in inputs]
    if config.windows != "window" and None not in rows:
        most = sum(row or 0 for row in rows) * config.max_tokens
        return f"up to {in_units(hidden_bytes(most, width))}"
    tokens = sum(item.bytes for item in inputs) / BYTES_A_TOKEN
    if config.windows == "window":
        tokens *= config.max_tokens / (config.max_tokens - config.stride)
    return f"about {in_units(hidden_bytes(int(tokens), width))}"

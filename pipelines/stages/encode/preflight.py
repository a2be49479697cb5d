"""What is known of the `encode` section before anything is read or written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.pipelines.stages.encode.writing import find_ends
from isinglass.schemas.config import EncodeConfig
from isinglass.transforms.encode.encoder.device import choose_device
from isinglass.transforms.encode.forward.load import check_model
from isinglass.transforms.encode.models.find import MINILM, chosen_pooling, model_folder
from isinglass.transforms.encode.models.folder import model_settings
from isinglass.transforms.encode.outputs.rows import hidden_bytes, in_units
from isinglass.transforms.encode.tokenizers.batch import window_step
from isinglass.transforms.encode.tokenizers.reference import load_reference

if TYPE_CHECKING:
    from isinglass.pipelines.plan import PlannedInput

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
        ConfigError: An end token that the tokenizer lacks, a GPU that is not there, or
            a stride that leaves no new token.
        RefuseError: The weights are damaged or not whole, or of no encoder.
    """
    if config.embeddings != "none":
        if config.device not in {"auto", "cpu"}:
            choose_device(config.device)
        check_model(model_folder(config), chosen_pooling(config))
    if config.windows == "window":
        tokenizer = load_reference(config)
        special = len(tokenizer.prefix_ids) + len(tokenizer.suffix_ids)
        window_step(config.max_tokens, config.stride, special)
    sections = (config.packed, config.megatron)
    if any(section is not None and section.end_token for section in sections):
        find_ends(config, load_reference(config))


def hidden_width(config: EncodeConfig) -> int:
    """Values of a hidden state, by whatever name config.json has for them."""
    shape = model_settings(model_folder(config))
    found = (shape.get(name) for name in ("hidden_size", "dim", "d_model"))
    return next((int(width) for width in found if width), 0)


def hidden_estimate(config: EncodeConfig, inputs: Sequence[PlannedInput]) -> str:
    """How large `hidden_states/` will be, from what a plan knows.

    Where the records of all files are known and each is encoded once, it never has more
    than `max_tokens` vectors a record. Otherwise tokens are guessed from the size of
    the files on disk, of which compressed ones hold more. Returns such as `up to 3.8
    GB`, or `about 3.8 GB` where it is a guess.
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

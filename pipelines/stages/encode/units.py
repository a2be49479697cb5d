"""Which shards are encoded, and what their outputs depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.stages.encode.preflight import pooling_of_config
from isinglass.transforms.encode.encoder.device import choose_device

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import EncodeConfig

PACKAGED = "minilm"
"""The name of the packaged model and tokenizer; a folder cannot take it over."""


_ELSEWHERE = {"device", "semantic", "allow_download"}
"""Settings that change no file of the pass. The device does, by rounding: see below."""


def encode_units(
    shard_ids: Sequence[str],
    cleans: dict[str, Commit],
    config: EncodeConfig,
    models: Sequence[str],
    code: str,
) -> list[Unit]:
    """One unit a shard; it depends on the bytes of its `data/` file."""
    section: Any = config.model_dump(exclude=_ELSEWHERE)
    if config.embeddings != "none":
        # A GPU rounds otherwise than a CPU, so their vectors are never mixed.
        section["device"] = choose_device(config.device).type
        section["pooling"] = pooling_of_config(config)
    units = []
    for shard_id in shard_ids:
        name = f"data/{shard_id}.parquet"
        data = next(o for o in cleans[shard_id].outputs if o.path == name)
        identity = digest([data.sha256, section, list(models), code])
        units.append(Unit(shard_id, shard_id, identity, data.bytes))
    return units


def with_absolute_paths(config: EncodeConfig, base: Path) -> EncodeConfig:
    """Name model and tokenizer folders in a way that any worker understands."""
    places = {
        name: str((base / value).resolve())
        for name, value in (("model", config.model), ("tokenizer", config.tokenizer))
        if value != PACKAGED and (base / value).exists()
    }
    return config.model_copy(update=places)

"""Token ids and vectors: there as asked for, counted alike, and those of the texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.proof.check import COUNTS, Check, conclude
from isinglass.pipelines.stage import Written
from isinglass.pipelines.stages.encode.proof_counts import encoding_faults
from isinglass.pipelines.stages.encode.proof_tokens import check_tokens
from isinglass.pipelines.stages.encode.proof_vectors import check_vectors
from isinglass.schemas import tables

if TYPE_CHECKING:
    import pyarrow as pa

    from isinglass.pipelines.proof.check import FinishedRun

_ENCODING = ("run", "encode")


def encodes(run: FinishedRun) -> bool:
    """Whether the run was to encode its texts."""
    return run.config.encode is not None and run.manifest.verb in _ENCODING


def written(run: FinishedRun) -> Written:
    """Tables and files of each shard; a summary, if there are shards at all."""
    asked = encodes(run)
    faults = []
    if (run.manifest.encode is not None) != (asked and bool(run.shards())):
        faults.append("the manifest's encode does not follow from its config and verb")
    files = _files(run) if asked else {}
    return Written(files, faults)


def _files(run: FinishedRun) -> dict[str, pa.Schema | None]:
    """Schemas depend on the settings and on the model."""
    config, summary = run.config.encode, run.manifest.encode
    assert config is not None
    window, dimensions = (
        config.windows == "window",
        summary.dimensions if summary else 0,
    )
    files: dict[str, pa.Schema | None] = {}
    if config.tokens:
        files["tokens/{shard}.parquet"] = tables.tokens_schema(
            window=window, masks=config.masks, word_ids=config.word_ids
        )
    if config.packed is not None:
        files["packed/{shard}.parquet"] = tables.PACKED
    if config.embeddings != "none":
        files["embeddings/{shard}.parquet"] = tables.embeddings_schema(
            dimensions, dtype=config.embedding_type, window=window
        )
    if config.hidden_states:
        files["hidden_states/{shard}.parquet"] = tables.hidden_states_schema(
            dimensions, window=window
        )
    if config.megatron is not None:
        files |= dict.fromkeys(("megatron/{shard}.bin", "megatron/{shard}.idx"))
    return files


def prove(run: FinishedRun) -> list[Check]:
    """Counts of the manifest, files of ids, vectors and hidden states."""
    counts = conclude(COUNTS, encoding_faults(run), "")
    return [counts, *check_tokens(run), *check_vectors(run)]

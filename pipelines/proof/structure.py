"""Which tables a run must have, and what columns they must have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from isinglass.pipelines.engine.workspace import table_rows, table_schema
from isinglass.pipelines.proof.check import conclude
from isinglass.schemas import tables

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Check, FinishedRun

AUDIT = "audit/statistics.parquet"
PARAGRAPH_LIST = "audit/paragraphs.parquet"
ERASURE = "audit/erasure.parquet"
CLUSTER_LIST = "audit/clusters.parquet"
CLUSTER_SHARES = "audit/cluster_shares.parquet"
_LISTS = {
    PARAGRAPH_LIST: "paragraph_list",
    ERASURE: "erasure",
    CLUSTER_LIST: "cluster_list",
    CLUSTER_SHARES: "cluster_shares",
}
_MEGATRON = (".bin", ".idx")
_ENCODING = ("run", "encode")


def check_tables(run: FinishedRun) -> Check:
    """Every shard has a file of each table the configuration asks for; no more."""
    shards = run.shards()
    wanted = wanted_tables(run)
    expected = {f"{table}/{shard}.parquet" for table in wanted for shard in shards}
    expected |= _other_files(run, shards)
    expected.add(AUDIT)
    if "paragraphs" in wanted:
        expected.add(PARAGRAPH_LIST)
    if run.config.erase is not None:
        expected.add(ERASURE)
    found = {output.path for output in run.manifest.outputs}
    faults = [f"{name} was not written" for name in sorted(expected - found)]
    faults += [f"{name} was not asked for" for name in sorted(found - expected)]
    encoded = run.manifest.encode is not None
    if encoded != (_encodes(run) and bool(shards)):
        faults.append("the manifest's encode does not follow from its config and verb")
    if (run.manifest.dedup is None) != (run.config.dedup is None):
        faults.append("the manifest's dedup does not follow from its config")
    return conclude("tables", faults, f"{len(shards)} shards, {len(wanted)} tables")


def wanted_tables(run: FinishedRun) -> list[str]:
    """Tables that every shard of the run must have, by its verb and configuration."""
    config = run.config
    wanted = ["ledger", "quarantine"]
    if run.manifest.verb != "audit":
        wanted.append("data")
    if config.pii is not None or config.erase is not None:
        wanted.append("findings")
    if config.dedup is not None and config.dedup.paragraphs is not None:
        wanted.append("paragraphs")
    if _encodes(run) and config.encode is not None:
        asked = {
            "tokens": config.encode.tokens,
            "packed": config.encode.packed is not None,
            "embeddings": config.encode.embeddings != "none",
            "hidden_states": config.encode.hidden_states,
            "clusters": config.encode.semantic is not None,
        }
        wanted += [name for name, is_asked in asked.items() if is_asked]
    return wanted


def _other_files(run: FinishedRun, shards: list[str]) -> set[str]:
    """Files that are not one table a shard."""
    config = run.config.encode
    if not _encodes(run) or config is None:
        return set()
    files = set()
    if config.megatron is not None:
        files = {f"megatron/{s}{suffix}" for s in shards for suffix in _MEGATRON}
    if config.semantic is not None and shards:
        files |= {CLUSTER_LIST, CLUSTER_SHARES}
    return files


def _encodes(run: FinishedRun) -> bool:
    return run.config.encode is not None and run.manifest.verb in _ENCODING


def check_schemas(run: FinishedRun) -> Check:
    """Every table has the declared columns, types, version and rows.

    `data/` alone may have more columns: those carried from the input.
    """
    schemas = {
        "data": tables.DATA,
        "findings": tables.FINDINGS,
        "paragraphs": tables.PARAGRAPHS,
        "ledger": tables.LEDGER,
        "quarantine": tables.QUARANTINE,
        "packed": tables.PACKED,
        "clusters": tables.CLUSTERS,
        "cluster_list": tables.CLUSTER_LIST,
        "cluster_shares": tables.CLUSTER_SHARES,
        "audit": tables.STATISTICS,
        "paragraph_list": tables.PARAGRAPH_LIST,
        "erasure": tables.ERASURE,
    }
    schemas |= _encode_schemas(run)
    faults = []
    for output in run.manifest.outputs:
        if output.path.endswith(_MEGATRON):
            continue
        table = _LISTS.get(output.path, output.path.partition("/")[0])
        try:
            found = table_schema(run.folder / output.path)
            rows = table_rows(run.folder / output.path)
        except (pa.ArrowException, OSError):
            faults.append(f"{output.path} is not a Parquet file")
            continue
        if table not in schemas or not _fits(table, found, schemas[table]):
            faults.append(f"{output.path} does not have the declared schema")
        if rows != output.rows:
            faults.append(f"{output.path} does not have the recorded rows")
    return conclude("schemas", faults, f"{len(run.manifest.outputs)} tables")


def _encode_schemas(run: FinishedRun) -> dict[str, pa.Schema]:
    """Schemas that depend on the settings and on the model."""
    config, summary = run.config.encode, run.manifest.encode
    if config is None or summary is None:
        return {}
    window, dimensions = config.windows == "window", summary.dimensions
    return {
        "tokens": tables.tokens_schema(
            window=window, masks=config.masks, word_ids=config.word_ids
        ),
        "embeddings": tables.embeddings_schema(
            dimensions, dtype=config.embedding_type, window=window
        ),
        "hidden_states": tables.hidden_states_schema(dimensions, window=window),
    }


def _fits(table: str, found: pa.Schema, expected: pa.Schema) -> bool:
    version = (found.metadata or {}).get(b"isinglass.schema_version")
    own = list(found)[: len(expected)] if table == "data" else list(found)
    return own == list(expected) and version == tables.SCHEMA_VERSION.encode()

"""Token ids and vectors: there as asked for, counted alike, and those of the texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import table_rows
from isinglass.pipelines.proof.check import COUNTS, Check, conclude
from isinglass.pipelines.stage import Written
from isinglass.pipelines.stages.encode.proof_tokens import check_tokens
from isinglass.pipelines.stages.encode.proof_vectors import check_vectors
from isinglass.pipelines.stages.encode.writing import table_schemas
from isinglass.schemas.errors import InputError
from isinglass.transforms.encode.outputs.readers import read_megatron

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
    schemas = table_schemas(config, summary.dimensions if summary else 0)
    files: dict[str, pa.Schema | None] = {
        f"{name}/{{shard}}.parquet": schema for name, schema in schemas.items()
    }
    if config.megatron is not None:
        files |= dict.fromkeys(("megatron/{shard}.bin", "megatron/{shard}.idx"))
    return files


def prove(run: FinishedRun) -> list[Check]:
    """Counts of the manifest, files of ids, vectors and hidden states."""
    counts = conclude(COUNTS, _count_faults(run), "")
    return [counts, *check_tokens(run), *check_vectors(run)]


def _count_faults(run: FinishedRun) -> list[str]:
    """Numbers of the manifest's `encode` that the files do not bear out."""
    told = run.manifest.encode
    if told is None:
        return []
    faults = []
    if told.documents != run.manifest.records.kept:
        faults.append("encode and records count different documents")
    counted = {
        "tokens": (_sum(run, "tokens", "n_tokens"), told.tokens),
        "rows of tokens": (_rows(run, "tokens"), told.rows),
        "rows of embeddings": (_rows(run, "embeddings"), told.rows),
        "hidden states": (_sum(run, "hidden_states", "n_tokens"), told.hidden_states),
    }
    if told.packed is not None:
        tokens = sum(
            pc.sum(pc.list_value_length(table["input_ids"])).as_py() or 0
            for _, table in run.each("packed", ["input_ids"])
        )
        places = told.packed.rows * told.packed.length
        counted["packed rows"] = (_rows(run, "packed"), told.packed.rows)
        counted["packed tokens"] = (tokens, told.packed.tokens)
        if not np.isclose(told.packed.fill * places, told.packed.tokens):
            faults.append("the fill of packed rows is not their tokens by places")
    if told.megatron is not None:
        sequences, ids = _megatron(run)
        counted["Megatron sequences"] = (sequences, told.megatron.sequences)
        counted["Megatron tokens"] = (ids, told.megatron.tokens)
    faults += [
        f"encode and its files count different {what}: {said} and {found}"
        for what, (found, said) in counted.items()
        if found is not None and found != said
    ]
    return faults


def _rows(run: FinishedRun, table: str) -> int | None:
    paths = run.paths(table)
    return sum(map(table_rows, paths)) if paths else None


def _sum(run: FinishedRun, table: str, column: str) -> int | None:
    sums = [pc.sum(t[column]).as_py() or 0 for _, t in run.each(table, [column])]
    return sum(sums) if sums else None


def _megatron(run: FinishedRun) -> tuple[int, int]:
    """Documents and tokens of all pairs of files; none of a pair that is damaged."""
    documents = tokens = 0
    for path in run.paths("megatron"):
        if path.suffix != ".idx":
            continue
        try:
            data = read_megatron(path.with_suffix(""))
        except InputError:
            continue
        documents += len(data)
        tokens += int(data.lengths.sum(dtype=np.int64))
    return documents, tokens

"""What the manifest says of the encode pass, counted again in its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import table_rows
from isinglass.schemas.errors import InputError
from isinglass.transforms.encode.outputs.readers import read_megatron

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import FinishedRun


def encoding_faults(run: FinishedRun) -> list[str]:
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
        "hidden states": (
            _sum(run, "hidden_states", "n_tokens"),
            told.hidden_states,
        ),
    }
    if told.packed is not None:
        tokens = _packed_tokens(run)
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
    if not paths:
        return None
    return sum(table_rows(path) for path in paths)


def _sum(run: FinishedRun, table: str, column: str) -> int | None:
    sums = [pc.sum(t[column]).as_py() or 0 for _, t in run.each(table, [column])]
    return sum(sums) if sums else None


def _packed_tokens(run: FinishedRun) -> int:
    sums = [
        pc.sum(pc.list_value_length(table["input_ids"])).as_py() or 0
        for _, table in run.each("packed", ["input_ids"])
    ]
    return sum(sums)


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

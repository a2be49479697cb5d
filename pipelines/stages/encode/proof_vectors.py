"""Vectors and hidden states against the documents they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from isinglass.pipelines.engine.workspace import read_table, table_schema
from isinglass.pipelines.proof.check import Check, conclude
from isinglass.pipelines.stages.encode.proof_sampled import Sampled, encode_again
from isinglass.schemas.errors import InputError
from isinglass.transforms.encode.outputs.readers import (
    read_embeddings,
    read_hidden_states,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from isinglass.pipelines.proof.check import FinishedRun

UNIT_LENGTH_TOLERANCE = 1e-3


def check_vectors(run: FinishedRun) -> list[Check]:
    """Vectors and hidden states, some of them made again from their texts."""
    if not run.paths("embeddings"):
        return [Check("embeddings", "skipped", "no embeddings were written")]
    again = encode_again(run)
    checks = [check_embeddings(run, again)]
    if run.paths("hidden_states"):
        checks.append(check_hidden_states(run, again))
    return checks


def check_embeddings(run: FinishedRun, again: Sampled) -> Check:
    """One finite vector a row, in order, of unit length where that was asked for."""
    config = run.config.encode
    assert config is not None
    faults, seen = list(again.faults["embeddings"]), 0
    for path in run.paths("embeddings"):
        name = f"embeddings/{path.stem}"
        if not follows(run, path):
            faults.append(f"{name} does not follow data/{path.stem}")
        _, matrix = read_embeddings(path)
        seen += len(matrix)
        wide = matrix.astype(np.float32)
        if not np.isfinite(wide).all():
            faults.append(f"{name} holds a value that is not finite")
        lengths = np.linalg.norm(wide, axis=1)
        off = np.abs(lengths - 1) > UNIT_LENGTH_TOLERANCE
        if not config.special_tokens:  # a document may have no token at all
            off &= lengths > 0
        if config.normalise and off.any():
            faults.append(f"{name} holds a vector not of unit length")
    said = again.why or f"{again.rows} of them made again from their texts"
    return conclude("embeddings", faults, f"{seen:,} vectors; {said}")


def check_hidden_states(run: FinishedRun, again: Sampled) -> Check:
    """A finite vector for each token that the encoder saw, row by row."""
    faults, seen = list(again.faults["hidden_states"]), 0
    for path in run.paths("hidden_states"):
        name = f"hidden_states/{path.stem}"
        if not follows(run, path):
            faults.append(f"{name} does not follow data/{path.stem}")
        told = read_table(path, ["n_tokens"])["n_tokens"].to_numpy()
        try:
            sizes = []
            for _, matrix in read_hidden_states(path):
                sizes.append(len(matrix))
                if not np.isfinite(matrix).all():
                    faults.append(f"{name} holds a value that is not finite")
                    break
        except InputError:
            faults.append(f"{name} cannot be read")
            continue
        seen += sum(sizes)
        if not np.array_equal(sizes, told) or not _as_seen(run, path.stem, told):
            faults.append(f"{name} has other numbers of tokens than tokens/")
    return conclude("hidden states", faults, f"{seen:,} vectors of tokens")


def follows(run: FinishedRun, path: Path) -> bool:
    """Whether the rows are the documents of `data/`, in order, or their windows."""
    names = table_schema(path).names
    windowed = "window" in names
    table = read_table(path, ["doc_id", *(["window"] if windowed else [])])
    if windowed:
        table = table.filter(pc.equal(table["window"], 0))
    data = run.read("data", path.stem, ["doc_id"])
    return data is not None and bool(table["doc_id"].equals(data["doc_id"]))


def _as_seen(run: FinishedRun, shard: str, told: NDArray[np.int32]) -> bool:
    """Whether the counts are those of `tokens/`, cut to what the encoder sees."""
    tokens = run.read("tokens", shard, ["n_tokens"])
    config = run.config.encode
    if tokens is None or config is None:
        return True
    seen = np.minimum(tokens["n_tokens"].to_numpy(), config.max_tokens)
    return np.array_equal(seen, told)

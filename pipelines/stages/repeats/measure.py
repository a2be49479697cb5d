"""From the windows and counts of all shards to the shares of repeated characters."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.mapped_tables import (
    decisions_path,
    read_mapped,
    write_mapped,
)
from isinglass.pipelines.engine.workspace import (
    Workspace,
    map_array,
    read_array,
    read_json,
)
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.repeats.estimate import Sample, repeat_rows
from isinglass.transforms.repeats.windows import (
    KINDS,
    Windows,
    own_occurrences,
    repeated_characters,
)

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs

SAMPLE = "repeat_sample"
WINDOWS = "repeat_windows"
COUNTS = "repeats"
SHARES = "repeat_shares"
STAGES = ("input", "output")

REPEATED = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("kept", pa.bool_(), nullable=False),
        pa.field("characters", pa.int64(), nullable=False),
        *(
            pa.field(f"{stage}_{kind}", pa.int64(), nullable=False)
            for stage in STAGES
            for kind in KINDS
        ),
    ]
)
"""A sampled document: its characters, and those in repeats by stage and kind."""


def window_path(
    workspace: Workspace, shard_id: str, part: str, pass_name: str = SAMPLE
) -> Path:
    """One array of one shard: hashes and spans, or found windows and counts."""
    return workspace.mapped(pass_name, f"{shard_id}.{part}.npy")


def shares_path(workspace: Workspace) -> Path:
    """Repeated characters of every sampled document."""
    return workspace.mapped(SHARES, "documents.arrow")


def load_windows(workspace: Workspace) -> np.ndarray:
    """Map the distinct window hashes of the sample, ascending."""
    return map_array(workspace.mapped(WINDOWS, "hashes.npy"))


def measure(outputs: UnitOutputs, shard_ids: list[str]) -> dict[str, int]:
    """Add up the counts; write the repeated characters of every sampled document.

    Holds 24 bytes a distinct window of the sample, and the windows of one shard.
    """
    workspace = outputs.workspace
    hashes = load_windows(workspace)
    totals = np.zeros((len(hashes), 2), np.int64)
    population: dict[str, Counter[str]] = {stage: Counter() for stage in STAGES}
    for shard_id in shard_ids:
        found = read_array(window_path(workspace, shard_id, "found", COUNTS))
        path = window_path(workspace, shard_id, "counts", COUNTS)
        totals[found] += read_array(path)
        counted = read_json(workspace.mapped(COUNTS, f"{shard_id}.stats.json"))
        for stage in STAGES:
            population[stage].update(counted[stage])

    rows = (_measure(workspace, shard_id, hashes, totals) for shard_id in shard_ids)
    path = shares_path(workspace)
    documents = write_mapped(outputs, path, REPEATED, rows)
    content = json.dumps(population, sort_keys=True)
    outputs.write_bytes(path.with_name("population.json"), content)
    return {"records_in": documents}


def _measure(
    workspace: Workspace, shard_id: str, hashes: np.ndarray, totals: np.ndarray
) -> pa.RecordBatch:
    """Repeated characters of one shard's sampled documents."""
    documents = read_mapped(workspace.mapped(SAMPLE, f"{shard_id}.arrow"))
    ends = np.cumsum(documents["windows"].to_numpy())
    windows = Windows(
        hashes=read_array(window_path(workspace, shard_id, "hashes")),
        spans=read_array(window_path(workspace, shard_id, "spans")),
        offsets=np.concatenate([[0], ends]).astype(np.int64),
        characters=documents["characters"].to_numpy(),
    )
    outcome = read_mapped(decisions_path(workspace, shard_id), ["outcome"])["outcome"]
    kept = pc.equal(outcome.take(documents["place"]), "kept").to_numpy()
    own = own_occurrences(windows)
    total = totals[np.searchsorted(hashes, windows.hashes)]
    before = repeated_characters(windows, own, total[:, 0])
    # What is not kept is not counted in the output, so it has no repeats there.
    stays = np.repeat(kept, np.diff(windows.offsets))
    after = repeated_characters(windows, own, np.where(stays, total[:, 1], own))
    after[~kept] = 0
    columns = [
        documents["source"].combine_chunks(),
        pa.array(kept),
        documents["characters"].combine_chunks(),
        *(pa.array(column) for column in np.concatenate([before, after], axis=1).T),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=REPEATED)


def repeat_statistics(workspace: Workspace) -> list[Statistic]:
    """Shares of repeated characters before and after cleaning."""
    path = shares_path(workspace)
    documents = read_mapped(path).combine_chunks()
    population = read_json(path.with_name("population.json"))
    found: list[Statistic] = []
    for when, part in zip(
        STAGES, (documents, documents.filter(documents["kept"])), strict=True
    ):
        names = ["source", "characters", *(f"{when}_{kind}" for kind in KINDS)]
        sources, characters, *kinds = (part[name].to_numpy() for name in names)
        repeated = np.stack(kinds, axis=1)
        sample = Sample(sources, characters, repeated, population[when])
        found += repeat_rows(sample, when)
    return found

"""Verbatim repeats: sample the windows of some documents, search all for them.

Two passes over the inputs. `repeat_sample` keeps the windows of the sampled documents;
the driver merges their hashes; `repeats` counts each in every shard, in all documents
and in those decided to keep. Counts are integers by window, so that they add up to the
same in any order. The output stage is about the kept documents as they were read:
before cuts, redaction, and the few that a failing scan still takes away.

A worker holds up to 40 bytes a distinct window of the sample: its hash (mapped), the
directory and two counts.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.commits import UnitOutputs, outputs_digest_input
from isinglass.pipelines.engine.mapped_tables import (
    WORDS,
    check_same,
    decision_hashes,
    decisions_path,
    read_mapped,
    write_mapped,
)
from isinglass.pipelines.engine.passes import HASHING, READING, run_pass, run_step
from isinglass.pipelines.engine.units import Each, Unit, shard_unit
from isinglass.pipelines.engine.workspace import Workspace, read_array
from isinglass.pipelines.stages.repeats.measure import (
    COUNTS,
    SAMPLE,
    SHARES,
    WINDOWS,
    load_windows,
    measure,
    window_path,
)
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import DedupConfig, NormaliseConfig
from isinglass.schemas.documents import Layout, Shard
from isinglass.transforms.draws import sample_documents
from isinglass.transforms.labels import safe_labels
from isinglass.transforms.normalise import normalise
from isinglass.transforms.read import read_shard
from isinglass.transforms.read.identity import doc_id_words
from isinglass.transforms.repeats.windows import (
    Wanted,
    Windows,
    count_windows,
    find_windows,
)

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Driver

SAMPLED = pa.schema(
    [
        pa.field("place", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("characters", pa.int64(), nullable=False),
        pa.field("windows", pa.int64(), nullable=False),
    ]
)
"""A sampled document: its place among the documents of the shard, and its numbers."""


def sample_shard(
    payload: str,
    outputs: UnitOutputs,
    layout: Layout,
    normal: NormaliseConfig,
    words: int,
    share: float,
    seed: int,
) -> dict[str, int]:
    """Write the windows of so many words of a sample: a `share` of one shard."""
    shard = Shard.from_json(payload)
    workspace, shard_id = outputs.workspace, shard.shard_id
    rows: list[pa.RecordBatch] = []
    found: list[Windows] = []
    seen = 0
    for batch in read_shard(shard, layout):
        ids = batch.documents.column("doc_id")
        chosen = sample_documents(ids, share, f"repeats sample {seed}")
        places = seen + np.flatnonzero(chosen)
        seen += len(ids)
        outputs.status.add(len(ids))
        if len(places):
            sampled = batch.documents.filter(pa.array(chosen))
            found.append(find_windows(normalise(sampled.column("text"), normal), words))
            numbers = (found[-1].characters, np.diff(found[-1].offsets))
            columns = [
                pa.array(places),
                source_labels(sampled),
                *map(pa.array, numbers),
            ]
            rows.append(pa.RecordBatch.from_arrays(columns, schema=SAMPLED))
    path = workspace.mapped(SAMPLE, f"{shard_id}.arrow")
    documents = write_mapped(outputs, path, SAMPLED, rows)
    hashes = [np.empty(0, np.uint64), *(windows.hashes for windows in found)]
    spans = [np.empty((0, 2), np.int32), *(windows.spans for windows in found)]
    for part, arrays in (("hashes", hashes), ("spans", spans)):
        path = window_path(workspace, shard_id, part)
        outputs.write_array(path, np.concatenate(arrays))
    windows = sum(map(len, hashes))
    return {"records_in": seen, "documents": documents, "windows": windows}


def source_labels(documents: pa.RecordBatch) -> pa.StringArray:
    """Source of each document as a label; empty where there is none."""
    return pc.fill_null(safe_labels(documents.column("source")), "")


def merge_windows(outputs: UnitOutputs, shard_ids: list[str]) -> dict[str, int]:
    """Write the distinct window hashes of all shards, ascending (driver)."""
    workspace = outputs.workspace
    parts = [
        read_array(window_path(workspace, shard_id, "hashes")) for shard_id in shard_ids
    ]
    hashes = np.unique(np.concatenate([np.empty(0, np.uint64), *parts]))
    outputs.write_array(workspace.mapped(WINDOWS, "hashes.npy"), hashes)
    return {"records_in": sum(map(len, parts)), "windows": len(hashes)}


@dataclass(frozen=True)
class CountWork:
    """Counts the sampled windows, of so many words, in every document."""

    workspace: Workspace
    layout: Layout
    normalise: NormaliseConfig
    words: int
    name: str = COUNTS

    def open(self) -> Wanted:
        """Map the sampled windows and index them."""
        return Wanted.build(load_windows(self.workspace))

    def run(self, state: Wanted, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Write which windows occur in one shard, and how often."""
        shard = Shard.from_json(payload)
        workspace, shard_id = outputs.workspace, shard.shard_id
        decisions = read_mapped(
            decisions_path(workspace, shard_id), [*WORDS, "outcome"]
        )
        counts = np.zeros((len(state.hashes), 2), np.int64)
        population: dict[str, Counter[str]] = {"input": Counter(), "output": Counter()}
        seen, ids = 0, np.zeros((0, 2), np.uint64)
        for batch in read_shard(shard, self.layout):
            documents = batch.documents
            part = decisions.slice(seen, documents.num_rows)
            seen += documents.num_rows
            ids = doc_id_words(documents.column("doc_id"))
            check_same(COUNTS, shard_id, ids, part)
            stays = pc.equal(part["outcome"], "kept")
            texts = normalise(documents.column("text"), self.normalise)
            count_windows(texts, stays.to_numpy(), self.words, state, counts)
            labels = source_labels(documents)
            kept = labels.filter(stays.combine_chunks())
            for stage, own in (("input", labels), ("output", kept)):
                for entry in own.value_counts().to_pylist():
                    population[stage][entry["values"]] += entry["counts"]
            outputs.status.add(documents.num_rows)
        check_same(COUNTS, shard_id, ids[:0], decisions.slice(seen))
        found = np.flatnonzero(counts[:, 0])
        outputs.write_array(window_path(workspace, shard_id, "found", COUNTS), found)
        path = window_path(workspace, shard_id, "counts", COUNTS)
        outputs.write_array(path, counts[found])
        path = workspace.mapped(COUNTS, f"{shard_id}.stats.json")
        outputs.write_bytes(path, json.dumps(population, sort_keys=True))
        return {"records_in": seen, "windows": len(found)}


def measure_repeats(driver: Driver, config: DedupConfig) -> list[Commit]:
    """Measure verbatim repeats before and after cleaning; commits of all units."""
    assert config.repeats is not None
    assert driver.resolved is not None
    session, plan, workspace = driver.session, driver.plan, driver.workspace
    normal, words = config.normalise, config.repeats.words
    code, seed = driver.code, driver.config.seed
    documents = driver.documents
    share = min(1.0, config.repeats.documents / documents) if documents else 1.0
    section = [normal.model_dump(), words, code]
    ids = driver.shard_ids

    make = partial(
        sample_shard,
        layout=plan.layout,
        normal=normal,
        words=words,
        share=share,
        seed=seed,
    )
    units = _units(driver, {key: [section, share, seed] for key in ids})
    samples = list(run_pass(session, Each(SAMPLE, make), units, speed=READING).values())
    sampled = outputs_digest_input(samples)
    merge = partial(merge_windows, shard_ids=ids)
    merged = run_step(session, WINDOWS, [ids, sampled, code], merge)

    hashes = outputs_digest_input([merged])
    decided = decision_hashes(workspace, driver.resolved, ids)
    counting = CountWork(workspace, plan.layout, normal, words)
    units = _units(driver, {key: [section, hashes, decided[key]] for key in ids})
    counts = list(run_pass(session, counting, units, speed=HASHING).values())
    upstream = [ids, sampled, hashes, outputs_digest_input(counts), decided, code]
    finished = run_step(session, SHARES, upstream, partial(measure, shard_ids=ids))
    return [*samples, merged, *counts, finished]


def _units(driver: Driver, given: dict[str, list[Any]]) -> list[Unit]:
    """One unit a shard; depends on its input, and on what else is given for it."""
    units = []
    for shard in driver.plan.shards:
        name, surveyed = shard.shard_id, driver.surveys[shard.shard_id]
        unit = shard_unit(shard, [surveyed.fingerprint, given[name]])
        units.append(replace(unit, rows=surveyed.counts["documents"]))
    return units

"""The paragraphs pass: how many documents of a source hold a paragraph.

Packed (paragraph key, documents) entries of 12 bytes, added up within each shard, cross
Beam's GroupByKey; each bucket of keys keeps those that are in too many documents. A
second step puts them into one file, and names the documents that nothing else is in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from isinglass.pipelines.engine.buckets import bucket_count, bucket_graph, bucket_number
from isinglass.pipelines.engine.commits import UnitOutputs, outputs_digest_input
from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.mapped_tables import Extent, read_survey
from isinglass.pipelines.engine.passes import HASHING, Session, run_pass, run_step
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.engine.workspace import Workspace, map_array, read_array
from isinglass.pipelines.stages.dedup.rank import load_identified
from isinglass.schemas.commit import Commit
from isinglass.schemas.config.dedup import ParagraphsConfig
from isinglass.schemas.errors import ReconcileError
from isinglass.transforms.boilerplate.boilerplate import (
    ENTRY,
    Boilerplate,
    emptied,
    frequent,
    list_parts,
    pack,
)

COUNTED = "paragraphs"
BOILERPLATE = "boilerplate"
FIRST_RANK = "first-rank"
"""Equal texts told apart before boilerplate is known: copies must not count."""

KEYS, ONLY_LONG = "paragraphs", "only_long"
"""Survey columns: the distinct keys of a document, and whether all of it counts."""

ONLY_BOILERPLATE_FILE = f"{BOILERPLATE}/only_boilerplate.npy"
"""Under `work/`: int64 indices of the documents of which nothing would be left."""

WAVE_BUCKETS = 16
"""Buckets that go through one shuffle; Beam holds their entries several times over."""


@dataclass(frozen=True)
class CountWork:
    """Adds up one bucket."""

    max_documents: int
    name: str = COUNTED

    def run(self, state: bytes, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Write the bucket's boilerplate, as `frequent` has it."""
        entries = np.frombuffer(state, dtype=ENTRY)
        found = frequent(entries, self.max_documents)
        outputs.write_array(_sums_path(outputs.workspace, payload), found)
        return {
            "entries": len(entries),
            "occurrences": int(entries["documents"].sum(dtype=np.int64)),
            "boilerplate": found.shape[1],
        }


def emit_counts(
    place: Extent, wanted: list[int], workspace: Workspace, buckets: int
) -> Iterator[tuple[int, bytes]]:
    """The packed entries of a shard, for the buckets that are still to do."""
    keys = counted_keys(workspace, place)
    # From the upper bits, which is as good as any: keys are hashes.
    bucket = (keys >> np.uint64(32)) % np.uint64(buckets)
    for number in wanted:
        yield number, pack(keys[bucket == number]).tobytes()


def counted_keys(workspace: Workspace, place: Extent) -> np.ndarray:
    """Paragraph keys of a shard's documents that count, one document after another.

    A document counts if it takes part in deduplication and no equal one stands for it:
    of copies of a text, each would make all paragraphs boilerplate.
    """
    found = load_identified(workspace, FIRST_RANK)
    span = slice(place.start, place.stop)
    counts = np.array(found.present[span])
    counts &= found.exact_keeper[span] == np.arange(place.start, place.stop)
    survey = read_survey(workspace, [place], [KEYS])
    keys, offsets = list_parts(survey[KEYS].combine_chunks())
    return np.asarray(keys[np.repeat(counts, np.diff(offsets))])


def _emptied(workspace: Workspace, place: Extent, found: Boilerplate) -> np.ndarray:
    """Documents of a shard that take part, and of which nothing would be left."""
    survey = read_survey(workspace, [place], [KEYS, ONLY_LONG])
    lists, only_long = (survey[name].combine_chunks() for name in (KEYS, ONLY_LONG))
    present = load_identified(workspace, FIRST_RANK).present[place.start : place.stop]
    gone = emptied(lists, only_long, found)
    return place.start + np.flatnonzero(gone & present)


def count_boilerplate(
    session: Session,
    places: list[Extent],
    config: ParagraphsConfig,
    upstream: list[Commit],
    code: str,
) -> Commit:
    """Count the paragraphs of all documents and write what is boilerplate.

    Equal texts count once: `upstream` are the commits of the step `FIRST_RANK`, which
    tells them apart, and of all surveys. Returns the commit whose outputs are
    `boilerplate_path` and `ONLY_BOILERPLATE_FILE`.
    """
    workspace = session.workspace
    paragraphs = sum(commit.counts.get("paragraphs", 0) for commit in upstream)
    identity: list[Any] = [outputs_digest_input(upstream), config.model_dump(), code]
    units = bucket_units(paragraphs, identity) if places else []
    work = CountWork(config.max_documents)
    emit = partial(emit_counts, workspace=workspace, buckets=len(units))
    build = partial(bucket_graph, work, workspace, places, emit)
    commits = run_pass(
        session,
        work,
        units,
        speed=HASHING,
        build=build,
        wave_of=lambda unit: bucket_number(unit) // WAVE_BUCKETS,
    )
    # Every paragraph of every document must have arrived in a bucket, once.
    sent = sum(len(counted_keys(workspace, place)) for place in places)
    arrived = sum(commit.counts["occurrences"] for commit in commits.values())
    if sent != arrived:
        told = f"{sent} paragraphs were sent, {arrived} arrived."
        raise ReconcileError(f"Pass paragraphs: {told}")
    made = outputs_digest_input(list(commits.values()))

    def merge(outputs: UnitOutputs) -> dict[str, int]:
        sums = [read_array(_sums_path(workspace, unit.payload)) for unit in units]
        table = np.concatenate([np.empty((2, 0), np.uint64), *sums], axis=1)
        table = table[:, np.argsort(table[0])]
        outputs.write_array(boilerplate_path(workspace), table)
        found = Boilerplate(table[0], table[1].view(np.int64))
        # Only if boilerplate is cut out, documents may be left empty.
        cut = places if config.remove else []
        gone = [_emptied(workspace, place, found) for place in cut]
        empty = np.concatenate([np.empty(0, np.int64), *gone])
        outputs.write_array(workspace.work / ONLY_BOILERPLATE_FILE, empty)
        return {"boilerplate": len(found.keys), "only_boilerplate": len(empty)}

    return run_step(session, BOILERPLATE, [made, identity], merge)


def bucket_units(paragraphs: int, identity: list[Any]) -> list[Unit]:
    """One unit a bucket; their number depends on the corpus alone."""
    size = paragraphs * ENTRY.itemsize
    buckets = bucket_count(size)
    whole = digest([identity, buckets])
    names = [f"bucket-{number:05d}" for number in range(buckets)]
    weight = size // buckets
    return [Unit(name, name, digest([whole, name]), weight) for name in names]


def boilerplate_path(workspace: Workspace) -> Path:
    """Keys and documents of all boilerplate, uint64 (2, k)."""
    return workspace.mapped(BOILERPLATE, "boilerplate.npy")


def load_boilerplate(workspace: Workspace) -> Boilerplate:
    """Map the boilerplate of a run into memory."""
    keys, documents = map_array(boilerplate_path(workspace))
    return Boilerplate(keys, documents.view(np.int64))


def _sums_path(workspace: Workspace, bucket: str) -> Path:
    return workspace.mapped(COUNTED, f"{bucket}.npy")

"""The match pass: documents that share a key, found by Beam's GroupByKey.

Keys are band hashes and, for containment, fingerprints. Only packed (key, keeper rank)
entries of 12 bytes cross the shuffle. The bands go through it in waves, each a pipeline
of its own, so that memory is bounded by `WAVE_BYTES` and not by the corpus: a survey
keeps each band in a column of its own, and a wave reads only its columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.buckets import bucket_count, bucket_graph
from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.mapped_tables import Extent, read_survey
from isinglass.pipelines.engine.passes import HASHING, Session, run_pass
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.engine.workspace import Workspace, read_array
from isinglass.pipelines.stages.dedup.rank import compared_ranks, load_identified
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import DedupConfig
from isinglass.schemas.errors import ReconcileError
from isinglass.transforms.dedup.candidates import (
    LEAST_SHARE,
    CountedPairs,
    candidate_pairs,
    counted_pairs,
    merge_counted,
    merge_pairs,
)
from isinglass.transforms.dedup.decide import NO_RANK
from isinglass.transforms.dedup.shingles import NO_UNIT
from isinglass.transforms.dedup.survey import FINGERPRINTS, band_name

if TYPE_CHECKING:
    import apache_beam as beam

    from isinglass.pipelines.engine.commits import UnitOutputs

MATCH = "match"
ENTRY = np.dtype([("key", "<u8"), ("rank", "<u4")])
WAVE_BYTES = 256 * 2**20
"""Entries that go through one shuffle; Beam holds them several times over."""


@dataclass(frozen=True)
class Wave:
    """A part of the keys that goes through the shuffle together.

    Its keys are spread over so many buckets; where its columns are split by key, it is
    one part of so many parts.
    """

    number: int
    columns: tuple[str, ...]
    buckets: int
    part: int = 0
    parts: int = 1

    @property
    def counted(self) -> bool:
        """Whether it matters how many of the keys a pair shares."""
        return self.columns == (FINGERPRINTS,)

    def bucket_of(self, keys: np.ndarray) -> np.ndarray:
        """Bucket of each key, from its upper bits; outside 0..buckets: another part."""
        spread = (keys >> np.uint64(32)) % np.uint64(self.buckets * self.parts)
        return spread.astype(np.int64) - self.part * self.buckets


def plan_waves(documents: int, fingerprints: int, dedup: DedupConfig) -> list[Wave]:
    """Waves of the match pass; they depend on the corpus alone.

    Documents and fingerprints (0 when containment is off) are those of earlier runs,
    too.
    """
    band_bytes = max(1, documents * ENTRY.itemsize)
    together = max(1, min(dedup.bands, WAVE_BYTES // band_bytes))
    waves: list[Wave] = []
    for first in range(0, dedup.bands, together):
        last = min(first + together, dedup.bands)
        columns = tuple(map(band_name, range(first, last)))
        buckets = bucket_count(band_bytes * len(columns))
        waves.append(Wave(len(waves), columns, buckets))
    size = fingerprints * ENTRY.itemsize
    parts = -(-size // WAVE_BYTES)
    waves += [
        Wave(
            len(waves) + part, (FINGERPRINTS,), bucket_count(size // parts), part, parts
        )
        for part in range(parts)
    ]
    return waves


@dataclass(frozen=True)
class BucketWork:
    """Finds the candidate pairs of one bucket.

    Documents of smaller rank than `references` are not paired with each other; where
    `counted`, so are the keys of each pair.
    """

    references: int = 0
    counted: bool = False
    name: str = MATCH

    def run(self, state: bytes, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Write the bucket's candidate pairs (smaller rank, larger rank)."""
        entries = np.frombuffer(state, dtype=ENTRY)
        keys = np.ascontiguousarray(entries["key"])
        ranks = np.ascontiguousarray(entries["rank"])
        path = outputs.workspace.mapped(MATCH, f"{payload}.npy")
        if self.counted:
            found = counted_pairs(keys, ranks, references=self.references)
            pairs = found.pairs
            outputs.write_array(_counts_path(path), found.keys)
        else:
            pairs = candidate_pairs(keys, ranks, references=self.references)
        outputs.write_array(path, pairs)
        return {"entries": len(entries), "candidates": len(pairs)}


def emit_entries(
    place: Extent, wanted: list[int], workspace: Workspace, wave: Wave
) -> Iterator[tuple[int, bytes]]:
    """The packed entries of a shard, for the buckets of a wave that are to do."""
    entries = wave_entries(workspace, place, wave)
    bucket = wave.bucket_of(entries["key"])
    # Small integers are sorted by counting them.
    order = np.argsort(bucket.astype(np.int16), kind="stable")
    bounds = np.searchsorted(bucket[order], np.arange(wave.buckets + 1))
    for number in wanted:
        chosen = order[bounds[number] : bounds[number + 1]]
        yield number, entries[chosen].tobytes()


def _read_compared(
    workspace: Workspace, place: Extent, columns: Sequence[str]
) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Columns and ranks of a shard's documents, and which of them are compared."""
    table = read_survey(workspace, [place], ["unit", *columns])
    ranks = compared_ranks(load_identified(workspace), place.start, place.stop)
    return table, ranks, (ranks != NO_RANK) & (table["unit"].to_numpy() != NO_UNIT)


def wave_entries(workspace: Workspace, place: Extent, wave: Wave) -> np.ndarray:
    """All (key, rank) entries of a shard's compared documents in one wave."""
    table, ranks, present = _read_compared(workspace, place, wave.columns)
    if wave.counted:
        lengths = pc.list_value_length(table[FINGERPRINTS]).to_numpy()
        keys = pc.list_flatten(table[FINGERPRINTS]).to_numpy()
        bucket = wave.bucket_of(keys)
        wanted = np.repeat(present, lengths)
        wanted &= (bucket >= 0) & (bucket < wave.buckets)
        keys, ranks = keys[wanted], np.repeat(ranks, lengths)[wanted]
    else:
        columns = [table[name].to_numpy()[present] for name in wave.columns]
        keys = np.concatenate(columns)
        ranks = np.tile(ranks[present], len(columns))
    entries = np.empty(len(keys), dtype=ENTRY)
    entries["key"], entries["rank"] = keys, ranks
    return entries


def bucket_units(
    waves: list[Wave], documents: int, upstream: list[Any], code: str
) -> list[Unit]:
    """One unit a bucket; `upstream` is JSON-able and tells what they depend on."""
    identity = digest([upstream, [asdict(wave) for wave in waves], code])
    units = []
    for wave in waves:
        weight = documents * len(wave.columns) * ENTRY.itemsize // wave.buckets
        for bucket in range(wave.buckets):
            name = f"wave-{wave.number:04d}-bucket-{bucket:04d}"
            units.append(Unit(name, name, digest([identity, name]), weight))
    return units


def wave_of(unit: Unit) -> int:
    """Number of the wave that a bucket belongs to."""
    return int(unit.name.split("-")[1])


def match_documents(
    session: Session,
    places: Sequence[Extent],
    waves: list[Wave],
    units: list[Unit],
    references: int,
) -> dict[str, Commit]:
    """Run the pass, a pipeline a wave."""
    workspace = session.workspace

    def build(pipeline: beam.Pipeline, pending: list[Unit]) -> object:
        wave = waves[wave_of(pending[0])]
        work = BucketWork(references, wave.counted)
        emit = partial(emit_entries, workspace=workspace, wave=wave)
        return bucket_graph(work, workspace, places, emit, pipeline, pending)

    work = BucketWork(references)
    return run_pass(session, work, units, speed=HASHING, build=build, wave_of=wave_of)


def _counts_path(path: Path) -> Path:
    return path.with_suffix(".counts.npy")


def load_pairs(
    workspace: Workspace, units: list[Unit], waves: list[Wave], places: list[Extent]
) -> np.ndarray:
    """Distinct candidate pairs of all buckets, sorted.

    A pair that shares fingerprints only must share `LEAST_SHARE` of those of the
    document that would go.
    """
    whole: list[Path] = []
    counted: list[Path] = []
    for unit in units:
        kind = counted if waves[wave_of(unit)].counted else whole
        kind.append(workspace.mapped(MATCH, f"{unit.payload}.npy"))
    near = merge_pairs(map(read_array, whole))
    if not counted:
        return near
    found = merge_counted(
        CountedPairs(read_array(path), read_array(_counts_path(path)))
        for path in counted
    )
    identified = load_identified(workspace)
    totals = np.zeros(identified.ranked, np.uint32)
    for place in places:
        lists = read_survey(workspace, [place], [FINGERPRINTS])[FINGERPRINTS]
        ranks = identified.rank[place.start : place.stop]
        known = ranks != NO_RANK
        totals[ranks[known]] = pc.list_value_length(lists).to_numpy()[known]
    return merge_pairs([near, found.at_least(LEAST_SHARE, totals)])


def check_entries(
    workspace: Workspace,
    places: list[Extent],
    commits: dict[str, Commit],
    dedup: DedupConfig,
) -> None:
    """Every key that a shard gave must have arrived in a bucket, once."""
    sent = 0
    lists = [] if dedup.containment is None else [FINGERPRINTS]
    for place in places:
        table, _, compared = _read_compared(workspace, place, lists)
        sent += int(compared.sum()) * dedup.bands
        for name in lists:
            lengths = pc.list_value_length(table[name]).to_numpy()
            sent += int(lengths[compared].sum())
    arrived = sum(commit.counts["entries"] for commit in commits.values())
    if sent != arrived:
        raise ReconcileError(f"Pass match: {sent} keys were sent, {arrived} arrived.")

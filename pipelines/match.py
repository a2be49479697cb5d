"""The match pass: documents that share a band hash, found by Beam's GroupByKey.

Only packed (band hash, keeper rank) entries of 12 bytes cross the shuffle, in as many
buckets as the corpus size asks for: `bands` x 12 bytes a document.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import apache_beam as beam
import numpy as np

from isinglass.pipelines.commits import outputs_digest_input
from isinglass.pipelines.fingerprint import digest
from isinglass.pipelines.rank import compared_ranks, load_identified
from isinglass.pipelines.side import read_side, survey_path
from isinglass.pipelines.units import Unit, run_unit
from isinglass.schemas.errors import ReconcileError
from isinglass.transforms.dedup.candidates import candidate_pairs, merge_pairs
from isinglass.transforms.dedup.identify import NO_RANK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from isinglass.pipelines.commits import UnitOutputs
    from isinglass.pipelines.workspace import Workspace
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import DedupConfig

MATCH = "match"
ENTRY = np.dtype([("key", "<u8"), ("rank", "<u4")])
BUCKET_BYTES = 16 * 2**20
MOST_BUCKETS = 1024


@dataclass(frozen=True)
class Extent:
    """Where a shard's documents stand in the order of all documents."""

    shard_id: str
    start: int
    stop: int


def extents(shard_ids: Sequence[str], surveys: dict[str, Commit]) -> list[Extent]:
    """Extent of each shard, in the given order."""
    found, start = [], 0
    for shard_id in shard_ids:
        stop = start + surveys[shard_id].counts["documents"]
        found.append(Extent(shard_id, start, stop))
        start = stop
    return found


@dataclass(frozen=True)
class BucketWork:
    """Finds the candidate pairs of one bucket.

    Attributes:
        blobs: Packed entries from all shards, in any order.
    """

    blobs: tuple[bytes, ...] = ()
    name: str = MATCH

    def open(self) -> None:
        """Nothing to load ahead."""

    def run(self, state: None, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Write the bucket's candidate pairs (smaller rank, larger rank)."""
        del state
        entries = np.frombuffer(b"".join(self.blobs), dtype=ENTRY)
        keys = np.ascontiguousarray(entries["key"])
        ranks = np.ascontiguousarray(entries["rank"])
        pairs = candidate_pairs(keys, ranks)
        outputs.write_array(bucket_path(outputs.workspace, payload), pairs)
        return {"entries": len(entries), "candidates": len(pairs)}


class EmitEntries(beam.DoFn):
    """Shard -> (bucket, packed entries), for the buckets that are still to do."""

    def __init__(self, workspace: Workspace, buckets: int, wanted: list[int]) -> None:
        self._workspace = workspace
        self._buckets = buckets
        self._wanted = wanted

    def process(self, element: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield one blob a wanted bucket, an empty one included."""
        extent = Extent(**json.loads(element))
        entries = shard_entries(self._workspace, extent)
        bucket = bucket_of(entries["key"], self._buckets)
        order = np.argsort(bucket, kind="stable")
        bounds = np.searchsorted(bucket[order], np.arange(self._buckets + 1))
        for number in self._wanted:
            chosen = order[bounds[number] : bounds[number + 1]]
            yield number, entries[chosen].tobytes()


class WritePairs(beam.DoFn):
    """(bucket, blobs) -> committed candidate pairs of that bucket."""

    def __init__(self, workspace: Workspace, units: dict[int, Unit]) -> None:
        self._workspace = workspace
        self._units = units

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[bytes]:
        """Run one bucket as a unit of work; yields its name."""
        number, blobs = element
        unit = self._units[number]
        run_unit(BucketWork(tuple(blobs)), None, unit, self._workspace)
        yield unit.name.encode()


def shard_entries(workspace: Workspace, extent: Extent) -> np.ndarray:
    """All (band hash, rank) entries of a shard's compared documents."""
    bands = read_side(survey_path(workspace, extent.shard_id), ["bands"])["bands"]
    ranks = compared_ranks(load_identified(workspace), extent.start, extent.stop)
    present = ranks != NO_RANK
    present &= bands.is_valid().to_numpy()
    rows = [_band_rows(chunk) for chunk in bands.chunks]
    keys = np.concatenate(rows)[present] if rows else np.empty((0, 1), dtype="<u8")
    entries = np.empty(keys.size, dtype=ENTRY)
    entries["key"] = keys.reshape(-1)
    entries["rank"] = np.repeat(ranks[present], keys.shape[1])
    return entries


def _band_rows(chunk: object) -> np.ndarray:
    values = chunk.buffers()[1]  # type: ignore[attr-defined]
    width = chunk.type.byte_width // 8  # type: ignore[attr-defined]
    flat = np.frombuffer(values, dtype="<u8")
    start = chunk.offset * width  # type: ignore[attr-defined]
    return flat[start : start + len(chunk) * width].reshape(-1, width)  # type: ignore[arg-type]


def bucket_of(keys: np.ndarray, buckets: int) -> np.ndarray:
    """Bucket number of each band hash, from its upper bits."""
    return ((keys >> np.uint64(32)) % np.uint64(buckets)).astype(np.int64)


def bucket_path(workspace: Workspace, bucket: str) -> Path:
    """Candidate pairs of one bucket."""
    return workspace.side(MATCH, f"{bucket}.npy")


def bucket_units(
    documents: int, upstream: list[Commit], dedup: DedupConfig, code: str
) -> list[Unit]:
    """One unit a bucket; their number depends on the corpus alone."""
    size = documents * dedup.bands * ENTRY.itemsize
    buckets = min(MOST_BUCKETS, max(4, -(-size // BUCKET_BYTES)))
    identity = digest([outputs_digest_input(upstream), code])
    names = [f"bucket-{number:04d}" for number in range(buckets)]
    weight = size // buckets
    return [Unit(name, name, digest([identity, name]), weight) for name in names]


def build_match_pipeline(
    pipeline: beam.Pipeline,
    pending: list[Unit],
    places: list[Extent],
    workspace: Workspace,
    buckets: int,
) -> beam.PCollection[bytes]:
    """Create(shards) | emit | GroupByKey | pairs, for the pending buckets."""
    units = {int(unit.name.rpartition("-")[2]): unit for unit in pending}
    elements = [
        json.dumps({"shard_id": e.shard_id, "start": e.start, "stop": e.stop}).encode()
        for e in places
    ]
    emit = EmitEntries(workspace, buckets, sorted(units))
    return (
        pipeline
        | "match/Shards" >> beam.Create(elements)
        | "match/Reshuffle"
        >> beam.Reshuffle().with_input_types(bytes).with_output_types(bytes)
        | "match/Emit" >> beam.ParDo(emit).with_output_types(tuple[int, bytes])
        | "match/Group" >> beam.GroupByKey()
        | "match/Pairs"
        >> beam.ParDo(WritePairs(workspace, units)).with_output_types(bytes)
    )


def load_pairs(workspace: Workspace, units: list[Unit]) -> np.ndarray:
    """Distinct candidate pairs of all buckets, sorted."""
    paths = [workspace.side(MATCH, f"{unit.payload}.npy") for unit in units]
    return merge_pairs([np.load(path, allow_pickle=False) for path in paths])


def check_entries(
    workspace: Workspace, places: list[Extent], commits: dict[str, Commit], bands: int
) -> None:
    """Every band hash that a shard gave must have arrived in a bucket, once.

    Raises:
        ReconcileError: Entries were lost or doubled on the way.
    """
    sent = 0
    found = load_identified(workspace)
    for place in places:
        table = read_side(survey_path(workspace, place.shard_id), ["bands"])
        ranks = compared_ranks(found, place.start, place.stop)
        valid = table["bands"].is_valid().to_numpy()
        sent += int(((ranks != NO_RANK) & valid).sum()) * bands
    arrived = sum(commit.counts["entries"] for commit in commits.values())
    if sent != arrived:
        msg = f"Pass match: {sent} band hashes were sent, {arrived} arrived."
        raise ReconcileError(msg)

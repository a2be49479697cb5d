"""The shingle and verify passes: exact Jaccard of every candidate pair.

`shingle` reads again only the texts that occur in a pair and keeps their shingle
sets; `verify` compares the sets, in slices of bounded memory.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.pipelines.fingerprint import digest
from isinglass.pipelines.units import Unit
from isinglass.schemas.documents import Layout, Shard
from isinglass.transforms.dedup.shingles import shingle_sets
from isinglass.transforms.dedup.verify import jaccard
from isinglass.transforms.read import read_shard
from isinglass.transforms.text import normalise

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.commits import UnitOutputs
    from isinglass.pipelines.match import Extent
    from isinglass.pipelines.workspace import Workspace
    from isinglass.schemas.commit import Commit

SHINGLE = "shingle"
VERIFY = "verify"
SLICE_SHINGLES = 2**24
"""Shingles that a slice of pairs may touch: 128 MB."""


@dataclass(frozen=True)
class Candidates:
    """Documents that occur in a candidate pair.

    Attributes:
        pairs: uint32 (p, 2), keeper ranks, sorted.
        ranks: uint32 (c,), the distinct ranks, ascending.
        places: int64 (c,), index of each in the order of all documents.
    """

    pairs: np.ndarray
    ranks: np.ndarray
    places: np.ndarray


def find_candidates(pairs: np.ndarray, rank: np.ndarray) -> Candidates:
    """Look up where the documents of the pairs are.

    Args:
        pairs: Candidate pairs of ranks.
        rank: Rank of every document, in the order of all documents.
    """
    ranks = np.unique(pairs)
    order = np.argsort(rank, kind="stable")
    return Candidates(pairs, ranks, order[ranks].astype(np.int64))


@dataclass(frozen=True)
class ShingleWork:
    """Keeps the shingle sets of the wanted documents of a shard."""

    layout: Layout
    ngram: int
    name: str = SHINGLE

    def open(self) -> None:
        """Nothing to load ahead."""

    def run(self, state: None, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Write the sets, sorted and flat, and the offsets of the documents."""
        del state
        request = json.loads(payload)
        shard = Shard.from_json(request["shard"])
        wanted = np.array(request["wanted"], dtype=np.int64)
        values, lengths, seen = [], [np.zeros(1, dtype=np.int64)], 0
        for batch in read_shard(shard, self.layout):
            stop = seen + batch.documents.num_rows
            low, high = np.searchsorted(wanted, [seen, stop])
            texts = batch.documents.column("text")
            if high > low:
                chosen = texts.take(pa.array(wanted[low:high] - seen))
                sets = shingle_sets(normalise(chosen), self.ngram)
                values.append(sets.values)
                lengths.append(np.diff(sets.offsets))
            seen = stop
        folder = outputs.workspace.pass_folder(SHINGLE)
        flat = np.concatenate(values) if values else np.empty(0, dtype=np.uint64)
        offsets = np.cumsum(np.concatenate(lengths))
        outputs.write_array(folder / f"{shard.shard_id}.values.npy", flat)
        outputs.write_array(folder / f"{shard.shard_id}.offsets.npy", offsets)
        return {"records_in": len(wanted), "shingles": len(flat)}


def shingle_units(
    shards: dict[str, Shard],
    places: list[Extent],
    candidates: Candidates,
    surveys: dict[str, Commit],
    shape: list[object],
) -> list[Unit]:
    """One unit for each shard that holds a candidate."""
    ordered = np.sort(candidates.places)
    units = []
    for place in places:
        low, high = np.searchsorted(ordered, [place.start, place.stop])
        if low == high:
            continue
        wanted = (ordered[low:high] - place.start).tolist()
        shard = shards[place.shard_id]
        survey = surveys[place.shard_id].fingerprint
        payload = json.dumps({"shard": shard.to_json(), "wanted": wanted})
        weight = sum(piece.bytes for piece in shard.pieces)
        identity = digest([survey, wanted, shape])
        units.append(Unit(place.shard_id, payload, identity, weight))
    return units


@dataclass(frozen=True)
class ShingleStore:
    """All kept shingle sets, mapped into memory.

    Attributes:
        values: uint64 array of each shard.
        shard: int64 (c,), index into `values` of each candidate.
        start: int64 (c,), first shingle of each candidate in its shard's array.
        stop: int64 (c,), one past the last.
    """

    values: list[np.ndarray]
    shard: np.ndarray
    start: np.ndarray
    stop: np.ndarray

    def gather(self, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shingles of the wanted candidates, flat, and their offsets (w + 1,)."""
        lengths = self.stop[wanted] - self.start[wanted]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        flat = np.empty(offsets[-1], dtype=np.uint64)
        for number, values in enumerate(self.values):
            mine = np.flatnonzero(self.shard[wanted] == number)
            source = _ranges(self.start[wanted[mine]], lengths[mine])
            flat[_ranges(offsets[mine], lengths[mine])] = values[source]
        return flat, offsets


def _ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Concatenation of start, start + 1, ..., for each start and length."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    shift = np.repeat(starts - (ends - lengths), lengths)
    return np.asarray(np.arange(total) + shift)


def open_store(
    workspace: Workspace, units: list[Unit], places: list[Extent], wanted: np.ndarray
) -> ShingleStore:
    """Map the shingle files of `units`; `wanted` are the places of the candidates."""
    values: list[np.ndarray] = []
    shard = np.empty(len(wanted), dtype=np.int64)
    start, stop = np.empty_like(shard), np.empty_like(shard)
    named = {place.shard_id: place for place in places}
    by_place = np.argsort(wanted, kind="stable")
    ordered = wanted[by_place]
    for number, unit in enumerate(units):
        place = named[unit.name]
        low, high = np.searchsorted(ordered, [place.start, place.stop])
        mine = by_place[low:high]
        offsets = np.load(_shingle_file(workspace, unit.name, "offsets"))
        values.append(
            np.load(_shingle_file(workspace, unit.name, "values"), mmap_mode="r")
        )
        shard[mine], start[mine], stop[mine] = number, offsets[:-1], offsets[1:]
    return ShingleStore(values, shard, start, stop)


def _shingle_file(workspace: Workspace, shard_id: str, part: str) -> Path:
    return workspace.side(SHINGLE, f"{shard_id}.{part}.npy")


@dataclass(frozen=True)
class VerifyWork:
    """Computes exact Jaccard for slices of the candidate pairs."""

    workspace: Workspace
    shingles: tuple[Unit, ...]
    places: tuple[Extent, ...]
    name: str = VERIFY

    def open(self) -> tuple[Candidates, ShingleStore]:
        """Map the candidates and their shingle sets."""
        candidates = load_candidates(self.workspace)
        store = open_store(
            self.workspace, list(self.shingles), list(self.places), candidates.places
        )
        return candidates, store

    def run(
        self,
        state: tuple[Candidates, ShingleStore],
        payload: str,
        outputs: UnitOutputs,
    ) -> dict[str, int]:
        """Write the similarity of pairs `start:stop`, in their order."""
        candidates, store = state
        request = json.loads(payload)
        pairs = candidates.pairs[request["start"] : request["stop"]]
        wanted = np.searchsorted(candidates.ranks, np.unique(pairs))
        flat, offsets = store.gather(wanted)
        local = np.searchsorted(wanted, np.searchsorted(candidates.ranks, pairs))
        similarity = jaccard(
            flat,
            offsets[:-1],
            offsets[1:],
            local[:, 0].astype(np.int64),
            local[:, 1].astype(np.int64),
        )
        path = outputs.workspace.side(VERIFY, f"{request['name']}.npy")
        outputs.write_array(path, similarity)
        return {"records_in": len(pairs), "pairs": len(pairs)}


def save_candidates(workspace: Workspace, candidates: Candidates) -> None:
    """Leave the candidates where the workers of the verify pass map them."""
    folder = workspace.pass_folder(VERIFY)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("pairs", "ranks", "places"):
        np.save(folder / f"candidates.{name}.npy", getattr(candidates, name))


def load_candidates(workspace: Workspace) -> Candidates:
    """Inverse of `save_candidates`, mapped into memory."""
    folder = workspace.pass_folder(VERIFY)
    parts = [
        np.load(folder / f"candidates.{name}.npy", mmap_mode="r")
        for name in ("pairs", "ranks", "places")
    ]
    return Candidates(*parts)


def verify_units(
    candidates: Candidates, store: ShingleStore, upstream: str
) -> list[Unit]:
    """Slices of the pairs that touch at most about `SLICE_SHINGLES` shingles."""
    lengths = store.stop - store.start
    touched = lengths[np.searchsorted(candidates.ranks, candidates.pairs)].sum(axis=1)
    slices = np.cumsum(touched) // SLICE_SHINGLES
    bounds = np.r_[0, np.flatnonzero(np.diff(slices)) + 1, len(candidates.pairs)]
    units = []
    for number, (start, stop) in enumerate(itertools.pairwise(bounds)):
        if start == stop:
            continue
        name = f"slice-{number:06d}"
        payload = {"name": name, "start": int(start), "stop": int(stop)}
        content = hashlib.sha256(candidates.pairs[start:stop].tobytes()).hexdigest()
        identity = digest([content, upstream])
        weight = int(touched[start:stop].sum()) * 8
        units.append(Unit(name, json.dumps(payload), identity, weight))
    return units


def load_similarity(workspace: Workspace, units: list[Unit]) -> np.ndarray:
    """Similarity of all candidate pairs, in their order."""
    parts = [np.load(workspace.side(VERIFY, f"{unit.name}.npy")) for unit in units]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.float64)

"""The shingle pass: shingle sets of the documents that occur in a candidate pair.

Only their texts are read again: those of this run from its inputs, those of earlier
runs from theirs if they are as they were, else from the cleaned texts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.mapped_tables import Extent, survey_ids
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.engine.workspace import (
    Workspace,
    map_array,
    read_array,
    read_table,
)
from isinglass.schemas.config import DedupConfig
from isinglass.schemas.documents import Layout, Shard
from isinglass.schemas.errors import ReconcileError
from isinglass.transforms.dedup.shingles import shingle_sets
from isinglass.transforms.normalise import normalise
from isinglass.transforms.read import read_shard

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs

SHINGLE = "shingle"


@dataclass(frozen=True)
class Candidates:
    """Documents that occur in a candidate pair.

    Attributes:
        pairs: uint32 (p, 2), indices into `places`, in the order of the pairs.
        places: int64 (c,), index of each in the order of all documents.
    """

    pairs: np.ndarray
    places: np.ndarray


def shingle_shard(
    payload: str, outputs: UnitOutputs, layouts: Sequence[Layout], dedup: DedupConfig
) -> dict[str, int]:
    """Write the sets of a shard's wanted documents, flat, and their offsets.

    `layouts` are those of this run's inputs, then of those of earlier runs.
    """
    request = json.loads(payload)
    lengths = [np.zeros(1, np.int64)]

    def values() -> Iterator[np.ndarray]:
        for texts in _wanted_texts(request, outputs.workspace, layouts):
            sets = shingle_sets(normalise(texts, dedup.normalise), dedup.ngram)
            lengths.append(np.diff(sets.offsets))
            yield sets.values

    folder = outputs.workspace.pass_folder(SHINGLE)
    name = request["name"]
    path = folder / f"{name}.values.npy"
    count = outputs.write_array_in_parts(path, values(), np.uint64)
    offsets = np.cumsum(np.concatenate(lengths))
    outputs.write_array(folder / f"{name}.offsets.npy", offsets)
    if len(offsets) != len(request["wanted"]) + 1:
        raise ReconcileError(
            f"Pass shingle, {name}: {len(offsets) - 1} of {len(request['wanted'])} "
            "documents were found again. Did the input change? Run again."
        )
    return {"records_in": len(request["wanted"]), "shingles": count}


def _wanted_texts(
    request: dict[str, Any], workspace: Workspace, layouts: Sequence[Layout]
) -> Iterator[pa.StringArray]:
    """The wanted texts in the order of the survey, a batch at a time."""
    wanted = np.array(request["wanted"], dtype=np.int64)
    if request["data"]:
        place = Extent(**request["place"])
        ids = survey_ids(workspace, [place]).take(pa.array(wanted))
        path = place.home(workspace).table("data", place.shard_id)
        data = read_table(path, ["doc_id", "text"])
        rows = pc.index_in(ids, value_set=data["doc_id"])
        yield data["text"].take(rows.drop_null()).combine_chunks()
        return
    seen = 0
    shard = Shard.from_json(request["shard"])
    for batch in read_shard(shard, layouts[request["layout"]]):
        stop = seen + batch.documents.num_rows
        low, high = np.searchsorted(wanted, [seen, stop])
        if high > low:
            rows = pa.array(wanted[low:high] - seen)
            yield batch.documents.column("text").take(rows)
        seen = stop


@dataclass(frozen=True)
class TextSources:
    """Where the texts of all shards can be read again.

    Shards are by run folder (empty for this run) and name; a run that is missing here
    is read from its `data/`. `layouts` has the index of the layout of each run's
    inputs, `versions` what the texts of each shard depend on.
    """

    shards: dict[tuple[str, str], Shard]
    layouts: dict[str, int]
    versions: dict[tuple[str, str], str]


def shingle_units(
    sources: TextSources,
    places: list[Extent],
    candidates: Candidates,
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
        key = (place.run, place.shard_id)
        shard = sources.shards.get(key)
        payload = {
            "name": place.name,
            "place": asdict(place),
            "wanted": wanted,
            "data": shard is None,
            "shard": shard.to_json() if shard else "",
            "layout": sources.layouts.get(place.run, 0),
        }
        weight = sum(piece.bytes for piece in shard.pieces) if shard else len(wanted)
        identity = digest([sources.versions[key], shard is None, wanted, shape])
        units.append(Unit(place.name, json.dumps(payload), identity, weight))
    return units


@dataclass(frozen=True)
class ShingleStore:
    """All kept shingle sets, mapped into memory.

    `values` has a uint64 array of each shard. For each candidate, int64 (c,), `shard`
    is the index into these, `start` its first shingle there and `stop` one past the
    last.
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
        shards = self.shard[wanted]
        for number in np.unique(shards).tolist():
            mine = np.flatnonzero(shards == number)
            values = self.values[number]
            source = _ranges(self.start[wanted[mine]], lengths[mine])
            flat[_ranges(offsets[mine], lengths[mine])] = values[source]
        return flat, offsets


def _ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Concatenation of start, start + 1, ..., for each start and length."""
    shift = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
    return np.asarray(np.arange(len(shift)) + shift)


def open_store(
    workspace: Workspace, units: list[Unit], places: list[Extent], wanted: np.ndarray
) -> ShingleStore:
    """Map the shingle files of `units`; `wanted` are the places of the candidates."""
    values: list[np.ndarray] = []
    shard = np.empty(len(wanted), dtype=np.int64)
    start, stop = np.empty_like(shard), np.empty_like(shard)
    named = {place.name: place for place in places}
    by_place = np.argsort(wanted, kind="stable")
    ordered = wanted[by_place]
    for number, unit in enumerate(units):
        place = named[unit.name]
        low, high = np.searchsorted(ordered, [place.start, place.stop])
        mine = by_place[low:high]
        offsets = read_array(workspace.mapped(SHINGLE, f"{unit.name}.offsets.npy"))
        values.append(map_array(workspace.mapped(SHINGLE, f"{unit.name}.values.npy")))
        shard[mine], start[mine], stop[mine] = number, offsets[:-1], offsets[1:]
    return ShingleStore(values, shard, start, stop)

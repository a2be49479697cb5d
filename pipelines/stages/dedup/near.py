"""Near-duplicates: match documents, read candidates again, compare them exactly.

The verify pass takes the candidate pairs in bounded slices.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from isinglass.pipelines.engine.commits import UnitOutputs, outputs_digest_input
from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.passes import READING, run_pass
from isinglass.pipelines.engine.units import Each, Unit
from isinglass.pipelines.engine.workspace import (
    Workspace,
    make_folder,
    map_array,
    read_array,
    write_array,
)
from isinglass.pipelines.read_again import plan_again, read_manifest
from isinglass.pipelines.stages.dedup import match as matching
from isinglass.pipelines.stages.dedup import shingles as shingling
from isinglass.pipelines.stages.dedup.rank import all_places, load_identified
from isinglass.pipelines.stages.dedup.shingles import (
    Candidates,
    ShingleStore,
    open_store,
)
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import DedupConfig
from isinglass.schemas.documents import Layout
from isinglass.transforms.dedup.candidates import compare
from isinglass.transforms.dedup.keepers import Similarity

if TYPE_CHECKING:
    from isinglass.pipelines.engine.mapped_tables import Extent
    from isinglass.pipelines.stage import Driver
    from isinglass.pipelines.stages.dedup.rank import EarlierRun

LOGGER = logging.getLogger(__name__)


def match_documents(
    driver: Driver, dedup: DedupConfig, earlier: tuple[EarlierRun, ...], ranked: Commit
) -> np.ndarray:
    """Candidate pairs of all documents: uint32 (p, 2), keeper ranks, sorted."""
    workspace, places = driver.workspace, all_places(driver, earlier)
    surveys = list(driver.surveys.values())
    documents = ranked.counts["records_in"]
    fingerprints = sum(c.counts.get("fingerprints", 0) for c in surveys)
    fingerprints += sum(run.fingerprints for run in earlier)
    waves = matching.plan_waves(documents, fingerprints, dedup)
    states = [run.state for run in earlier]
    upstream = [outputs_digest_input([ranked, *surveys]), states]
    units = matching.bucket_units(waves, documents, upstream, driver.code)
    commits = matching.match_documents(
        driver.session, places, waves, units, ranked.counts["reference"]
    )
    matching.check_entries(workspace, places, commits, dedup)
    return matching.load_pairs(workspace, units, waves, places)


def compare_pairs(
    driver: Driver,
    dedup: DedupConfig,
    earlier: tuple[EarlierRun, ...],
    pairs: np.ndarray,
) -> Similarity:
    """Exact similarity of the candidate pairs, from their texts read again."""
    session, workspace = driver.session, driver.workspace
    places = all_places(driver, earlier)
    ranks, rank = np.unique(pairs), load_identified(workspace).rank
    candidates = Candidates(
        np.searchsorted(ranks, pairs).astype(np.uint32),
        np.argsort(rank, kind="stable")[ranks].astype(np.int64),
    )
    # Where the workers of the verify pass map them.
    folder = workspace.pass_folder(VERIFY)
    make_folder(folder)
    for name, array in vars(candidates).items():
        write_array(folder / f"candidates.{name}.npy", array)
    sources, layouts = _sources(driver, earlier)
    shape = [dedup.ngram, dedup.normalise.model_dump(), driver.code]
    shingles = shingling.shingle_units(sources, places, candidates, shape)
    make = partial(shingling.shingle_shard, layouts=layouts, dedup=dedup)
    work = Each(shingling.SHINGLE, make)
    made = run_pass(session, work, shingles, speed=READING)
    store = shingling.open_store(workspace, shingles, places, candidates.places)
    contained = dedup.containment is not None
    upstream = digest(
        [sorted(c.fingerprint for c in made.values()), contained, driver.code]
    )
    slices = verify_units(candidates, store, upstream)
    compare = VerifyWork(workspace, tuple(shingles), tuple(places), contained)
    run_pass(session, compare, slices, speed=READING)
    return load_similarity(workspace, slices, contained=contained)


def _sources(
    driver: Driver, earlier: tuple[EarlierRun, ...]
) -> tuple[shingling.TextSources, tuple[Layout, ...]]:
    """Where texts are read again; plans the inputs of earlier runs anew."""
    plan, surveys = driver.plan, driver.surveys
    shards = {("", shard.shard_id): shard for shard in plan.shards}
    versions = {("", name): c.fingerprint for name, c in surveys.items()}
    layouts, index = [plan.layout], {"": 0}
    for run in earlier:
        versions |= {(run.folder, name): run.seal for name, _ in run.shards}
        folder = Path(run.folder)
        made = plan_again(folder, read_manifest(folder))
        if isinstance(made, str):
            LOGGER.warning(
                "%s: %s; near-duplicates are compared with its cleaned texts",
                run.folder,
                made,
            )
            continue
        index[run.folder] = len(layouts)
        layouts.append(made.layout)
        shards |= {(run.folder, shard.shard_id): shard for shard in made.shards}
    return shingling.TextSources(shards, index, versions), tuple(layouts)


VERIFY = "verify"
SLICE_SHINGLES = 2**24
"""Shingles that a slice of pairs may touch: 128 MB."""


@dataclass(frozen=True)
class VerifyWork:
    """Computes the exact similarity of slices of the candidate pairs.

    `shingles` are the units of the shingle pass; `contained` asks for containment, too.
    """

    workspace: Workspace
    shingles: tuple[Unit, ...]
    places: tuple[Extent, ...]
    contained: bool
    name: str = VERIFY

    def open(self) -> tuple[Candidates, ShingleStore]:
        """Map the candidates and their shingle sets."""
        folder = self.workspace.pass_folder(VERIFY)
        names = [f"candidates.{field.name}.npy" for field in fields(Candidates)]
        candidates = Candidates(*(map_array(folder / name) for name in names))
        store = open_store(
            self.workspace, list(self.shingles), list(self.places), candidates.places
        )
        return candidates, store

    def run(
        self, state: tuple[Candidates, ShingleStore], payload: str, outputs: UnitOutputs
    ) -> dict[str, int]:
        """Write the similarity of pairs `start:stop`, in their order."""
        candidates, store = state
        request = json.loads(payload)
        pairs = candidates.pairs[request["start"] : request["stop"]]
        wanted = np.unique(pairs)
        flat, offsets = store.gather(wanted)
        local = np.searchsorted(wanted, pairs)
        found = compare(flat, offsets, local.astype(np.int64), contained=self.contained)
        folder = outputs.workspace.pass_folder(VERIFY)
        outputs.write_array(folder / f"{request['name']}.npy", found.jaccard)
        if found.contained is not None:
            path = folder / f"{request['name']}.contained.npy"
            outputs.write_array(path, found.contained)
        return {"records_in": len(pairs), "pairs": len(pairs)}


def verify_units(
    candidates: Candidates, store: ShingleStore, upstream: str
) -> list[Unit]:
    """Slices of the pairs that touch at most about `SLICE_SHINGLES` shingles."""
    lengths = store.stop - store.start
    touched = lengths[candidates.pairs].sum(axis=1)
    slices = np.cumsum(touched) // SLICE_SHINGLES
    bounds = np.r_[0, np.flatnonzero(np.diff(slices)) + 1, len(candidates.pairs)]
    units = []
    for number, (start, stop) in enumerate(itertools.pairwise(bounds)):
        if start == stop:
            continue
        name = f"slice-{number:06d}"
        payload = {"name": name, "start": int(start), "stop": int(stop)}
        # Which documents these are: ranks alone would not tell.
        places = candidates.places[candidates.pairs[start:stop]]
        content = hashlib.sha256(places.tobytes()).hexdigest()
        identity = digest([content, upstream])
        weight = int(touched[start:stop].sum()) * 8
        units.append(Unit(name, json.dumps(payload), identity, weight))
    return units


def load_similarity(
    workspace: Workspace, units: list[Unit], *, contained: bool
) -> Similarity:
    """Similarity of all candidate pairs, in their order."""

    def load(suffix: str) -> np.ndarray:
        names = [f"{unit.name}{suffix}.npy" for unit in units]
        parts = [read_array(workspace.mapped(VERIFY, name)) for name in names]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.float64)

    return Similarity(load(""), load(".contained") if contained else None)

"""The verify pass: exact similarity of every candidate pair, in bounded slices."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.engine.workspace import (
    Workspace,
    make_folder,
    map_array,
    read_array,
    write_array,
)
from isinglass.pipelines.stages.dedup.shingles import (
    Candidates,
    ShingleStore,
    open_store,
)
from isinglass.transforms.dedup.candidates import compare
from isinglass.transforms.dedup.keepers import Similarity

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.pipelines.engine.side_tables import Extent

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
        candidates = load_candidates(self.workspace)
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


def save_candidates(workspace: Workspace, candidates: Candidates) -> None:
    """Leave the candidates where the workers of the verify pass map them."""
    folder = workspace.pass_folder(VERIFY)
    make_folder(folder)
    for name, array in vars(candidates).items():
        write_array(folder / f"candidates.{name}.npy", array)


def load_candidates(workspace: Workspace) -> Candidates:
    """Inverse of `save_candidates`, mapped into memory."""
    folder = workspace.pass_folder(VERIFY)
    names = [field.name for field in fields(Candidates)]
    return Candidates(*(map_array(folder / f"candidates.{name}.npy") for name in names))


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
        parts = [read_array(workspace.side(VERIFY, name)) for name in names]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.float64)

    return Similarity(load(""), load(".contained") if contained else None)

"""The rank step (driver): writes equal texts and ranks, as `identify` finds them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from isinglass.pipelines.engine.commits import UnitOutputs, outputs_digest_input
from isinglass.pipelines.engine.mapped_tables import Extent, read_survey
from isinglass.pipelines.engine.passes import run_step
from isinglass.pipelines.engine.workspace import Workspace, map_array, read_array
from isinglass.pipelines.stages.dedup.earlier_runs import (
    KEPT,
    EarlierRun,
    earlier_extents,
    store_kept,
)
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import DedupConfig
from isinglass.transforms.dedup.decide import NO_RANK, READ, Identified, identify

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Driver

RANK = "rank"


def all_places(driver: Driver, earlier: Sequence[EarlierRun]) -> list[Extent]:
    """Extents of this run's shards, then of those of earlier runs."""
    return [*driver.places, *earlier_extents(earlier, driver.documents)]


def rank_documents(
    driver: Driver,
    dedup: DedupConfig,
    present: np.ndarray,
    earlier: Sequence[EarlierRun] = (),
    name: str = RANK,
) -> Commit:
    """Write one array each of `Identified`, an entry a document.

    `present` names the documents of this run that may stand for others, bool (n,);
    `name` the step, where it is made for another reason than deduplication.
    """
    places = all_places(driver, earlier)
    upstream = list(driver.surveys.values())
    if earlier:
        upstream.append(store_kept(driver, earlier))

    def make(outputs: UnitOutputs) -> dict[str, int]:
        workspace = outputs.workspace
        references = read_array(workspace.work / KEPT) if earlier else None
        survey = read_survey(workspace, places, READ)
        found = identify(survey, dedup, present, references)
        folder = workspace.pass_folder(name)
        for array, values in vars(found).items():
            outputs.write_array(folder / f"{array}.npy", values)
        copies = found.exact_keeper != np.arange(len(found.rank))
        return {
            "records_in": len(found.rank),
            "reference": 0 if references is None else int(references.sum()),
            "exact_duplicate": int(copies.sum()),
        }

    identity = [
        outputs_digest_input(upstream),
        [run.state for run in earlier],
        dedup.model_dump(include={"exact", "keep"}),
        hashlib.sha256(np.packbits(present).tobytes()).hexdigest(),
        [[place.name, place.start, place.stop] for place in places],
        driver.code,
    ]
    return run_step(driver.session, name, identity, make)


def load_identified(workspace: Workspace, name: str = RANK) -> Identified:
    """Map the arrays of the rank step into memory."""
    folder = workspace.pass_folder(name)
    arrays = [map_array(folder / f"{array.name}.npy") for array in fields(Identified)]
    return Identified(*arrays)


def compared_ranks(found: Identified, start: int, stop: int) -> np.ndarray:
    """Ranks of documents `start:stop`; NO_RANK for those not compared further.

    A document that an equal one stands for is not compared: its keeper is.
    """
    ranks = np.array(found.rank[start:stop])
    represented = found.exact_keeper[start:stop] != np.arange(start, stop)
    ranks[represented] = NO_RANK
    return ranks

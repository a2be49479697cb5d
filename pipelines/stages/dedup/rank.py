"""The rank step (driver): what hashes alone decide, and who would be kept first."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.commits import outputs_digest_input
from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.side_tables import Extent, read_survey
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.engine.workspace import Workspace, map_array, read_array
from isinglass.transforms.dedup.identify import (
    NO_RANK,
    Identified,
    Known,
    State,
    identify,
)

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import DedupConfig

RANK = "rank"
FIRST_RANK = "first-rank"
"""The same step before boilerplate is known, which must not count copies of a text."""

_COLUMNS = [
    "doc_high",
    "doc_low",
    "hash_high",
    "hash_low",
    "id_key",
    "characters",
    "blank",
    "collected_at",
]
_ITEM = "evaluation_item"


@dataclass(frozen=True)
class RankWork:
    """Work of the rank step: one unit over all shards.

    Attributes:
        dedup: The `dedup` section.
        drops_contaminated: Documents with an evaluation item are dropped.
        name: `RANK` or `FIRST_RANK`.
    """

    dedup: DedupConfig | None
    drops_contaminated: bool = False
    name: str = RANK

    def open(self) -> None:
        """Nothing to load ahead."""

    def run(self, state: None, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Identify all documents; writes three arrays, one entry a document."""
        del state
        request = json.loads(payload)
        workspace = outputs.workspace
        places = [Extent(**place) for place in request["places"]]
        survey = self._survey(workspace, places)
        found = identify(survey, self.dedup, _known(workspace, request))
        folder = workspace.pass_folder(self.name)
        outputs.write_array(folder / "state.npy", found.state)
        outputs.write_array(folder / "keeper.npy", found.exact_keeper)
        outputs.write_array(folder / "rank.npy", found.rank)
        counts = np.bincount(found.state, minlength=len(State))
        return {
            "records_in": len(found.state),
            **{kind.name.lower(): int(counts[kind]) for kind in State},
            "exact_duplicate": int(
                (found.exact_keeper != np.arange(len(found.state))).sum()
            ),
        }

    def _survey(self, workspace: Workspace, places: list[Extent]) -> pa.Table:
        survey = read_survey(workspace, places, _COLUMNS)
        if not self.drops_contaminated:
            return survey
        own = [place for place in places if not place.run]
        items = read_survey(workspace, own, [_ITEM])[_ITEM].to_numpy()
        found = np.zeros(survey.num_rows, np.bool_)
        found[: len(items)] = items >= 0
        return survey.append_column("contaminated", pa.array(found))


def _known(workspace: Workspace, request: dict[str, list[int] | str]) -> Known:
    known = Known(unscannable=np.array(request["unscannable"], dtype=np.int64))
    loaded = {
        name: read_array(workspace.work / str(request[name]))
        for name in ("reference", "only_boilerplate", "erased")
        if request[name]
    }
    return replace(known, **loaded)


@dataclass(frozen=True)
class RankInputs:
    """What the rank step is told besides the survey.

    Attributes:
        unscannable: Documents that an earlier scan sent to quarantine.
        reference: File of `Known.reference`, relative to `work/`; empty for none.
        only_boilerplate: File of `Known.only_boilerplate`, likewise.
        erased: File of `Known.erased`, likewise.
        upstream: Commits of the steps that wrote these files.
        earlier: What tells the state of each earlier run; their hashes are read too.
    """

    unscannable: tuple[int, ...] = ()
    reference: str = ""
    only_boilerplate: str = ""
    erased: str = ""
    upstream: tuple[Commit, ...] = field(default=())
    earlier: tuple[str, ...] = ()


def rank_unit(
    places: list[Extent],
    surveys: list[Commit],
    work: RankWork,
    inputs: RankInputs,
    code: str,
) -> Unit:
    """The single unit of the rank step.

    Args:
        places: All shards, in order; those of earlier runs last.
        surveys: Survey commits of the shards of this run.
        work: Of the step.
        inputs: What it is told besides.
        code: Fingerprint of the code.
    """
    dedup = work.dedup
    section = dedup.model_dump(include={"exact", "keep"}) if dedup else None
    payload = {
        "places": [asdict(place) for place in places],
        "unscannable": sorted(inputs.unscannable),
        "reference": inputs.reference,
        "only_boilerplate": inputs.only_boilerplate,
        "erased": inputs.erased,
    }
    identity = [
        outputs_digest_input([*surveys, *inputs.upstream]),
        list(inputs.earlier),
        section,
        work.drops_contaminated,
        {**payload, "places": [[p.name, p.start, p.stop] for p in places]},
        code,
    ]
    return Unit("all", json.dumps(payload), digest(identity))


def load_identified(workspace: Workspace, step: str = RANK) -> Identified:
    """Map the arrays of the rank step into memory."""
    folder: Path = workspace.pass_folder(step)
    arrays = [map_array(folder / f"{name}.npy") for name in ("state", "keeper", "rank")]
    return Identified(*arrays)


def compared_ranks(found: Identified, start: int, stop: int) -> np.ndarray:
    """Ranks of documents `start:stop`; NO_RANK for those not compared further.

    A document that an equal one stands for is not compared: its keeper is.
    """
    ranks = np.array(found.rank[start:stop])
    represented = found.exact_keeper[start:stop] != np.arange(start, stop)
    ranks[represented] = NO_RANK
    return ranks


def mentioned_items(workspace: Workspace, places: list[Extent]) -> pa.Table:
    """Evaluation item in every document, null for none, and its share."""
    names = [_ITEM, "evaluation_share"]
    table = read_survey(workspace, places, names)
    absent = pc.less(table[_ITEM], 0)
    return table.set_column(0, _ITEM, pc.if_else(absent, None, table[_ITEM]))

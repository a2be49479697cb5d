"""The rank step (driver): what hashes alone decide, and who would be kept first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isinglass.pipelines.commits import outputs_digest_input
from isinglass.pipelines.fingerprint import digest
from isinglass.pipelines.side import read_survey
from isinglass.pipelines.units import Unit
from isinglass.transforms.dedup.identify import NO_RANK, Identified, State, identify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.pipelines.commits import UnitOutputs
    from isinglass.pipelines.workspace import Workspace
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import DedupConfig

RANK = "rank"
_COLUMNS = (
    "doc_high",
    "doc_low",
    "hash_high",
    "hash_low",
    "id_key",
    "characters",
    "blank",
    "collected_at",
)


@dataclass(frozen=True)
class RankWork:
    """Work of the rank step: one unit over all shards."""

    dedup: DedupConfig | None
    name: str = RANK

    def open(self) -> None:
        """Nothing to load ahead."""

    def run(self, state: None, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Identify all documents; writes three arrays, one entry a document."""
        del state
        request = json.loads(payload)
        survey = read_survey(outputs.workspace, request["shards"], _COLUMNS)
        unscannable = np.array(request["unscannable"], dtype=np.int64)
        found = identify(survey, self.dedup, unscannable)
        workspace = outputs.workspace
        outputs.write_array(workspace.side(RANK, "state.npy"), found.state)
        outputs.write_array(workspace.side(RANK, "keeper.npy"), found.exact_keeper)
        outputs.write_array(workspace.side(RANK, "rank.npy"), found.rank)
        return {
            "records_in": len(found.state),
            "empty": int((found.state == State.EMPTY).sum()),
            "duplicate_id": int((found.state == State.DUPLICATE_ID).sum()),
            "exact_duplicate": int(
                (found.exact_keeper != np.arange(len(found.state))).sum()
            ),
        }


def rank_unit(
    shard_ids: Sequence[str],
    surveys: Sequence[Commit],
    dedup: DedupConfig | None,
    unscannable: Sequence[int],
    code: str,
) -> Unit:
    """The single unit of the rank step.

    Args:
        shard_ids: All shards, in order.
        surveys: Their survey commits.
        dedup: The `dedup` section.
        unscannable: Documents that an earlier scan sent to quarantine.
        code: Fingerprint of the code.
    """
    section = dedup.model_dump(include={"exact", "keep"}) if dedup else None
    inputs = outputs_digest_input(list(surveys))
    payload = {"shards": list(shard_ids), "unscannable": sorted(unscannable)}
    return Unit("all", json.dumps(payload), digest([inputs, section, payload, code]))


def load_identified(workspace: Workspace) -> Identified:
    """Map the arrays of the rank step into memory."""
    arrays = [
        np.load(workspace.side(RANK, f"{name}.npy"), mmap_mode="r", allow_pickle=False)
        for name in ("state", "keeper", "rank")
    ]
    return Identified(*arrays)


def compared_ranks(found: Identified, start: int, stop: int) -> np.ndarray:
    """Ranks of documents `start:stop`; NO_RANK for those not compared further.

    A document that an equal one stands for is not compared: its keeper is.
    """
    ranks = np.array(found.rank[start:stop])
    represented = found.exact_keeper[start:stop] != np.arange(start, stop)
    ranks[represented] = NO_RANK
    return ranks

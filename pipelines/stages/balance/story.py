"""The weight of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isinglass.pipelines.stage import Story
from isinglass.schemas.reasons import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from isinglass.pipelines.explain.folder import RunFolder

_COLUMN = "balance_weight"


def story(run: RunFolder, row: Mapping[str, Any], *, full: bool) -> Story:
    """The weight of a kept document; None if there is none."""
    del full
    weight = None
    if row["outcome"] == Outcome.KEPT:
        doc_id = row["doc_id"]
        data = run.rows(row["shard"], "data", doc_id, ["doc_id", _COLUMN])
        weight = data[0][_COLUMN] if data else None
    lines = () if weight is None else (("weight", f"{weight:.6g}"),)
    return Story({"record": {_COLUMN: weight}}, lines)

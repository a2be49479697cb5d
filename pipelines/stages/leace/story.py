"""Which mentions of a record were erased from the copy of its vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.stage import Story
from isinglass.pipelines.stages.leace.work import TABLE

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder


def story(run: RunFolder, row: Mapping[str, Any], *, full: bool) -> Story | None:
    """The groups that it mentions; None where nothing of it was erased."""
    del full
    rows = run.rows(row["shard"], TABLE, row["doc_id"], ["doc_id", "mentions"])
    if not rows:
        return None
    mentions = rows[0]["mentions"]
    said = "not known: no lexicon for its language"
    if mentions is not None:
        said = ", ".join(mentions) or "of none of the groups"
    return Story({"leace": {"mentions": mentions}}, [("erased mentions", said)])

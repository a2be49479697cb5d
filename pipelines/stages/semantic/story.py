"""The cluster of a record, and what it is near in meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.stage import Line, Story
from isinglass.schemas.tables import CLUSTERS

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder


def story(run: RunFolder, row: Mapping[str, Any], *, full: bool) -> Story | None:
    """Its row of `clusters/`; None where it has none. Nothing is ever left out."""
    del full
    rows = run.rows(row["shard"], "clusters", row["doc_id"], CLUSTERS.names)
    if not rows:
        return None
    told = {name: value for name, value in rows[0].items() if name != "doc_id"}
    similarity, outlier = told["similarity"], told["outlier_score"]
    lines: list[Line] = [
        ("cluster", f"{told['cluster']}, similarity to its centre {similarity:.6f}"),
        ("outlier score", f"{outlier:.6f}"),
    ]
    near = told["near_duplicate_of"]
    if near is not None:
        cosine = told["near_duplicate_cosine"]
        lines.append(("near to", f"{near} in meaning, cosine {cosine:.6f}"))
    return Story({"semantic": told}, lines)

"""The text of an evaluation set that a record holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.stage import Line, Story

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder


def story(run: RunFolder, row: Mapping[str, Any], *, full: bool) -> Story | None:
    """Which text, and how much of it the longest match covers; None without one."""
    del run, full
    if row["evaluation_item"] is None:
        return None
    lines: list[Line] = [("found in it", row["evaluation_item"])]
    # Of a duplicate, the number says how alike it is to the document kept instead.
    if row["similarity"] is not None and row["kept_doc_id"] is None:
        share = f"{row['similarity']:.6f} in the ledger"
        lines.append(("longest match", share))
    return Story(lines=lines)

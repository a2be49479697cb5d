"""Lines of `isinglass explain` about a duplicate and the document kept instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isinglass.schemas.reasons import DropReason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from isinglass.pipelines.stage import Line
    from isinglass.pipelines.stages.dedup.texts import Texts
    from isinglass.transforms.dedup.shared import Comparison


@dataclass(frozen=True)
class Removed:
    """A document that was dropped for a kept one."""

    doc_id: str
    reason: str
    similarity: float | None


def evidence_lines(
    row: Mapping[str, Any], kept_folder: str | None, texts: Texts | None
) -> Iterator[Line]:
    """Which document was kept instead, and how alike the two are.

    Args:
        row: Row of the ledger.
        kept_folder: Folder of the earlier run that holds the kept document, if it is
            in one.
        texts: Both texts, of a duplicate.
    """
    if row["kept_doc_id"] is None:
        return
    where = "in this run"
    if row["kept_in"] is not None:
        where = f"in the earlier run {row['kept_in']}"
        if kept_folder is not None:
            where += f" ({kept_folder})"
    yield "kept instead", f"{row['kept_doc_id']} {where}"
    inside = row["reason"] == DropReason.CONTAINED
    if row["similarity"] is not None:
        name = "containment" if inside else "similarity"
        yield name, f"{row['similarity']:.6f} in the ledger"
    if texts is not None and texts.comparison is not None:
        yield "", _recomputed(texts, texts.comparison, inside=inside)


def _recomputed(texts: Texts, found: Comparison, *, inside: bool) -> str:
    if found.union:
        value = found.containment if inside else found.jaccard
        units = found.left.compared_by
        said = f"{value:.6f} computed again: of {found.union:,} shingles of "
        said += f"{found.ngram} {units}, {found.common:,} are in both "
        if inside:
            said += f"(Jaccard {found.jaccard:.6f})"
        else:
            said += f"({found.containment:.1%} of the dropped text's)"
    else:
        state = "equal" if found.equal else "not equal"
        said = f"both too short for a shingle, and {state} as whole texts"
    if texts.agrees is False:
        said += ". THE TWO DIFFER"
        if texts.kept_is_clean:
            said += " (the kept text is the cleaned one)"
    return said


def removed_lines(removed: Sequence[Removed], total: int) -> Iterator[Line]:
    """What was dropped for a kept document.

    Args:
        removed: The first of the dropped documents.
        total: How many there are.
    """
    if not total:
        yield "kept for", "no other document was dropped for this one"
        return
    plural = "" if total == 1 else "s"
    yield "kept for", f"{total:,} dropped document{plural}"
    for one in removed:
        words = one.reason.replace("_", " ")
        value = "" if one.similarity is None else f" {one.similarity:.6f}"
        yield "", f"{one.doc_id} {words}{value}"
    more = total - len(removed)
    if more:
        yield "", f"and {more:,} more"

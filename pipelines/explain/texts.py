"""The two texts of a duplicate, from the inputs or from the clean data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isinglass.pipelines.explain.model import Texts
from isinglass.pipelines.sources import Missing, find_place, source_texts
from isinglass.schemas.reasons import DropReason
from isinglass.transforms.dedup.shared import compare

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder

    Located = tuple[RunFolder, dict[str, Any]]
    """A run, and one row of its ledger."""

_SAME = 1e-9
"""Two similarities that differ by less are the same."""


def duplicate_texts(
    run: RunFolder, row: dict[str, Any], other: Located | None
) -> tuple[Texts, list[str]]:
    """Read both texts again and compare them as the run did.

    Args:
        run: The run.
        row: Ledger row of the duplicate.
        other: Where the kept document is, if it was found.

    Returns:
        The texts, and notes on what could not be read.
    """
    wanted = [(run, row), *([other] if other else [])]
    texts: list[str | None] = []
    notes: list[str] = []
    for found in _read(wanted):
        if isinstance(found, Missing):
            notes.append(found.why)
        texts.append(None if isinstance(found, Missing) else found)
    removed, kept = texts[0], texts[1] if other else None
    clean = False
    if other and kept is None:
        kept, clean = _clean_text(*other), True
        clean = kept is not None
    config = run.dedup
    comparison = agrees = None
    if removed is not None and kept is not None:
        comparison = compare(removed, kept, config.ngram, config.normalise)
    if comparison is not None and row["similarity"] is not None:
        inside = row["reason"] == DropReason.CONTAINED
        again = comparison.containment if inside else comparison.jaccard
        agrees = abs(again - row["similarity"]) <= _SAME
    return Texts(removed, kept, clean, comparison, agrees), notes


def _read(wanted: list[Located]) -> list[str | Missing]:
    """Source texts; those of one run are planned together."""
    found: dict[int, str | Missing] = {}
    for folder in {run.folder for run, _ in wanted}:
        places, indices = [], []
        for index, (run, row) in enumerate(wanted):
            if run.folder != folder:
                continue
            inputs = run.manifest["inputs"]
            place = find_place(inputs, row["doc_id"], row["path"], row["row"])
            if place is None:
                found[index] = Missing(f"the manifest names no file {row['path']}")
            else:
                places.append(place)
                indices.append(index)
        found |= zip(indices, source_texts(folder, places), strict=True)
    return [found[index] for index in range(len(wanted))]


def _clean_text(run: RunFolder, row: dict[str, Any]) -> str | None:
    rows = run.rows(row["shard"], "data", row["doc_id"], ["doc_id", "text"])
    return rows[0]["text"] if rows else None

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
    found = _read([(run, row), *([other] if other else [])])
    removed, kept = _text(found[0]), _text(found[1]) if other else None
    notes, clean = [], False
    if isinstance(found[0], Missing):
        notes.append(f"The dropped text cannot be read again: {found[0].why}.")
    if other is not None and isinstance(found[1], Missing):
        notes.append(f"The kept text cannot be read again: {found[1].why}.")
        kept = _clean_text(*other)
        clean = kept is not None
    if clean:
        notes.append("The kept text is shown as it is in data/, after cleaning.")
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


def _text(found: str | Missing) -> str | None:
    return None if isinstance(found, Missing) else found


def _clean_text(run: RunFolder, row: dict[str, Any]) -> str | None:
    rows = run.rows(row["shard"], "data", row["doc_id"], ["doc_id", "text"])
    return rows[0]["text"] if rows else None

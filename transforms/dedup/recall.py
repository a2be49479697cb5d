"""What deduplication misses, by edited copies of documents: shares, slices and gates.

| metric | numerator | denominator |
|---|---|---|
| dedup.recall | copies removed | copies that are alike enough to be removed |
| dedup.missed | copies not removed | copies at least `CLEAR` above the threshold |
| dedup.false_removals | copies removed | copies that are not alike enough |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from isinglass.schemas.config import DedupConfig, GateConfig
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.statistics.characteristics import share

RECALL, MISSED, FALSE = "dedup.recall", "dedup.missed", "dedup.false_removals"
METRICS = (RECALL, MISSED, FALSE)
RUN = "run"
BY_EDIT, BY_SIMILARITY = "edit", "similarity"

CLEAR = 0.05
"""Width of a slice of similarity. At the threshold itself banding misses some pairs by
design; this far above it, it should not."""

BELOW, CONTAINED = "below", "contained"
"""Copies that must not be removed, and copies that only containment removes."""

FEW = 30
"""Copies below which a share says little."""

MOST_MISSED = 0.05
"""Share missed above which a run warns. With 25 bands of 5 rows and threshold 0.75, one
in 20,000 is expected."""


def is_measured(dedup: DedupConfig | None) -> bool:
    """Whether copies are to be made."""
    return dedup is not None and dedup.fuzzy and dedup.canaries.documents != 0


def slices(threshold: float) -> dict[str, float]:
    """Slices of similarity, from the threshold up: name and lower end."""
    edges = [threshold]
    while edges[-1] + CLEAR < 1 - 1e-9:
        edges.append(round(threshold + CLEAR * len(edges), 9))
    ends = [*edges[1:], 1.0]
    return {f"{low:g}-{high:g}": low for low, high in zip(edges, ends, strict=True)}


SEPARATOR = "|"


class Cell(NamedTuple):
    """Copies of one kind of edit in one slice of similarity, and how many went."""

    edit: str
    slice: str
    copies: int
    removed: int


def recall_statistics(
    counts: Mapping[str, Sequence[int]], dedup: DedupConfig
) -> list[Statistic]:
    """Recall over all, by edit, by similarity, by both; what is missed or wrong.

    `counts` are `[copies, removed]` by edit and slice. The share of nothing is 0.
    """
    cells = []
    for key, (copies, removed) in sorted(counts.items()):
        edit, _, name = key.partition(SEPARATOR)
        cells.append(Cell(edit, name, copies, removed))
    alike = [cell for cell in cells if cell.slice != BELOW]
    wrong = [cell for cell in cells if cell.slice == BELOW]
    clear = [*slices(dedup.threshold)][1:]
    found, whole = _sums(cell for cell in alike if cell.slice in clear)
    rows = [share(MISSED, (whole - found, whole), RUN), _row(FALSE, wrong)]
    rows += [_row(FALSE, [cell], axis=BY_EDIT, group=cell.edit) for cell in wrong]
    if alike:
        rows.append(_row(RECALL, alike))
    for edit in sorted({cell.edit for cell in alike}):
        own = [cell for cell in alike if cell.edit == edit]
        rows.append(_row(RECALL, own, axis=BY_EDIT, group=edit))
    for name in sorted({cell.slice for cell in alike}):
        own = [cell for cell in alike if cell.slice == name]
        rows.append(_row(RECALL, own, axis=BY_SIMILARITY, group=name))
    for cell in alike:
        columns = {"group": cell.edit, "position": cell.slice}
        rows.append(_row(RECALL, [cell], axis=BY_EDIT, **columns))
    return rows


def _sums(cells: Iterable[Cell]) -> tuple[int, int]:
    """Removed copies, and all."""
    listed = list(cells)
    return sum(cell.removed for cell in listed), sum(cell.copies for cell in listed)


def _row(metric: str, cells: Sequence[Cell], **columns: Any) -> Statistic:
    return share(metric, _sums(cells), RUN, **columns)


def told_counts(statistics: Iterable[Statistic]) -> dict[str, list[int]]:
    """The counts that statistics were made of."""
    counts = {}
    for row in statistics:
        if row.metric == RECALL and row.position is not None:
            name = row.position
        elif row.metric == FALSE and row.group is not None:
            name = BELOW
        else:
            continue
        numbers = [int(row.denominator or 0), int(row.numerator or 0)]
        counts[f"{row.group}{SEPARATOR}{name}"] = numbers
    return counts


def few_copies(dedup: DedupConfig | None, statistics: Iterable[Statistic]) -> list[str]:
    """A warning where too few copies were made to say what is missed."""
    if not is_measured(dedup):
        return []
    whole = (r for r in statistics if r.metric == RECALL and r.axis is None)
    copies = next((int(row.denominator or 0) for row in whole), 0)
    if copies >= FEW:
        return []
    made = f"Only {copies} edited copies were alike enough to be removed"
    return [f"{made}: too few to say how many near-duplicates are missed."]


def recall_gates(dedup: DedupConfig | None) -> tuple[GateConfig, ...]:
    """The gates of every run that measures: little missed, nothing removed wrongly.

    Where no document was long enough to be edited, nothing was missed.
    """
    if not is_measured(dedup):
        return ()
    asked = (
        (MISSED, MOST_MISSED, "These bands and rows miss near-duplicates."),
        (FALSE, 0.0, "Documents go that are not alike enough."),
    )
    return tuple(
        GateConfig(metric=metric, op="<=", value=most, severity="warning", reason=why)
        for metric, most, why in asked
    )

"""Statistics of who is lost, each group against the documents that do not mention it.

| metric | is |
|---|---|
| group.retention | share of the group's documents that stay |
| group.retention_ratio | that share over the one of all documents of its axis |
| group.retention_parity | that share against the group of the axis that fares best |
| group.removed_share | share of the group's documents that went for a reason |
| group.removal_ratio | that share over the one among the other documents |
| group.adjusted_removal_ratio | the same in one language and at about equal length |
| group.removal_pmi | ln of that share over the one among all of its axis |
| group.cut_share | share of the group's kept documents that a stage cut |
| group.cut_ratio, group.adjusted_cut_ratio | as those of removal |
| group.cut_characters | mean share of the characters of a kept document that were cut |
| group.mean_weight | mean balance weight of the group's kept documents |
| group.weight_ratio | that mean over the one of the other documents |
| group.names_found | share of the planted names of an origin that are found |
| group.names_found_ratio | that share over the one of the other origins |

The documents of an axis are those in a language whose lexicon has the axis: in others
it cannot be seen whether they mention a group. Of retention, removed_share and
cut_share a row without a group is over all of them.

Blocklists and quality filters are known to remove text about some people more than
text about others, and long documents more than short ones (Dodge et al. 2021, section
5). Each removing stage is therefore measured by group, and at equal length.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

from isinglass.schemas.arrays import Flags
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.retention.ratios import (
    Ratios,
    mean_intervals,
    mean_ratios,
    pooled_ratios,
)
from isinglass.transforms.statistics.characteristics import share, statistic
from isinglass.transforms.statistics.intervals import (
    FEW,
    corrected_ratio,
    share_ratio,
    wilson,
)

if TYPE_CHECKING:
    from isinglass.transforms.retention.tally import Moments, Tally
    from isinglass.transforms.statistics.sums import Slices

_STAGE = "output"

KEPT = 0
"""Outcome of the documents that stay."""

FEW_LOST = 5
"""Lost documents of a group below which it is too few to say, as below `FEW` of all."""

FLAGGED_RATIO = 1.25
"""Counterpart of the four-fifths rule for shares removed (1 / 0.8)."""


def retention(tally: Tally) -> list[Statistic]:
    """Return how many documents of each group stay.

    `group.retention` is the share of the group's documents that stay, with its Wilson
    interval; the row without a group is over all documents of the axis, and the one
    without an axis over all. `group.retention_ratio` is the share of a group over that
    of its axis: 1 where the group fares as all do.
    """
    if not tally.whole.any():
        return []
    stays = partial(share, "group.retention", when=_STAGE)
    found = [stays((_stay(tally.whole), int(tally.whole.sum())))]
    found += [stays(counts, axis=axis) for axis, counts in _axes(tally, KEPT).items()]
    every = {row.axis: row for row in found}
    for at, (stay, documents) in zip(_slices(tally), _stays(tally), strict=True):
        if not documents:
            continue
        own, whole = stays((stay, documents), **at), every[at["axis"]]
        found.append(own)
        if whole.value > 0:
            ratio = statistic(
                "group.retention_ratio",
                own.value / whole.value,
                "ratio",
                _STAGE,
                numerator=own.value,
                denominator=whole.value,
                **at,
            )
            found.append(ratio)
    return found


def _stay(counts: Any) -> int:
    return int(counts[:, KEPT].sum())


def _stays(tally: Tally) -> Iterator[tuple[int, int]]:
    """Documents of each group that stay, and all of them."""
    for counts in tally.groups:
        yield _stay(counts), int(counts.sum())


def _axes(tally: Tally, outcome: int) -> dict[str, tuple[int, int]]:
    """Documents of each axis with an outcome, and all; of those that have any."""
    some, every = (part.sum(axis=1).tolist() for part in tally.around(outcome))
    axes = [axis for axis, _ in tally.names]
    found = dict(zip(axes, zip(some, every, strict=True), strict=True))
    return {axis: counts for axis, counts in found.items() if counts[1]}


def _slices(counted: Tally | Moments) -> Iterator[Slices]:
    for axis, group in counted.names:
        yield {"axis": axis, "group": group}


def parity(tally: Tally) -> list[Statistic]:
    """Return how much of each group stays, against the one that fares best on its axis.

    `group.retention_parity` is the upper end of the interval of the group's retention
    over the greatest lower end on the axis, at most 1: it is not below by chance. There
    is none where nothing stays or can be compared: groups of fewer than `FEW` documents
    may be copies of one another, and one group alone has none beside it.
    """
    ends: dict[str, dict[str, tuple[float, float]]] = {}
    for (axis, group), counts in zip(tally.names, _stays(tally), strict=True):
        if counts[1] >= FEW:
            ends.setdefault(axis, {})[group] = wilson(*counts)
    found = []
    for axis, groups in ends.items():
        best = max(low for low, _ in groups.values())
        if len(groups) == 1 or not best:
            continue
        found += [
            statistic(
                "group.retention_parity",
                min(1.0, high / best),
                "ratio",
                _STAGE,
                numerator=high,
                denominator=best,
                axis=axis,
                group=group,
            )
            for group, (_, high) in groups.items()
        ]
    return found


def removal(tally: Tally, reasons: Sequence[str]) -> list[Statistic]:
    """Return how many documents of each group each reason removes.

    `reasons` are those of the outcomes from 1 on. `group.removed_share` is the share of
    the group's documents, with its Wilson interval; without a group, of all of its
    axis. `group.removal_ratio` is that share over the share among documents of the axis
    that do not mention the group, with a 95 % log interval; where none of the others is
    removed it is as `corrected_ratio`, and where none of the group's or no others are,
    it is left out. The adjusted one is as `pooled_ratios`, and left out for fewer than
    `FEW` documents or `FEW_LOST` removed.
    """
    found: list[Statistic] = []
    for outcome, reason in enumerate(reasons, start=1):
        found += _compared(tally, outcome, ("removed_share", "removal_ratio"), reason)
        found += _associated(tally, outcome, reason)
    return found


def cuts(tally: Tally, shares: Moments, stage: str, **at: str) -> list[Statistic]:
    """Return how many kept documents of each group a stage cuts, and how much of them.

    The outcome 1 of `tally` is that something was cut, and `shares` are of the shares
    of the characters of each document that were cut. `at` are further slice columns.
    """
    names = ("cut_share", "cut_ratio")
    found = _compared(tally, 1, names, stage, **at)
    return [*found, *_means("group.cut_characters", "share", shares, stage, **at)]


def weights(sums: Moments) -> list[Statistic]:
    """Return the mean weight of each group's documents, and against the others'."""
    found = list(_means("group.mean_weight", "weight", sums, None))
    rows = _rows(sums, mean_ratios(sums), sums.groups[0] >= FEW)
    for at, (value, low, high) in rows:
        ends: dict[str, Any] = {"low": low, "high": high}
        found.append(
            statistic("group.weight_ratio", value, "ratio", _STAGE, **ends, **at)
        )
    return found


def _compared(
    tally: Tally, outcome: int, names: tuple[str, str], reason: str, **more: str
) -> list[Statistic]:
    """Shares, crude and adjusted ratios of documents with an outcome."""
    found: list[Statistic] = []
    first, rest = tally.first(outcome), tally.rest(outcome)
    totals = [np.asarray(part.sum(axis=1)) for part in (*first, *rest)]
    told, ratio_told = (f"group.{name}" for name in names)
    adjusted = f"group.adjusted_{names[1]}"
    for axis, counts in _axes(tally, outcome).items():
        whole: Slices = {"axis": axis, "reason": reason, **more}
        found.append(share(told, counts, _STAGE, **whole))
    for at, a, n, b, m in zip(
        _slices(tally), *(t.tolist() for t in totals), strict=True
    ):
        if not n:
            continue
        columns: Slices = {**at, "reason": reason, **more}
        found.append(share(told, (a, n), _STAGE, **columns))
        if a and m:
            ratio = share_ratio((a, n), (b, m)) or corrected_ratio((a, n), (b, m))
            found.append(_ratio(ratio_told, ratio, columns))
    enough = (totals[1] >= FEW) & (totals[0] >= FEW_LOST)
    for at, ends in _rows(tally, pooled_ratios(first, rest), enough):
        found.append(_ratio(adjusted, ends, {**at, "reason": reason, **more}))
    return found


def _ratio(metric: str, ends: tuple[float, float, float], columns: Slices) -> Statistic:
    value, low, high = ends
    return statistic(metric, value, "ratio", _STAGE, low=low, high=high, **columns)


def _associated(tally: Tally, outcome: int, reason: str) -> Iterator[Statistic]:
    """Pointwise mutual information of a group and a removal, where there are both."""
    axes, (some, documents) = _axes(tally, outcome), tally.first(outcome)
    for at, a, n in zip(
        _slices(tally),
        some.sum(axis=1).tolist(),
        documents.sum(axis=1).tolist(),
        strict=True,
    ):
        if a:
            gone, every = axes[at["axis"]]
            value = log(a / n) - log(gone / every)
            metric = "group.removal_pmi"
            yield statistic(metric, value, "nats", _STAGE, **at, reason=reason)


def _means(
    metric: str, unit: str, sums: Moments, reason: str | None, **more: str
) -> Iterator[Statistic]:
    """Means over all documents, without a group, and by group."""
    both = np.column_stack([sums.whole, sums.groups])
    found = mean_intervals(both)
    slices: list[Slices] = [{}, *_slices(sums)]
    for place, at in enumerate(slices):
        count, total, _ = both[:, place].tolist()
        low, high = (float(end[place]) for end in (found.low, found.high))
        if not count:
            continue
        known = bool(np.isfinite(low))
        yield statistic(
            metric,
            total / count,
            unit,
            _STAGE,
            denominator=count,
            low=low if known else None,
            high=high if known else None,
            reason=reason,
            **at,
            **more,
        )


def _rows(
    counted: Tally | Moments, ratios: Ratios, enough: Flags
) -> Iterator[tuple[Slices, tuple[float, float, float]]]:
    """Slice columns and ends of the groups of which there is something to say."""
    for place, at in enumerate(_slices(counted)):
        if enough[place] and np.isfinite(ratios.value[place]):
            value, low, high = (float(part[place]) for part in ratios)
            yield at, (value, low, high)

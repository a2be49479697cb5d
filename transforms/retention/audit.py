"""Statistics of who is lost, each group against the documents that do not mention it.

| metric | is |
|---|---|
| group.retention | share of the group's documents that stay |
| group.retention_ratio | that share over the one of all documents |
| group.retention_parity | that share against the group of the axis that fares best |
| group.removed_share | share of the group's documents that went for a reason |
| group.removal_ratio | that share over the one among the other documents |
| group.adjusted_removal_ratio | the same among documents of about equal length |
| group.removal_pmi | ln of that share over the one among all documents |
| group.cut_share | share of the group's kept documents that a stage cut |
| group.cut_ratio, group.adjusted_cut_ratio | as those of removal |
| group.cut_characters | mean share of the characters of a kept document that were cut |
| group.mean_weight | mean balance weight of the group's kept documents |
| group.weight_ratio | that mean over the one of the other documents |
| group.names_found | share of the planted names of an origin that are found |
| group.names_found_ratio | that share over the one of the other origins |

Blocklists and quality filters are known to remove text about some people more than
text about others, and long documents more than short ones (Dodge et al. 2021, section
5). Each removing stage is therefore measured by group, and at equal length.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from isinglass.transforms.statistics.intervals import FEW, share_ratio, wilson

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
    interval; the row without a group is over all documents. `group.retention_ratio` is
    the former over the latter: 1 where the group fares as all do.
    """
    every = int(tally.whole.sum())
    if every == 0:
        return []
    whole = share("group.retention", (_stay(tally.whole), every), _STAGE)
    found = [whole]
    for at, counts in zip(_slices(tally), tally.groups, strict=True):
        if not counts.any():
            continue
        stays = share(
            "group.retention", (_stay(counts), int(counts.sum())), _STAGE, **at
        )
        found.append(stays)
        if whole.value > 0:
            ratio = statistic(
                "group.retention_ratio",
                stays.value / whole.value,
                "ratio",
                _STAGE,
                numerator=stays.value,
                denominator=whole.value,
                **at,
            )
            found.append(ratio)
    return found


def _stay(counts: Any) -> int:
    return int(counts[:, KEPT].sum())


def _slices(counted: Tally | Moments) -> Iterator[Slices]:
    for axis, group in counted.names:
        yield {"axis": axis, "group": group}


def parity(tally: Tally) -> list[Statistic]:
    """Return how much of each group stays, against the one that fares best on its axis.

    `group.retention_parity` is the upper end of the interval of the group's retention
    over the greatest lower end on the axis, at most 1: it is not below by chance. It is
    1 where nothing can be compared, and for groups of fewer than `FEW` documents, which
    may be copies of one another.
    """
    ends: dict[tuple[str, str], tuple[float, float]] = {}
    best: dict[str, float] = {}
    for (axis, group), counts in zip(tally.names, tally.groups, strict=True):
        stay, documents = _stay(counts), int(counts.sum())
        low, high = wilson(stay, documents) if documents >= FEW else (0.0, 1.0)
        ends[axis, group] = low, high
        best[axis] = max(low, best.get(axis, 0.0))
    return [
        statistic(
            "group.retention_parity",
            min(1.0, high / best[axis]) if best[axis] else 1.0,
            "ratio",
            _STAGE,
            numerator=high,
            denominator=best[axis],
            axis=axis,
            group=group,
        )
        for (axis, group), (_, high) in ends.items()
    ]


def removal(tally: Tally, reasons: Sequence[str]) -> list[Statistic]:
    """Return how many documents of each group each reason removes.

    `reasons` are those of the outcomes from 1 on. `group.removed_share` is the share of
    the group's documents, with its Wilson interval. `group.removal_ratio` is that share
    over the share among documents that do not mention the group, with a 95 % log
    interval; where one of the counts is 0 it is left out. The adjusted one is as
    `pooled_ratios`, and left out for fewer than `FEW` documents or `FEW_LOST` removed.
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
    for at, a, n, b, m in zip(
        _slices(tally), *(t.tolist() for t in totals), strict=True
    ):
        if not n:
            continue
        columns: Slices = {**at, "reason": reason, **more}
        found.append(share(told, (a, n), _STAGE, **columns))
        crude = share_ratio((a, n), (b, m))
        if crude is not None:
            found.append(_ratio(ratio_told, crude, columns))
    enough = (totals[1] >= FEW) & (totals[0] >= FEW_LOST)
    for at, ends in _rows(tally, pooled_ratios(first, rest), enough):
        found.append(_ratio(adjusted, ends, {**at, "reason": reason, **more}))
    return found


def _ratio(metric: str, ends: tuple[float, float, float], columns: Slices) -> Statistic:
    value, low, high = ends
    return statistic(metric, value, "ratio", _STAGE, low=low, high=high, **columns)


def _associated(tally: Tally, outcome: int, reason: str) -> Iterator[Statistic]:
    """Pointwise mutual information of a group and a removal, where there are both."""
    gone, every = int(tally.whole[:, outcome].sum()), int(tally.whole.sum())
    some, documents = tally.first(outcome)
    for at, a, n in zip(
        _slices(tally),
        some.sum(axis=1).tolist(),
        documents.sum(axis=1).tolist(),
        strict=True,
    ):
        if a:
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

"""What the weights of kept documents do, added up shard by shard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from isinglass.pipelines.engine.workspace import (
    Workspace,
    exists,
    read_json,
    read_table,
)
from isinglass.pipelines.stages.balance.sums import DOCUMENTS, Shard, Sums
from isinglass.pipelines.stages.balance.weights import BALANCE, COLUMNS, FILE
from isinglass.pipelines.stages.demographics.kept import groups_of, kept_documents
from isinglass.schemas.arrays import Floats
from isinglass.schemas.config import BalanceConfig
from isinglass.schemas.errors import ReconcileError
from isinglass.schemas.weighting import (
    AxisSummary,
    DrawnDocuments,
    DrawnShare,
    GroupUnderWeights,
    SliceUnderWeights,
    WeightSummary,
)
from isinglass.transforms.balance.axes import Axis, axes_of
from isinglass.transforms.statistics.intervals import FEW

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Driver
    from isinglass.transforms.balance.draw import Spread

_BINS = 20
_MOST_SLICES = 100


def summarise(
    config: BalanceConfig, driver: Driver
) -> tuple[dict[str, AxisSummary], WeightSummary]:
    """Shares before and after weighting, over the documents really kept.

    The weights were solved before the PII scan. A document that the scan sent to
    quarantine leaves a small residual, and it is this one that is reported.

    Raises:
        ReconcileError: Chance does not explain which documents were drawn.
    """
    workspace, groups = driver.workspace, groups_of(driver.config)
    solved = read_json(workspace.mapped(BALANCE, FILE))
    sums = Sums(groups, np.zeros((len(groups), 5)))
    for shard_id in driver.shard_ids:
        kept = kept_documents(workspace, [shard_id])
        drawn = _drawn(workspace, shard_id, config)
        sums.add(Shard(kept, kept.kept, drawn), config, solved["greatest"])
    weights = np.concatenate([np.zeros(0), *sums.weights])
    empty = np.zeros((0, len(groups)), np.int32)
    axes = {
        axis.name: _axis(axis, sums, weights, solved)
        for axis in axes_of(empty, groups, config)
    }
    return axes, _weights(config, sums, weights, solved)


def _drawn(workspace: Workspace, shard_id: str, config: BalanceConfig) -> Floats | None:
    """What was written of each kept document of a shard; None if nothing was."""
    path = workspace.table("data", shard_id)
    if config.emit == "weight" or not exists(path):
        return None
    name = COLUMNS[config.emit].name
    column = read_table(path, [name])[name]
    return np.asarray(column.to_numpy(), np.float64)


def _axis(
    axis: Axis, sums: Sums, weights: Floats, solved: Mapping[str, Any]
) -> AxisSummary:
    table = sums.axes.get(axis.name, np.zeros((len(axis.groups), 4)))
    before, after = (_shares(axis, units) for units in table.T[:2])
    rows = dict(zip(axis.groups, table[:, 2:], strict=True))
    asked = {*axis.target, *(limit.group for limit in axis.limits)}
    few = [g for g in sorted(asked) if rows[g].min() < FEW]
    return AxisSummary(
        target=dict(axis.target),
        cap={one.group: one.share for one in axis.limits if one.side > 0},
        floor={one.group: one.share for one in axis.limits if one.side < 0},
        before=before,
        after=after,
        residual=max(axis.misses(after).values()),
        effective_sample_size=effective_size(weights),
        documents=len(weights),
        weight_low=float(weights.min()) if len(weights) else 1.0,
        weight_high=float(weights.max()) if len(weights) else 1.0,
        feasible=axis.name not in solved["unmet"],
        reachable=solved["reachable"][axis.name],
        together=solved["together"].get(axis.name, {}),
        missed_in=solved["missed"] if axis.name in solved["unmet"] else [],
        mentions={group: int(row[0]) for group, row in rows.items()},
        mentioned_in={group: int(row[1]) for group, row in rows.items()},
        too_few=few,
        drawn=_drawn_shares(axis, sums, after),
    )


def _shares(axis: Axis, units: Floats) -> dict[str, float]:
    total = float(units.sum())
    return {
        group: float(one) / total if total > 0 else 0.0
        for group, one in zip(axis.groups, units, strict=True)
    }


def _drawn_shares(
    axis: Axis, sums: Sums, after: Mapping[str, float]
) -> dict[str, DrawnShare]:
    if axis.name not in sums.draws:
        return {}
    spread = sums.draws[axis.name].spread(np.array(list(after.values())))
    shares = _shares(axis, sums.drawn_units[axis.name])
    found = {}
    for (group, share), one in zip(shares.items(), spread, strict=True):
        _refuse_implausible(one, f"{axis.name}/{group}")
        found[group] = DrawnShare(
            share=share, residual=one.residual, deviation=one.deviation, z=one.z
        )
    return found


def _refuse_implausible(one: Spread, what: str) -> None:
    if not one.plausible:
        raise ReconcileError(
            f"balance: what was drawn of {what} is {one.z:.1f} standard deviations "
            "from what the weights let expect; chance does not explain that. Run again "
            "with another balance.seed, and report it if it comes again."
        )


def _weights(
    config: BalanceConfig, sums: Sums, weights: Floats, solved: Mapping[str, Any]
) -> WeightSummary:
    total = float(weights.sum())
    tokens = config.units == "tokens"
    words, weighted, squares = sums.words
    return WeightSummary(
        units=config.units,
        mean=_ratio(weighted, words) if tokens else _ratio(total, len(weights)),
        effective_words=_ratio(weighted**2, squares) if tokens else None,
        kl=_divergence(weights),
        top_share=top_share(weights),
        histogram=histogram(weights),
        exact=solved["exact"],
        groups=_groups(sums),
        slices=_slices(sums),
        drawn=_documents(config, sums, solved["greatest"]),
    )


def _ratio(one: float, other: float) -> float:
    return float(one) / float(other) if other else 1.0


def _documents(
    config: BalanceConfig, sums: Sums, greatest: float
) -> DrawnDocuments | None:
    if DOCUMENTS not in sums.draws or config.emit == "weight":
        return None
    (one,) = sums.draws[DOCUMENTS].spread(np.zeros(1))
    _refuse_implausible(one, "all documents")
    drawn = float(sums.drawn_units[DOCUMENTS][0])
    return DrawnDocuments(
        emit=config.emit,
        seed=config.seed,
        greatest=greatest,
        documents=int(drawn),
        expected=drawn - one.residual,
        deviation=one.deviation,
        z=one.z,
    )


def _groups(sums: Sums) -> list[GroupUnderWeights]:
    found = []
    for (axis, group), row in zip(sums.groups, sums.sums, strict=True):
        own = [index for index, name in enumerate(sums.groups) if name[0] == axis]
        mentions, weighted = sums.sums[own, :2].sum(axis=0)
        if not row[0]:
            continue
        found.append(
            GroupUnderWeights(
                axis=axis,
                group=group,
                mentions=int(row[0]),
                documents=int(row[2]),
                before=float(row[0] / mentions),
                after=float(row[1] / weighted) if weighted else 0.0,
                effective_documents=float(row[3] ** 2 / row[4]) if row[4] else 0.0,
            )
        )
    return found


def _slices(sums: Sums) -> list[SliceUnderWeights]:
    """Sources and languages with the most documents, of each so many."""
    found: list[SliceUnderWeights] = []
    for by in ("source", "language"):
        rows = [(name, row) for (kind, name), row in sums.slices.items() if kind == by]
        rows.sort(key=lambda one: (-one[1][0], one[0]))
        found += [
            SliceUnderWeights(
                by=by,
                name=name,
                documents=int(documents),
                mean_weight=float(weight / documents),
                effective_documents=float(weight**2 / squares) if squares else 0.0,
            )
            for name, (documents, weight, squares) in rows[:_MOST_SLICES]
        ]
    return found


def effective_size(weights: np.ndarray) -> float:
    """Documents without weights that vary as little, Kish: (sum w)^2 / sum w^2."""
    squares = float(np.square(weights).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def _divergence(weights: Floats) -> float:
    """Mean of w ln w for weights of mean 1; 0 for equal ones."""
    if not weights.sum() > 0:
        return 0.0
    some = weights[weights > 0] / weights.mean()
    return max(0.0, float((some * np.log(some)).sum()) / len(weights))


def top_share(weights: Floats) -> float:
    """Share of all weight that the heaviest hundredth of the documents carries."""
    if not weights.sum() > 0:
        return 0.0
    most = np.sort(weights)[-max(1, -(-len(weights) // 100)) :]
    return min(1.0, float(most.sum() / weights.sum()))


def histogram(weights: Floats) -> list[tuple[float, float, int]]:
    """Documents by weight, in steps of equal width; those of no document, too."""
    if not len(weights):
        return []
    low, high = float(weights.min()), float(weights.max())
    if high - low < 1e-9:  # noqa: PLR2004 - but for rounding all are equal
        return [(low, high, len(weights))]
    numbers, edges = np.histogram(weights, _BINS, (low, high))
    ends = zip(edges[:-1].tolist(), edges[1:].tolist(), numbers.tolist(), strict=True)
    return [(first, last, number) for first, last, number in ends]

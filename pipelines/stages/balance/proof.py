"""The weights of a finished run, and what was drawn by them, done again."""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING

import numpy as np

from isinglass.pipelines.proof.check import Check, FinishedRun, conclude
from isinglass.pipelines.stages.balance.summary import (
    effective_size,
    histogram,
    top_share,
)
from isinglass.pipelines.stages.balance.weights import BALANCE, COLUMNS, draw
from isinglass.transforms.balance.draw import uniforms

if TYPE_CHECKING:
    import pyarrow as pa

    from isinglass.schemas.config import BalanceConfig
    from isinglass.schemas.weighting import AxisSummary, WeightSummary


def check_weights(run: FinishedRun) -> Check:
    """Every text has a weight if and only if the run was asked to balance.

    Number, bounds and effective sample size of the weights are those of the manifest,
    and copies and kept documents those that ids, weights and seed give.
    """
    config = run.config.balance
    if config is None and (run.manifest.balance or run.manifest.weights):
        fault = "the manifest has a balance that was not asked for"
        return conclude(BALANCE, [fault], "")
    if not run.paths("data"):
        return Check(BALANCE, "skipped", "no text was written")
    faults, parts = [], [np.empty(0)]
    for shard, data in run.each("data", ["balance_weight"]):
        column = data["balance_weight"]
        if column.null_count != (0 if config else len(column)):
            faults.append(f"data/{shard} has weights for other texts than it should")
        parts.append(column.drop_null().to_numpy())
    weights = np.concatenate(parts)
    if config and not run.manifest.balance:
        faults.append("the manifest has no balance")
    faults += [
        f"the weights are not those of the axis {axis}"
        for axis, summary in run.manifest.balance.items()
        if not _fit(weights, summary)
    ]
    told = run.manifest.weights
    if told is not None and not _spread_fits(weights, told):
        faults.append("the weights are not spread as the manifest tells")
    if config and config.emit != "weight" and not faults:
        faults += _drawn_faults(run, config, weights)
    return conclude(BALANCE, faults, f"{len(weights):,} weights")


def _fit(weights: np.ndarray, summary: AxisSummary) -> bool:
    if summary.documents != len(weights):
        return False
    if len(weights) == 0:
        return True
    bounds = (float(weights.min()), float(weights.max()))
    return bounds == (summary.weight_low, summary.weight_high) and isclose(
        effective_size(weights), summary.effective_sample_size, rel_tol=1e-9
    )


def _spread_fits(weights: np.ndarray, told: WeightSummary) -> bool:
    return told.histogram == histogram(weights) and isclose(
        told.top_share, top_share(weights), rel_tol=1e-9
    )


def _drawn_faults(
    run: FinishedRun, config: BalanceConfig, weights: np.ndarray
) -> list[str]:
    assert config.emit != "weight"
    whole = run.manifest.weights
    told = whole.drawn if whole is not None else None
    if told is None or (told.emit, told.seed) != (config.emit, config.seed):
        return [f"the manifest does not tell what was drawn as {config.emit}"]
    if told.greatest < weights.max(initial=0.0):
        return ["a weight is greater than the greatest one of the manifest"]
    faults, total, name = [], 0, COLUMNS[config.emit].name
    for shard, data in run.each("data", ["doc_id", "balance_weight"]):
        column = _column(run, shard, name)
        u = uniforms(data["doc_id"].combine_chunks(), config.seed)
        own = data["balance_weight"].to_numpy()
        expected = draw(config, own, u, told.greatest)
        if column is None or not np.array_equal(column.to_numpy(), expected):
            faults.append(f"{name} of data/{shard} is not what ids and weights give")
        total += int(expected.sum())
    if total != told.documents:
        faults.append("the manifest tells of another number of documents drawn")
    return faults


def _column(run: FinishedRun, shard: str, name: str) -> pa.ChunkedArray | None:
    table = run.read("data", shard)
    return table[name] if table is not None and name in table.column_names else None

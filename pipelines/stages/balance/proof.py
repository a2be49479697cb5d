"""Balance weights of `data/` against the manifest's summary of each axis."""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING

import numpy as np

from isinglass.pipelines.proof.check import Check, conclude
from isinglass.pipelines.stages.balance.weights import effective_size

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import FinishedRun
    from isinglass.schemas.manifest import AxisSummary


def check_weights(run: FinishedRun) -> Check:
    """Every text has a weight if and only if the run was asked to balance.

    Number, bounds and effective sample size of the weights are those of the manifest.
    """
    wanted = run.config.balance is not None
    if not wanted and run.manifest.balance:
        return conclude(
            "balance", ["the manifest has a balance that was not asked for"], ""
        )
    if not run.paths("data"):
        return Check("balance", "skipped", "no text was written")
    faults, parts = [], [np.empty(0)]
    for shard, data in run.each("data", ["balance_weight"]):
        column = data["balance_weight"]
        if column.null_count != (0 if wanted else len(column)):
            faults.append(f"data/{shard} has weights for other texts than it should")
        parts.append(column.drop_null().to_numpy())
    weights = np.concatenate(parts)
    if wanted and not run.manifest.balance:
        faults.append("the manifest has no balance")
    faults += [
        f"the weights are not those of the axis {axis}"
        for axis, summary in run.manifest.balance.items()
        if not _fit(weights, summary)
    ]
    return conclude("balance", faults, f"{len(weights):,} weights")


def _fit(weights: np.ndarray, summary: AxisSummary) -> bool:
    if summary.documents != len(weights):
        return False
    if len(weights) == 0:
        return True
    bounds = (float(weights.min()), float(weights.max()))
    return bounds == (summary.weight_low, summary.weight_high) and isclose(
        effective_size(weights), summary.effective_sample_size, rel_tol=1e-9
    )

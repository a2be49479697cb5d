"""Weights solved once for all documents, what they reached, and their proof."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from math import isclose
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.pipelines.engine.commits import UnitOutputs, outputs_digest_input
from isinglass.pipelines.engine.mapped_tables import read_survey
from isinglass.pipelines.engine.passes import run_step
from isinglass.pipelines.engine.workspace import Workspace, read_array, read_json
from isinglass.pipelines.proof.check import Check, FinishedRun, conclude
from isinglass.pipelines.stages.demographics.kept import groups_of
from isinglass.schemas.config import BalanceConfig
from isinglass.schemas.manifest import AxisSummary
from isinglass.transforms.balance.solve import axes_of, solve
from isinglass.transforms.demographics.counts import read_mentions

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Driver
    from isinglass.pipelines.stages.demographics.kept import Kept
    from isinglass.transforms.demographics.lexicon import Group

BALANCE = "balance"
_FILE, _WEIGHTS = "balance.json", "weights.npy"


def solve_weights(driver: Driver, config: BalanceConfig, kept: np.ndarray) -> pa.Array:
    """Solve the weights of the documents that stay, unless that is done already.

    They are float64 (n,), null for documents that are not `kept`, bool (n,).
    """
    workspace, places = driver.workspace, driver.places

    def make(outputs: UnitOutputs) -> dict[str, int]:
        groups = groups_of(driver.config)
        counts = np.zeros((0, len(groups)), np.int32)
        if places:
            names = ["mentions", "covered", "words"]
            survey = read_survey(workspace, places, names)
            counts = read_mentions(survey).dense(range(len(groups)))
        solution = solve(counts[kept], groups, config)
        weights = np.full(len(counts), np.nan)
        weights[kept] = solution.weights
        outputs.write_array(workspace.mapped(BALANCE, _WEIGHTS), weights)
        found = {"feasible": solution.feasible, "reachable": solution.reachable}
        path = workspace.mapped(BALANCE, _FILE)
        outputs.write_bytes(path, json.dumps(found, sort_keys=True))
        return {"records_in": len(counts), "kept": int(kept.sum())}

    identity = [
        outputs_digest_input(list(driver.surveys.values())),
        hashlib.sha256(np.packbits(kept).tobytes()).hexdigest(),
        config.model_dump(),
        driver.code,
    ]
    run_step(driver.session, BALANCE, identity, make)
    return pa.array(read_array(workspace.mapped(BALANCE, _WEIGHTS)), from_pandas=True)


def balance_summary(
    balance: BalanceConfig,
    workspace: Workspace,
    kept: Kept,
    groups: Sequence[Group],
) -> dict[str, AxisSummary]:
    """Shares before and after weighting, over the documents really kept.

    The weights were solved before the PII scan. A document that the scan sent to
    quarantine leaves a small residual, and it is this one that is reported.
    """
    solved = read_json(workspace.mapped(BALANCE, _FILE))
    counts = kept.mentions.dense(range(len(groups)))[kept.kept]
    weights = kept.weight[kept.kept]
    summary = {}
    for axis in axes_of(counts, groups, balance):
        after = axis.shares(weights)
        missed = [abs(after[group] - goal) for group, goal in axis.target.items()]
        summary[axis.name] = AxisSummary(
            target=axis.target,
            before=axis.shares(np.ones(len(counts))),
            after=after,
            residual=max(missed),
            effective_sample_size=effective_size(weights),
            documents=len(weights),
            weight_low=float(weights.min()) if len(weights) else 1.0,
            weight_high=float(weights.max()) if len(weights) else 1.0,
            feasible=solved["feasible"],
            reachable=solved["reachable"][axis.name],
        )
    return summary


def effective_size(weights: np.ndarray) -> float:
    """Documents without weights that vary as little, Kish: (sum w)^2 / sum w^2."""
    squares = float(np.square(weights).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def check_weights(run: FinishedRun) -> Check:
    """Every text has a weight if and only if the run was asked to balance.

    Number, bounds and effective sample size of the weights are those of the manifest.
    """
    wanted = run.config.balance is not None
    if not wanted and run.manifest.balance:
        fault = "the manifest has a balance that was not asked for"
        return conclude(BALANCE, [fault], "")
    if not run.paths("data"):
        return Check(BALANCE, "skipped", "no text was written")
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

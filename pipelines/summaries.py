"""The manifest's summaries of deduplication and balancing; its warnings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from isinglass.pipelines.stages.balance.stage import Balance
from isinglass.pipelines.stages.pii.stage import Pii
from isinglass.pipelines.sums import parts
from isinglass.pipelines.verdict import general_warnings
from isinglass.schemas.manifest import AxisSummary, DedupSummary, Records
from isinglass.schemas.reasons import DropReason
from isinglass.transforms.dedup.fingerprints import families
from isinglass.transforms.dedup.minhash import capture_probability
from isinglass.transforms.demographics.balance import weighted_shares
from isinglass.transforms.demographics.lexicon import group_names

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.gather import Kept
    from isinglass.schemas.config import BalanceConfig, DedupConfig, RunConfig
    from isinglass.schemas.manifest import InputFile

CURVE_POINTS = tuple(round(0.05 * step, 2) for step in range(21))


def dedup_summary(
    dedup: DedupConfig | None, counts: dict[str, int], resolved: dict[str, int]
) -> DedupSummary | None:
    """What deduplication removed, and what it could see at each similarity.

    Args:
        dedup: The `dedup` section.
        counts: Summed counts of the clean pass.
        resolved: Counts of the resolve step.
    """
    if dedup is None:
        return None
    dropped = parts(counts, "dropped")
    curve = [
        (value, capture_probability(value, dedup.bands, dedup.rows))
        for value in CURVE_POINTS
    ]
    return DedupSummary(
        exact_removed=dropped.get(DropReason.EXACT_DUPLICATE, 0),
        near_removed=dropped.get(DropReason.NEAR_DUPLICATE, 0),
        contained_removed=dropped.get(DropReason.CONTAINED, 0),
        removed_for_earlier=resolved["for_earlier"],
        families=families(dedup),
        candidate_pairs=resolved["candidate_pairs"],
        verified_pairs=resolved["verified_pairs"],
        capture_curve=curve if dedup.fuzzy else [],
    )


def balance_summary(
    balance: BalanceConfig | None, path: Path, kept: list[Kept]
) -> dict[str, AxisSummary]:
    """Shares before and after weighting, over the documents really kept.

    The weights were solved before the PII scan. A document that the scan sent to
    quarantine leaves a small residual, and it is this one that is reported.
    """
    if balance is None:
        return {}
    solved = json.loads(path.read_text())["axes"]
    counts = np.concatenate([k.mentions.counts[k.kept] for k in kept])
    weights = np.concatenate([k.weight[k.kept] for k in kept])
    ones = np.ones(len(counts))
    before = weighted_shares(counts, ones, group_names(), balance)
    after = weighted_shares(counts, weights, group_names(), balance)
    summary = {}
    for axis, solution in solved.items():
        target = solution["target"]
        missed = [abs(after[axis][group] - target[group]) for group in target]
        summary[axis] = AxisSummary(
            target=target,
            before=before[axis],
            after=after[axis],
            residual=max(missed, default=0.0),
            effective_sample_size=_effective_size(weights),
            documents=len(weights),
            weight_low=float(weights.min()) if len(weights) else 1.0,
            weight_high=float(weights.max()) if len(weights) else 1.0,
            feasible=solution["feasible"],
            reachable=solution["reachable"],
        )
    return summary


def _effective_size(weights: np.ndarray) -> float:
    """Kish: (sum w)^2 / sum w^2."""
    squares = float(np.square(weights).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def plain_warnings(
    config: RunConfig,
    counts: dict[str, int],
    inputs: list[InputFile],
    balance: dict[str, AxisSummary],
) -> list[str]:
    """What a reader must know before trusting the run."""
    records = Records(
        total_in=counts.get("records_in", 0),
        kept=counts.get("kept", 0),
        dropped=parts(counts, "dropped"),
        quarantined=parts(counts, "quarantined"),
    )
    return [
        *general_warnings(inputs, records),
        *Pii.warns(config, {}, ()),
        *Balance.warns(config, {"balance": balance}, ()),
    ]

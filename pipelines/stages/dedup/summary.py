"""The manifest's summary of deduplication, and that each removal has its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.schemas.manifest import DedupSummary, EarlierRunSummary
from isinglass.schemas.reasons import DropReason
from isinglass.transforms.dedup.fingerprints import families
from isinglass.transforms.dedup.minhash import capture_probability

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from isinglass.pipelines.stages.dedup.earlier_runs import EarlierRun
    from isinglass.schemas.config import DedupConfig

CURVE_POINTS = tuple(round(0.05 * step, 2) for step in range(21))


def dedup_summary(
    dedup: DedupConfig,
    earlier: Sequence[EarlierRun],
    counts: Mapping[str, int],
    resolved: Mapping[str, int],
) -> DedupSummary:
    """What deduplication removed, and what it could see at each similarity.

    Args:
        dedup: The `dedup` section.
        earlier: Runs that this one was held against.
        counts: Summed counts of the clean pass.
        resolved: Counts of the verdict.
    """
    curve = [
        (value, capture_probability(value, dedup.bands, dedup.rows))
        for value in CURVE_POINTS
    ]

    def removed(reason: DropReason) -> int:
        return counts.get(f"dropped.{reason.value}", 0)

    return DedupSummary(
        exact_removed=removed(DropReason.EXACT_DUPLICATE),
        near_removed=removed(DropReason.NEAR_DUPLICATE),
        contained_removed=removed(DropReason.CONTAINED),
        removed_for_earlier=resolved["for_earlier"],
        families=families(dedup),
        candidate_pairs=resolved["candidate_pairs"],
        verified_pairs=resolved["verified_pairs"],
        capture_curve=curve if dedup.fuzzy else [],
        against=[
            EarlierRunSummary(path=path, run_id=run.run_id, documents=run.kept)
            for path, run in zip(dedup.against, earlier, strict=True)
        ],
    )

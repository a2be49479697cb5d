"""Statistics of transforms, with the characteristic that each metric speaks to."""

from __future__ import annotations

from typing import Any

from isinglass.schemas.statistic import Statistic
from isinglass.transforms.statistics.intervals import wilson

CHARACTERISTICS: dict[str, str] = {
    "documents": "Completeness",
    "characters": "Completeness",
    "words": "Completeness",
    "quarantine.rate": "Completeness",
    "records.dropped": "Completeness",
    "records.in": "Completeness",
    "records.kept": "Completeness",
    "records.quarantined": "Completeness",
    "documents.share": "Representativeness",
    "documents.retention": "Representativeness",
    "length.mean": "Diversity",
    "length.quantile": "Diversity",
    "dedup.removed": "Similarity",
    "dedup.most_removed": "Similarity",
    "dedup.clusters": "Similarity",
    "dedup.cluster_removed": "Similarity",
    "dedup.recall": "Similarity",
    "dedup.missed": "Similarity",
    "dedup.false_removals": "Similarity",
    "lexicon.coverage": "Completeness",
    "axis.coverage": "Representativeness",
    "group.document_share": "Representativeness",
    "group.mention_share": "Balance",
    "group.mentions_per_thousand_words": "Representativeness",
    "group.concentration": "Representativeness",
    "group.retention": "Representativeness",
    "group.retention_ratio": "Representativeness",
    "group.retention_parity": "Representativeness",
    "group.removed_share": "Representativeness",
    "group.removal_ratio": "Representativeness",
    "group.adjusted_removal_ratio": "Representativeness",
    "group.removal_pmi": "Representativeness",
    "group.cut_share": "Representativeness",
    "group.cut_ratio": "Representativeness",
    "group.adjusted_cut_ratio": "Representativeness",
    "group.cut_characters": "Representativeness",
    "group.mean_weight": "Balance",
    "group.weight_ratio": "Balance",
    "group.names_found": "Representativeness",
    "group.names_found_ratio": "Representativeness",
    "leace.association": "Balance",
    "leace.covariance": "Balance",
    "leace.probe_accuracy": "Balance",
    "leace.probe_gain": "Balance",
    "leace.neighbour_accuracy": "Balance",
    "leace.recall_at_10": "Similarity",
    "leace.variance_taken": "Similarity",
    "review.precision": "Accuracy",
    "review.recall": "Completeness",
    "repeats.share": "Similarity",
    "repeats.sampled": "Auditability",
}
"""Metric to data quality characteristic, spelled as ISO/IEC 5259-2:2024 does."""


def statistic(
    metric: str, value: float, unit: str, when: str, **columns: Any
) -> Statistic:
    """Return a statistic of a metric of `CHARACTERISTICS`, with its other columns."""
    return Statistic(metric, value, unit, when, CHARACTERISTICS[metric], **columns)


def share(
    metric: str,
    counts: tuple[float, float],
    when: str,
    *,
    interval: bool = True,
    **slices: Any,
) -> Statistic:
    """Return a share, of numerator and denominator, with its Wilson interval.

    That is for individuals that are independent enough. The share of nothing is 0.
    """
    numerator, denominator = counts
    low, high = wilson(numerator, denominator) if interval else (None, None)
    return statistic(
        metric,
        numerator / denominator if denominator else 0.0,
        "share",
        when,
        numerator=numerator,
        denominator=denominator,
        low=low,
        high=high,
        **slices,
    )

"""Which data quality characteristic of ISO/IEC 5259-2:2024 each metric speaks to."""

from __future__ import annotations

CHARACTERISTICS: dict[str, str] = {
    "documents": "Completeness",
    "characters": "Completeness",
    "words": "Completeness",
    "documents.share": "Representativeness",
    "length.mean": "Diversity",
    "length.quantile": "Diversity",
    "dedup.removed": "Similarity",
    "dedup.most_removed": "Similarity",
    "dedup.clusters": "Similarity",
    "dedup.cluster_removed": "Similarity",
    "lexicon.coverage": "Completeness",
    "axis.coverage": "Representativeness",
    "group.document_share": "Representativeness",
    "group.mention_share": "Balance",
    "group.mentions_per_thousand_words": "Representativeness",
    "group.retention": "Representativeness",
    "group.retention_ratio": "Representativeness",
    "group.removed_share": "Representativeness",
    "group.removal_ratio": "Representativeness",
    "repeats.share": "Similarity",
    "repeats.sampled": "Auditability",
}
"""Metric to characteristic, spelled as the standard does."""

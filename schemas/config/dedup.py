"""The `dedup` section."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isinglass.schemas.config.base import Section


class DedupConfig(Section):
    """Exact and near-duplicate removal.

    A pair with Jaccard similarity J becomes a candidate with probability
    1 - (1 - J^rows)^bands (Leskovec, Rajaraman and Ullman, Mining of Massive
    Datasets, section 3.4). With 25 bands of 5 rows that is 0.999 at J = 0.75.
    """

    exact: bool = Field(default=True, description="Remove equal normalised texts.")
    fuzzy: bool = Field(default=True, description="Remove verified near-duplicates.")
    ngram: int = Field(5, ge=1, le=50, description="Words in a shingle.")
    bands: int = Field(25, ge=1, le=256, description="MinHash bands.")
    rows: int = Field(5, ge=1, le=64, description="MinHash values in a band.")
    threshold: float = Field(
        0.75, gt=0.0, le=1.0, description="Least exact Jaccard similarity of a removal."
    )
    keep: Literal["longest", "first", "newest"] = Field(
        "longest", description="Which document of a group stays."
    )
    seed: int = Field(1, ge=0, lt=2**63, description="Seed of the MinHash family.")

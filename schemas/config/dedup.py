"""The `dedup` section."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from isinglass.schemas.config.base import Local, Section
from isinglass.schemas.config.canaries import CanaryConfig
from isinglass.schemas.config.normalise import NormaliseConfig


class MaxRemovedConfig(Section):
    """Largest share of duplicates that may be removed before the run is stopped.

    The stop comes before anything is written to `data/`.
    """

    source: float | None = Field(
        None, ge=0.0, le=1.0, description="Of the documents of any source."
    )
    language: float | None = Field(
        None, ge=0.0, le=1.0, description="Of the documents of any language."
    )
    sources: dict[str, float] = Field(
        default_factory=dict, description="Own limit of a source, by its name."
    )


class ParagraphsConfig(Section):
    """Paragraphs that many documents of a source share (boilerplate)."""

    max_documents: int = Field(
        100,
        ge=1,
        description="A paragraph in more documents of a source is boilerplate.",
    )
    split: Literal["blank_line", "line"] = Field(
        "blank_line", description="What ends a paragraph: blank lines or any line end."
    )
    min_characters: int = Field(
        20, ge=1, description="Shorter paragraphs, once normalised, never count."
    )
    remove: bool = Field(
        default=False, description="Cut boilerplate out of the texts; else list it."
    )


class RepeatsConfig(Section):
    """Measures verbatim repeats on a sample of documents; removes nothing."""

    words: int = Field(50, ge=2, le=1000, description="Least length of a repeat.")
    documents: int = Field(
        4000, ge=1, description="Documents sampled; all others are searched for them."
    )


class DedupConfig(Section):
    """Exact and near-duplicate removal.

    A pair with Jaccard similarity J becomes a candidate with probability
    1 - (1 - J^rows)^bands (Leskovec, Rajaraman and Ullman, Mining of Massive
    Datasets, section 3.4). With 25 bands of 5 rows that is 0.999 at J = 0.75.
    """

    normalise: NormaliseConfig = Field(default_factory=NormaliseConfig)
    exact: bool = Field(default=True, description="Remove equal normalised texts.")
    fuzzy: bool = Field(default=True, description="Remove verified near-duplicates.")
    ngram: int = Field(5, ge=1, le=50, description="Words in a shingle.")
    bands: int = Field(25, ge=1, le=256, description="MinHash bands.")
    rows: int = Field(5, ge=1, le=64, description="MinHash values in a band.")
    threshold: float = Field(
        0.75, gt=0.0, le=1.0, description="Least exact Jaccard similarity of a removal."
    )
    containment: float | None = Field(
        None,
        gt=0.0,
        le=1.0,
        description="Also remove a document of whose shingles at least this share is "
        "in a longer kept document; absent: off. With keep: first or newest only where "
        "the longer one is also preferred.",
    )
    keep: Literal["longest", "first", "newest"] = Field(
        "longest", description="Which document of a group stays."
    )
    seed: int = Field(1, ge=0, lt=2**63, description="Seed of the MinHash family.")
    against: tuple[Local, ...] = Field(
        (), description="Folders of earlier runs; what they kept is not kept again."
    )
    max_removed: MaxRemovedConfig = Field(default_factory=MaxRemovedConfig)
    canaries: CanaryConfig = Field(
        default_factory=CanaryConfig,
        description="Edited copies of documents; the interval is that of the recall "
        "of all edits together.",
    )
    paragraphs: ParagraphsConfig | None = Field(
        None, description="Boilerplate paragraphs; absent: off."
    )
    repeats: RepeatsConfig | None = Field(
        None, description="Measure of verbatim repeats; absent: off."
    )

    @model_validator(mode="after")
    def _containment_needs_fuzzy(self) -> DedupConfig:
        if self.containment is not None and not self.fuzzy:
            raise ValueError("containment needs fuzzy: true")
        return self

"""What the manifest tells of the marks of a person."""

from __future__ import annotations

from pydantic import Field

from isinglass.schemas.config.base import Section
from isinglass.schemas.marks import Kind


class ReviewedKind(Section):
    """The random sample of one label, and what a person said of it."""

    kind: Kind
    label: str = Field(
        description="Entity, reason or term; empty for passages of kept."
    )
    population: int = Field(ge=0, description="All places of this run.")
    sampled: int = Field(ge=0, description="Up to the last one that was marked.")
    unmarked: int = Field(ge=0, description="Of these, without a mark.")
    behind: int = Field(
        0,
        ge=0,
        description="Of these, marked, but behind the first one without a mark: no "
        "random sample, so not counted below.",
    )
    unsure: int = Field(ge=0, description="Of these, marked so; not counted below.")
    right: int = Field(ge=0)
    wrong: int = Field(
        ge=0, description="Of passages: those where something was missed."
    )
    share: float | None = Field(description="right / (right + wrong); None: neither.")
    low: float = Field(ge=0.0, le=1.0, description="Wilson, 95 %.")
    high: float = Field(ge=0.0, le=1.0)


class ReviewRecall(Section):
    """Share of one entity that was found in passages that a person read."""

    label: str
    passages: int = Field(ge=0, description="Passages that hold one.")
    found: int = Field(ge=0, description="Without those marked wrong.")
    missed: int = Field(ge=0)
    recall: float = Field(ge=0.0, le=1.0)
    low: float = Field(
        ge=0.0,
        le=1.0,
        description="Wilson, 95 %, as if mentions of a "
        "passage were found or missed together.",
    )
    high: float = Field(ge=0.0, le=1.0)


class ReviewSummary(Section):
    """What the marks of a person say of this run."""

    marks: str = Field(description="The file.")
    sha256: str = Field(description="Of that file.")
    given: int = Field(ge=0, description="Marks in it.")
    not_of_inputs: int = Field(
        ge=0, description="Of these, on files that are no inputs, or changed since."
    )
    judged: list[ReviewedKind]
    recall: list[ReviewRecall]

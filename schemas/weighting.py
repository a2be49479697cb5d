"""What the manifest says of `balance`: axes, weights, and what was drawn by them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isinglass.schemas.config.base import Section


class DrawnShare(Section):
    """What was drawn of a group, beside what the weights let expect."""

    share: float = Field(description="Of the axis, over what was drawn.")
    residual: float = Field(
        description="Units of the group drawn too many: the sum of u - s t over what "
        "was drawn, less its mean; u of the group, t of the axis, s the share `after`."
    )
    deviation: float = Field(ge=0.0, description="Standard deviation of the residual.")
    z: float = Field(description="The residual in standard deviations.")


class AxisSummary(Section):
    """Shares of one axis before and after weighting."""

    target: dict[str, float] = Field(description="Empty where there are limits.")
    cap: dict[str, float] = Field(
        default_factory=dict, description="Greatest share asked for, by group."
    )
    floor: dict[str, float] = Field(
        default_factory=dict, description="Least share asked for, by group."
    )
    before: dict[str, float]
    after: dict[str, float]
    residual: float = Field(
        description="Largest |after - target| over the groups, or what a share is "
        "beyond its limit."
    )
    effective_sample_size: float
    documents: int = Field(ge=0)
    weight_low: float
    weight_high: float
    feasible: bool
    reachable: dict[str, tuple[float, float]] = Field(
        description="Share of each group that the bounds allow, least and greatest."
    )
    together: dict[str, tuple[float, float]] = Field(
        default_factory=dict,
        description="The same while all other axes meet their targets; empty where "
        "the targets are met, or was not computed.",
    )
    missed_in: list[str] = Field(
        default_factory=list,
        description="Sources or languages in which targets asked of each are not met.",
    )
    mentions: dict[str, int] = Field(
        default_factory=dict, description="Mentions of each group in kept documents."
    )
    mentioned_in: dict[str, int] = Field(
        default_factory=dict, description="Kept documents that mention each group."
    )
    too_few: list[str] = Field(
        default_factory=list,
        description="Groups with so few mentions or documents that nothing can be "
        "said of them, nor of the balance that rests on them.",
    )
    drawn: dict[str, DrawnShare] = Field(
        default_factory=dict, description="Of `copies` and `keep`, by group."
    )


class GroupUnderWeights(Section):
    """One group of one axis, balanced or not, without and with the weights."""

    axis: str
    group: str
    mentions: int = Field(ge=0)
    documents: int = Field(ge=0, description="Kept documents that mention it.")
    before: float = Field(description="Of all mentions on the axis.")
    after: float = Field(description="Likewise, under the weights.")
    effective_documents: float = Field(
        ge=0.0, description="Effective sample size of the documents that mention it."
    )


class SliceUnderWeights(Section):
    """One source or language, without and with the weights."""

    by: Literal["language", "source"]
    name: str
    documents: int = Field(ge=0)
    mean_weight: float = Field(ge=0.0)
    effective_documents: float = Field(ge=0.0)


class DrawnDocuments(Section):
    """What became of weights where whole documents were asked for."""

    emit: Literal["copies", "keep"]
    seed: int
    greatest: float = Field(description="A document of this weight is kept for sure.")
    documents: int = Field(ge=0, description="Copies in all, or documents kept.")
    expected: float = Field(ge=0.0)
    deviation: float = Field(ge=0.0)
    z: float


class WeightSummary(Section):
    """The weights of all axes together, and what they do besides."""

    units: Literal["documents", "tokens"]
    mean: float = Field(description="Of a document, or of a word with tokens.")
    effective_words: float | None = Field(
        None, description="Effective sample size in words; with tokens only."
    )
    kl: float = Field(ge=0.0, description="Kullback-Leibler divergence to equal ones.")
    top_share: float = Field(
        ge=0.0, le=1.0, description="Carried by the 1 % of documents that weigh most."
    )
    histogram: list[tuple[float, float, int]] = Field(
        description="Documents with a weight from the first to the second number."
    )
    exact: bool = Field(
        default=True,
        description="False: similar documents were weighed alike, for memory.",
    )
    groups: list[GroupUnderWeights]
    slices: list[SliceUnderWeights]
    drawn: DrawnDocuments | None = None

"""What the manifest says of words beside groups of people."""

from __future__ import annotations

from pydantic import Field

from isinglass.schemas.config.base import Section


class WordAssociation(Section):
    """A word beside a group, in sentences of sampled documents."""

    axis: str
    group: str
    word: str
    together: int = Field(description="Sentences of the group that hold the word.")
    group_sentences: int = Field(
        description="Sentences with the group and no other one of its axis."
    )
    elsewhere: int = Field(description="Sentences of the others that hold the word.")
    other_sentences: int = Field(
        description="Sentences with others of the axis and not with the group."
    )
    ratio: float = Field(description="Of the rates of the word in both.")
    low: float
    high: float
    gap: float = Field(description="nPMI with the group less nPMI with the others.")


class GroupPolarity(Section):
    """Words of praise and blame in sentences with a group and no other of its axis."""

    axis: str
    group: str
    sentences: int
    positive: int = Field(description="Words that praise, whatever they are said of.")
    negative: int


class DemographicsSummary(Section):
    """What was read of kept documents to see what is written beside groups."""

    documents: int = Field(ge=0, description="Sampled documents.")
    words: list[WordAssociation] = Field(description="Words that lean to a group.")
    polarity: list[GroupPolarity] = Field(
        default_factory=list, description="In languages with a list of such words."
    )

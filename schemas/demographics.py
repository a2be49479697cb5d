"""What the manifest says of ambiguous terms, and of words beside groups of people."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isinglass.schemas.config.base import Section
from isinglass.schemas.lexicon import Status

Uncounted = Literal["behind", "unknown", "earlier"]
"""Why a mark does not count."""


class TermSummary(Section):
    """An ambiguous term in kept documents, and what marks say of it."""

    language: str
    axis: str
    group: str
    term: str
    status: Status
    matches: int = Field(ge=0, description="Places where it stands.")
    accepted: int = Field(ge=0, description="Of these, counted as mentions.")
    rules: dict[str, int] = Field(
        default_factory=dict,
        description="Places by the rule that counted them, or `rejected`.",
    )
    right: int = Field(ge=0, description="Marks on a sample of the accepted ones.")
    wrong: int = Field(ge=0)
    not_counted: dict[Uncounted, int] = Field(
        default_factory=dict,
        description="Marks on accepted ones that are no random sample: `behind` the "
        "first place of the latest sample without one, of an `unknown` place in it, or "
        "of no sample or an `earlier` one.",
    )
    low: float = Field(ge=0.0, le=1.0, description="Of the precision; Wilson, 95 %.")
    high: float = Field(ge=0.0, le=1.0)
    sure: bool = Field(description="By the marks it counts as if not ambiguous.")


class RuleSummary(Section):
    """A rule that counts ambiguous terms, and what marks say of what it counted."""

    rule: str
    accepted: int = Field(ge=0, description="Places in kept documents that it counted.")
    right: int = Field(ge=0, description="Marks on such places in this run.")
    wrong: int = Field(ge=0)


class VetoSummary(Section):
    """A phrase that holds terms and means something else, in kept documents."""

    language: str
    phrase: str
    terms: list[str] = Field(
        description="Terms that it holds and that did not count, as axis/group/term."
    )
    places: int = Field(ge=0)


class WordAssociation(Section):
    """A word beside a group, in sentences of sampled documents."""

    axis: str
    group: str
    word: str
    language: str = Field("", description="Of the sentences that are compared.")
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


class TermShare(Section):
    """In how many sampled documents a term is counted."""

    axis: str
    group: str
    term: str
    language: str
    documents: int
    of: int = Field(
        description="Sampled documents in its language that mention the axis."
    )


class GroupsTogether(Section):
    """Two groups of different axes in one sentence of sampled documents."""

    axis: str
    group: str
    with_axis: str
    with_group: str
    sentences: int
    documents: int


class DemographicsSummary(Section):
    """Ambiguous terms in kept documents, and what is written beside groups."""

    documents: int = Field(ge=0, description="Sampled documents.")
    words: list[WordAssociation] = Field(description="Words that lean to a group.")
    polarity: list[GroupPolarity] = Field(
        default_factory=list, description="In languages with a list of such words."
    )
    shares: list[TermShare] = Field(
        default_factory=list, description="Terms that most documents of an axis hold."
    )
    told_in: dict[str, int] = Field(
        default_factory=dict,
        description="Sampled documents whose sentences are held against each other, by "
        "language.",
    )
    not_told_in: dict[str, int] = Field(
        default_factory=dict,
        description="Those that are left out of that: their language has no lexicon, "
        "or no blanks between words.",
    )
    together: list[GroupsTogether] = Field(
        default_factory=list, description="If demographics.intersections is on."
    )
    terms: list[TermSummary] = Field(
        default_factory=list, description="Ambiguous ones that stand there."
    )
    rules: list[RuleSummary] = Field(
        default_factory=list, description="Over all ambiguous terms."
    )
    vetoes: list[VetoSummary] = Field(
        default_factory=list, description="That stand there, most frequent first."
    )
    marks_sha256: str | None = Field(
        None, description="Of the file of marks on terms; None: none was given."
    )

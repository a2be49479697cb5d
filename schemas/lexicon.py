"""A lexicon of demographic terms: one YAML file a language.

The files of the package are in `transforms/resources/lexicons/`; a configuration may
name others. `isinglass schema lexicon` prints the same as JSON Schema.
"""

from __future__ import annotations

from itertools import chain
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from isinglass.schemas.config.base import Section

PartOfSpeech = Literal["noun", "pronoun", "adjective", "name", "phrase"]
Sense = Literal["person", "place", "people", "cased", "language", "pronoun", "nation"]
"""Rules by which an ambiguous term is judged in its place."""
Status = Literal["reviewed", "dispreferred", "polarizing"]

Name = Annotated[str, Field(min_length=1)]
"""Of an axis or group."""

_LONGEST = 60


def shown(entry: str) -> str:
    """An entry as messages quote it: a long one is cut."""
    cut = len(entry) > _LONGEST
    return repr(f"{entry[:_LONGEST]}\N{HORIZONTAL ELLIPSIS}" if cut else entry)


class Term(Section):
    """A word or phrase that speaks of a group, in all of its forms."""

    term: str = Field(min_length=1, description="As it is called; a form, too.")
    forms: tuple[str, ...] = Field((), description="All other written forms.")
    pos: PartOfSpeech = Field("noun", description="Part of speech.")
    pair: str | None = Field(
        None, description="Term of another group that says the same of it."
    )
    sense: Sense | None = Field(
        None, description="Rule that judges each match; none where every match counts."
    )
    veto: tuple[str, ...] = Field(
        (), description="Longer phrases that hold it and mean something else."
    )
    case: bool = Field(default=False, description="Counts only with its capitals.")
    status: Status = Field(
        "reviewed", description="All are measured; the others are no balancing target."
    )
    source: str = Field("", description="Where not that of the file.")
    licence: str = Field("", description="Where not that of the file.")

    @property
    def written(self) -> tuple[str, ...]:
        """All of its forms."""
        return (self.term, *self.forms)

    @property
    def ambiguous(self) -> bool:
        """Whether a rule judges what it means in its place."""
        return self.sense is not None


Terms = Annotated[tuple[Term, ...], Field(min_length=1)]
Groups = Annotated[dict[Name, Terms], Field(min_length=1)]
Code = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]


class LexiconFile(Section):
    """The demographic terms of one language: axis -> group -> terms."""

    name: str = Field(min_length=1)
    language: str = Field(description="ISO 639-1 code, or another label of a language.")
    aliases: tuple[Code, ...] = Field((), description="Other codes (ISO 639-2, 639-3).")
    version: str = Field(min_length=1)
    source: str = Field(min_length=1)
    licence: str = Field(min_length=1, description="SPDX identifier.")
    axes: dict[Name, Groups] = Field(min_length=1)
    vetoes: tuple[str, ...] = Field(
        (), description="Phrases that hold a term of any axis and mean something else."
    )
    senses: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Lists of words that the sense rules read, besides ours.",
    )

    @model_validator(mode="after")
    def _names_can_be_told(self) -> Self:
        for name in (*self.axes, *chain.from_iterable(self.axes.values())):
            if name != name.strip():
                raise ValueError(
                    f"{shown(name)}: write an axis or group with no blank at its ends"
                )
            # It parts axis, group and term in what terms are called elsewhere.
            if "/" in name:
                raise ValueError(
                    f"{shown(name)}: write an axis or group without a stroke"
                )
        return self

    @model_validator(mode="after")
    def _forms_have_one_group(self) -> Self:
        for axis, groups in self.axes.items():
            seen: dict[str, str] = {}
            for group, terms in groups.items():
                for form in chain.from_iterable(term.written for term in terms):
                    other = seen.setdefault(form.casefold(), group)
                    if other != group:
                        msg = (
                            f"{shown(form)} is in {axis}/{other} and {axis}/{group}; "
                            "keep it in one of them"
                        )
                        raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _pairs_are_mutual(self) -> Self:
        for axis, groups in self.axes.items():
            named = {
                term.term: (group, term.pair)
                for group, terms in groups.items()
                for term in terms
            }
            for term, (group, pair) in named.items():
                if pair is None:
                    continue
                if pair not in named:
                    names = f"{shown(term)} is paired with {shown(pair)}, no term"
                    raise ValueError(f"{axis}/{group}: {names}")
                back = named[pair][1]
                if back != term or pair == term:
                    msg = (
                        f"{axis}: {shown(term)} is paired with {shown(pair)}, and that "
                        f"with {shown(str(back))}. Of a pair each is the pair of the "
                        "other"
                    )
                    raise ValueError(msg)
        return self

"""Marks: what a person said of places in texts, without a word of these."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from isinglass.schemas.config.base import Section

Kind = Literal["finding", "removal", "filter", "mention", "rejected", "kept"]
"""A place that was found in a text, a text that was dropped for another one, a text or
part of it that a filter took out, an ambiguous term that counts as a mention of a group
or does not, a passage that stayed."""

Said = Literal["right", "wrong", "unsure", "missed"]

SAYS: dict[Kind, tuple[Said, ...]] = {
    "finding": ("right", "wrong", "unsure"),
    "removal": ("right", "wrong", "unsure"),
    "filter": ("right", "wrong", "unsure"),
    "mention": ("right", "wrong", "unsure"),
    "rejected": ("right", "wrong", "unsure"),
    "kept": ("right", "missed", "unsure"),
}
"""What may be said of each kind of place. A passage that was kept is `right` if nothing
in it was missed."""


Number = Annotated[int, Field(ge=0, lt=2**63)]
Rank = Annotated[int, Field(ge=1, lt=2**63)]


class Key(NamedTuple):
    """The place that a mark is about, which is the same in every run of a corpus."""

    kind: Kind
    label: str
    doc_id: str
    start: int
    end: int


class MissedSpan(Section):
    """A span that should have been found; code points of the source text."""

    start: Number
    end: Number
    label: str = Field(min_length=1)


class Mark(Section):
    """One line of a file of marks.

    Attributes:
        label: Entity of a finding, reason of what was taken out, `language/axis/group/
            term` of a mention; empty for a passage.
        source: Name of the input.
        path: File of the document, as the manifest has it.
        row: Its row there.
        file_sha256: Of that file: a mark holds while it is the same.
        start: First code point of the place in the source text.
        drawn: Seeds of the random samples that the place was in. Only these marks are
            measured by.
        ranks: By seed, which place of the sample of its label it was, from 1 on, in the
            run where it was shown last. Without it nothing tells whether places before
            it were passed over.
    """

    kind: Kind
    label: str
    doc_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    source: str
    path: str
    row: Number
    file_sha256: str
    start: Number
    end: Number
    mark: Said
    missed: tuple[MissedSpan, ...] = ()
    drawn: tuple[Number, ...] = ()
    ranks: dict[Number, Rank] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits(self) -> Mark:
        allowed = SAYS[self.kind]
        if self.mark not in allowed:
            raise ValueError(f"a {self.kind} is marked {', '.join(allowed)}")
        if self.end < self.start:
            raise ValueError("`end` is less than `start`")
        if bool(self.missed) != (self.mark == "missed"):
            raise ValueError("`missed` lists spans where the mark is missed, else none")
        if any(not self.start <= s.start < s.end for s in self.missed):
            raise ValueError(
                "a missed span must begin in the passage and have a length"
            )
        return self

    @property
    def key(self) -> Key:
        """What it is about."""
        return Key(self.kind, self.label, self.doc_id, self.start, self.end)

"""The two sums that every run must satisfy, worked out again for the reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isinglass.schemas.manifest import Characters, Records


@dataclass(frozen=True)
class Books:
    """A sum that was worked out, and the number it must equal."""

    counted: int
    stated: int

    @property
    def balanced(self) -> bool:
        """Whether the two are equal."""
        return self.counted == self.stated


def books_of_records(records: Records) -> Books:
    """Kept + dropped + quarantined, against the records read."""
    set_aside = sum(records.quarantined.values())
    dropped = sum(records.dropped.values())
    return Books(records.kept + dropped + set_aside, records.total_in)


def characters_of_kept(characters: Characters) -> int:
    """Code points of the kept documents before anything in them was changed."""
    return characters.total_in - characters.dropped - characters.quarantined


def books_of_characters(characters: Characters) -> Books:
    """In - dropped - quarantined - cut - redacted + inserted, against those kept."""
    whole = characters_of_kept(characters) - characters.cut
    return Books(whole - characters.redacted + characters.inserted, characters.kept)

"""What the report shows of boilerplate besides the manifest; never its text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

MOST_PARAGRAPHS = 20
"""Those shown one by one."""


class BoilerplateParagraph(NamedTuple):
    """One row of `audit/paragraphs.parquet`."""

    paragraph: int
    source: str | None
    documents: int
    characters: int | None
    example_doc_id: str | None


@dataclass(frozen=True)
class BoilerplateList:
    """The list of boilerplate, and what became of it.

    Attributes:
        paragraphs: Boilerplate paragraphs of all sources.
        spans: Places in kept documents where one of them is.
        cut: Code points that were cut out of kept documents.
        total: Code points of kept documents before that.
        dropped: Documents of which nothing would have been left.
        top: The first of them, by their number.
    """

    paragraphs: int
    spans: int
    cut: int
    total: int
    dropped: int
    top: tuple[BoilerplateParagraph, ...]

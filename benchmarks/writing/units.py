"""Units for a word of English, by language: how long an evaluation item has to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from benchmarks.measuring.processes import Target, table
from isinglass.transforms.decontaminate.items import CHARACTERS_PER_WORD
from isinglass.transforms.units import unit_counts

if TYPE_CHECKING:
    from benchmarks.writing.catalogues import Messages

UNSPACED = 0.5
"""Share of the units from which a language is written without spaces."""


def run(catalogues: dict[str, Messages]) -> list[Target]:
    """A row a language: messages, and units for a word of English."""
    rows: list[tuple[object, ...]] = []
    unspaced: list[float] = []
    for code, messages in catalogues.items():
        english = unit_counts(pa.array(messages.english, pa.string()))[:, 0].sum()
        units, apart = unit_counts(pa.array(messages.translated, pa.string())).sum(0)
        share = apart / units
        # Latin names in the translation stand for as many words of English.
        each = apart / (english - (units - apart)) if share > UNSPACED else None
        if each is not None:
            unspaced.append(each)
        told = "" if each is None else f"{each:.2f}"
        count = len(messages.english)
        rows.append((code, count, f"{units / english:.2f}", f"{share:.2f}", told))
    rows.sort(key=lambda row: str(row[2]), reverse=True)
    header = ("language", "messages", "units a word", "of it unspaced", "unspaced only")
    print(table(header, rows))
    if not unspaced:
        return []
    least, most = min(unspaced), max(unspaced)
    return [
        Target(
            "characters for a word",
            f"{CHARACTERS_PER_WORD} lies among them",
            f"{least:.1f} to {most:.1f}",
            reached=least <= CHARACTERS_PER_WORD <= most,
        )
    ]

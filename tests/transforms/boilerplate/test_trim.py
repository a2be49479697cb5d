"""Boilerplate of a batch: found, listed or cut, and told by its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.config.dedup import DedupConfig, ParagraphsConfig
from isinglass.schemas.tables import PARAGRAPHS
from isinglass.transforms.boilerplate.boilerplate import (
    Boilerplate,
    Trimmed,
    boilerplate_cuts,
    frequent,
    pack,
)
from isinglass.transforms.boilerplate.paragraphs import paragraph_keys
from tests.transforms.edits.batches import cuts_of, view_of

if TYPE_CHECKING:
    from isinglass.transforms.edits import Cuts, View

TEXTS = [
    "Home page\n\nRivers run.\n\nAll rights reserved.",
    "HOME   page\n\nStones lie.\n\nAll rights reserved.\n",
    "Rivers run.\n\nhome page",
    "",
    "Home page",
]
SOURCES: list[str | None] = ["web", "web", None, "web", "books"]


def strings(values: list[str | None]) -> pa.StringArray:
    return pa.array(values, pa.string())


def find(most: int, *, remove: bool, view: View | None = None) -> Cuts:
    """Boilerplate of the texts themselves."""
    config = ParagraphsConfig(max_documents=most, min_characters=5, remove=remove)
    dedup = DedupConfig(paragraphs=config)
    texts, sources = strings([*TEXTS]), strings(SOURCES)
    found = paragraph_keys(texts, sources, dedup.normalise, config)
    keys, documents = frequent(pack(found.distinct()[0]), most)
    known = Boilerplate(keys, documents.view(np.int64))
    return boilerplate_cuts(view or view_of(TEXTS, SOURCES), dedup, known)


def spans(most: int, *, remove: bool) -> list[tuple[int, str]]:
    found: Trimmed = find(most, remove=remove).note
    places = zip(found.rows, found.starts, found.ends, strict=True)
    return [(int(row), TEXTS[row][start:end]) for row, start, end in places]


def test_a_list_has_the_paragraphs_alone() -> None:
    assert spans(1, remove=False) == [
        (0, "Home page"),
        (0, "All rights reserved."),
        (1, "HOME   page"),
        (1, "All rights reserved."),
    ]
    cuts = find(1, remove=False)
    assert len(cuts.rows) == 0
    found: Trimmed = cuts.note
    assert not found.removed
    assert sorted(set(found.numbers.tolist())) == [0, 1]
    assert found.numbers[0] == found.numbers[2] != found.numbers[1]


def test_removal_takes_the_borders_too() -> None:
    assert spans(1, remove=True) == [
        (0, "Home page\n\n"),
        (0, "\n\nAll rights reserved."),
        (1, "HOME   page\n\n"),
        (1, "\n\nAll rights reserved."),
    ]
    seen = view_of(TEXTS, SOURCES).with_cuts([find(1, remove=True)])
    assert seen.texts.to_pylist() == [
        "Rivers run.",
        "Stones lie.\n",
        *TEXTS[2:],
    ]


@pytest.mark.parametrize("remove", [True, False])
def test_nothing_is_in_more_than_two_documents(remove: bool) -> None:  # noqa: FBT001
    assert spans(2, remove=remove) == []


def test_rows_of_the_wanted_documents() -> None:
    found: Trimmed = find(1, remove=True).note
    ids = strings([f"d{n}" for n in range(len(TEXTS))])
    table = found.table(ids, np.array([1, 2, 4]))
    assert table.schema.equals(PARAGRAPHS)
    numbers = found.numbers[2:].tolist()
    assert table.to_pylist() == [
        {
            "doc_id": "d1",
            "start": 0,
            "end": 13,
            "paragraph": numbers[0],
            "removed": True,
        },
        {
            "doc_id": "d1",
            "start": 24,
            "end": 46,
            "paragraph": numbers[1],
            "removed": True,
        },
    ]


def test_boilerplate_is_looked_for_in_the_source_texts() -> None:
    seen = view_of(TEXTS, SOURCES)
    before = seen.with_cuts([cuts_of([[(0, 4)]])])
    first, second = (find(1, remove=True, view=view) for view in (seen, before))
    for name in ("rows", "starts", "ends"):
        assert getattr(first, name).tolist() == getattr(second, name).tolist()

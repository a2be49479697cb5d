"""What is said of an evaluation text that a record holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from isinglass.pipelines.explain.folder import RunFolder
from isinglass.pipelines.stages.decontaminate.story import story

NO_RUN = RunFolder(Path(), {})
FOUND = ("found in it", "exam:7")


@pytest.mark.parametrize(
    ("similarity", "kept", "lines"),
    [
        (0.5, None, [FOUND, ("longest match", "0.500000 in the ledger")]),
        # The number of a duplicate is not about the evaluation text.
        (0.5, "b" * 32, [FOUND]),
        (None, None, [FOUND]),
    ],
)
def test_the_text_and_how_much_of_it(
    similarity: float | None, kept: str | None, lines: list[tuple[str, str]]
) -> None:
    row = {"evaluation_item": "exam:7", "similarity": similarity, "kept_doc_id": kept}
    told = story(NO_RUN, row, full=True)
    assert told is not None
    assert list(told.lines) == lines
    assert story(NO_RUN, row | {"evaluation_item": None}, full=True) is None

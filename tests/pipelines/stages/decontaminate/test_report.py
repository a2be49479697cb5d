from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.report.blocks import Paragraph, Table
from isinglass.pipelines.report.model import ReportData, Slices
from isinglass.pipelines.stages.decontaminate import report
from isinglass.schemas.manifest import (
    DecontaminationSummary,
    EvaluationFile,
    Manifest,
)

if TYPE_CHECKING:
    from isinglass.pipelines.report.blocks import Section


def section(manifest: Manifest, files: list[dict[str, int]], **values: Any) -> Section:
    made = [
        EvaluationFile.model_validate(
            {"path": f"sets/{index}.jsonl", "sha256": "ab" * 32, **counts}
        )
        for index, counts in enumerate(files)
    ]
    summary = DecontaminationSummary.model_validate(
        {
            "files": made,
            "documents": sum(file["documents"] for file in files),
            "action": "drop",
            **values,
        }
    )
    part = {"ngram": 13, "min_words": 15, "min_share": 0.5}
    changed = manifest.model_copy(
        update={
            "decontamination": summary,
            "config": {**manifest.config, "decontaminate": part},
        }
    )
    return report.section(ReportData(changed, Slices(())))


def counts(**values: int) -> dict[str, int]:
    nothing = dict.fromkeys(
        ("too_short", "duplicates", "unreadable", "matched_items", "documents"), 0
    )
    return {"items": 100, **nothing, **values}


def said(made: Section) -> list[str]:
    return [block.text for block in made.blocks if isinstance(block, Paragraph)]


def test_off_is_one_line(manifest: Manifest) -> None:
    off = manifest.model_copy(update={"decontamination": None})
    made = report.section(ReportData(off, Slices(())))
    assert said(made) == ["Not run: the configuration has no decontaminate section."]


def test_each_file_has_a_row_that_adds_up(manifest: Manifest) -> None:
    first = counts(
        too_short=7, duplicates=3, unreadable=2, matched_items=4, documents=9
    )
    made = section(manifest, [first, counts()])
    table = next(block for block in made.blocks if isinstance(block, Table))
    rows = [[cell.text for cell in row] for row in table.rows]
    assert rows[0] == [
        *("sets/0.jsonl", "abababababab", "100", "90", "7", "3", "2", "4", "9")
    ]
    assert rows[1][3:] == ["100", "0", "0", "0", "0", "0"]


@pytest.mark.parametrize(
    ("action", "documents", "sentence"),
    [
        ("drop", 9, "dropped"),
        ("flag", 9, "They were kept"),
        ("drop", 0, "No document holds an item"),
    ],
)
def test_says_what_became_of_documents(
    manifest: Manifest, action: str, documents: int, sentence: str
) -> None:
    made = section(manifest, [counts(documents=documents)], action=action)
    assert sentence in said(made)[0]


def test_says_what_was_not_looked_for(manifest: Manifest) -> None:
    few = section(manifest, [counts(too_short=7), counts(unreadable=2)])
    assert "Of 202 records, 7 have too few words" in said(few)[-1]
    assert "2 could not be read" in said(few)[-1]
    assert said(section(manifest, [counts()]))[-1] == "All items were looked for."


def test_says_how_was_searched(manifest: Manifest) -> None:
    text = " ".join(said(section(manifest, [counts()])))
    assert "shares 13 words in a row" in text
    assert "must have 15 words and cover 50.0\u202f% of the item" in text

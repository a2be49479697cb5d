"""What the report says of verbatim repeats."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isinglass.pipelines.report.blocks import Heading, Paragraph, Table
from isinglass.pipelines.report.model import ReportData, read_slices
from isinglass.pipelines.stages.repeats.report import section
from isinglass.schemas.manifest import Manifest
from isinglass.schemas.statistic import Statistic, statistics_table
from isinglass.transforms.repeats.estimate import Sample, repeat_rows

SETTINGS = {"words": 50, "documents": 2}


def report(
    fields: dict[str, Any], rows: list[Statistic], repeats: dict[str, int] | None
) -> ReportData:
    dedup = fields["config"]["dedup"] | {"repeats": repeats}
    config = fields["config"] | {"dedup": dedup}
    manifest = Manifest(**{**fields, "config": config})
    slices = read_slices(statistics_table(rows))
    return ReportData(manifest, slices)


def sample(population: dict[str, int]) -> Sample:
    return Sample(
        sources=np.array(["web", "books"], np.object_),
        characters=np.array([3000, 1000], np.int64),
        repeated=np.array([[300, 0, 300], [500, 500, 0]], np.int64),
        population=population,
    )


def both(population: dict[str, int]) -> list[Statistic]:
    found = sample(population)
    return [*repeat_rows(found, "input"), *repeat_rows(found, "output")]


def parts(data: ReportData) -> tuple[str, Table]:
    """The words of all paragraphs, and the table."""
    made = section(data)
    assert made is not None
    assert made.anchor == "duplicates"
    heading, *paragraphs, table = made.blocks
    assert isinstance(heading, Heading)
    assert isinstance(table, Table)
    assert all(isinstance(block, Paragraph) for block in paragraphs)
    said = [block.text for block in paragraphs if isinstance(block, Paragraph)]
    return " ".join(said), table


def cells(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_sample_error_and_shares_are_shown(run_fields: dict[str, Any]) -> None:
    data = report(run_fields, both({"web": 10, "books": 10}), SETTINGS)
    said, table = parts(data)
    assert "A sample of 2 of 20 documents" in said
    assert "every stretch of 50 consecutive words" in said
    assert "Cochran" in said
    rows = cells(table)
    assert len(rows) == 9
    assert rows[0][:3] == ["all documents", "anywhere", "20.00\u202f%"]
    assert rows[0][4] == "2 of 20"
    assert rows[3][:4] == [
        "books",
        "anywhere",
        "50.00\u202f%",
        "0.00\u202f% to 100.00\u202f%",
    ]
    assert rows[8][:3] == ["web", "in another document", "10.00\u202f%"]
    assert [row[5] for row in rows] == [row[2] for row in rows]


def test_a_whole_sample_has_no_error(run_fields: dict[str, Any]) -> None:
    said, table = parts(report(run_fields, both({"web": 1, "books": 1}), SETTINGS))
    assert "All 2 documents were cut" in said
    assert "no sampling error" in said
    assert "Cochran" not in said
    assert cells(table)[0][3] == "20.00\u202f% to 20.00\u202f%"


def test_an_output_without_documents_is_a_dash(run_fields: dict[str, Any]) -> None:
    rows = repeat_rows(sample({"web": 10, "books": 10}), "input")
    _, table = parts(report(run_fields, rows, SETTINGS))
    assert [row[5:] for row in cells(table)] == [["\u2013"] * 3] * 9


@pytest.mark.parametrize(
    ("rows", "repeats"),
    [([], SETTINGS), ([], None), (both({"web": 9, "books": 9}), None)],
)
def test_nothing_is_said_of_what_was_not_measured(
    run_fields: dict[str, Any], rows: list[Statistic], repeats: dict[str, int] | None
) -> None:
    assert section(report(run_fields, rows, repeats)) is None


def test_an_empty_sample_is_said(run_fields: dict[str, Any]) -> None:
    empty = Sample(
        np.array([], np.object_),
        np.zeros(0, np.int64),
        np.zeros((0, 3), np.int64),
        {"web": 9},
    )
    made = section(report(run_fields, repeat_rows(empty, "input"), SETTINGS))
    assert made is not None
    said = made.blocks[-1]
    assert isinstance(said, Paragraph)
    assert "No document fell into the sample" in said.text

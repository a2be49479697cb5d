"""What the report says of clusters, for tables made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from isinglass.pipelines.report.blocks import MOST_ROWS, Figure, Paragraph, Table
from isinglass.pipelines.report.html import render_report
from isinglass.pipelines.report.model import ReportData, Slices
from isinglass.pipelines.stages.semantic import report
from isinglass.schemas.encoding import SemanticRecall, SemanticSummary
from isinglass.schemas.tables import CLUSTER_LIST, CLUSTER_SHARES

if TYPE_CHECKING:
    from isinglass.pipelines.report.blocks import Section
    from isinglass.schemas.manifest import Manifest

HOSTILE = "<script>alert(1)</script>"
THIN = "\u202f"


def listed(cluster: int, **values: Any) -> dict[str, Any]:
    row = {
        "cluster": cluster,
        "documents": 10,
        "near_duplicates": 0,
        "medoid_doc_id": f"{cluster:02x}" * 16,
        "medoid_similarity": 0.5,
        "terms": [f"word{cluster}"],
        "x": 0.1 * (cluster % 9),
        "y": 0.5,
    }
    return row | values


def shares(
    cluster: int | None, before: int, after: int, **values: Any
) -> dict[str, Any]:
    row = {
        "cluster": cluster,
        "reason": None,
        "source": "web",
        "language": "en",
        "documents_before": before,
        "characters_before": 100 * before,
        "documents_after": after,
        "characters_after": 90 * after,
    }
    return row | values


def summary(**values: Any) -> SemanticSummary:
    recall = {"documents": 30, "with_pairs": 8, "found": 6, "pairs": 9}
    known = {"recall": 0.75, "low": 0.409, "high": 0.929, "pairs_found": 7}
    whole = {
        "documents": 3_000,
        "clusters": 2,
        "fitted_on": 1_000,
        "threshold": 0.95,
        "near_duplicates": 30,
        "recall": SemanticRecall.model_validate(recall | known),
        "without_cluster": {},
    }
    return SemanticSummary.model_validate(whole | values)


def example(
    clusters: list[dict[str, Any]], rows: list[dict[str, Any]]
) -> dict[str, pa.Table]:
    return {
        "clusters": pa.Table.from_pylist(clusters, CLUSTER_LIST),
        "cluster_shares": pa.Table.from_pylist(rows, CLUSTER_SHARES),
    }


def section(manifest: Manifest, tables: dict[str, pa.Table], **values: Any) -> Section:
    changed = manifest.model_copy(update={"semantic": summary(**values)})
    return report.section(ReportData(changed, Slices(()), shown={"semantic": tables}))


def rows_of(made: Section, number: int) -> list[list[Any]]:
    tables = [block for block in made.blocks if isinstance(block, Table)]
    return [
        [getattr(cell, "text", cell) for cell in row] for row in tables[number].rows
    ]


def test_off_is_one_line(manifest: Manifest) -> None:
    off = manifest.model_copy(update={"semantic": None})
    made = report.section(ReportData(off, Slices(())))
    assert len(made.blocks) == 1


def test_clusters_by_their_size_before_cleaning(manifest: Manifest) -> None:
    tables = example(
        [listed(0, near_duplicates=4), listed(1, medoid_doc_id=None, terms=[])],
        [
            shares(0, 100, 90),
            shares(0, 50, 50, source="books"),
            shares(1, 2_000, 1_000, source=None),
            shares(None, 7, 0, reason="empty"),
        ],
    )
    made = section(manifest, tables, without_cluster={"empty": 7, "too_long": 2})
    per_cent = f"{THIN}%"
    assert rows_of(made, 0) == [
        [
            "no telling words",
            f"2{THIN}000",
            f"1{THIN}000",
            f"50.0{per_cent}",
            "0",
            f"unknown (100.0{per_cent})",
            "",
        ],
        [
            "word0",
            "150",
            "140",
            f"6.7{per_cent}",
            "4",
            f"web (66.7{per_cent})",
            "0" * 12,
        ],
    ]
    facts = rows_of(made, 1)
    assert [row[:2] for row in facts] == [
        ["documents near another in meaning", "30"],
        ["found of those there are", f"75.0{per_cent}"],
        ["in no cluster: empty", "7"],
        ["in no cluster: too long", "2"],
    ]
    assert f"1.0{per_cent}: a cosine of at least 0.95" in facts[0][2]
    assert "8 have a near-duplicate, 6 have one" in facts[1][2]
    assert f"40.9{per_cent} to 92.9{per_cent}" in facts[1][2]
    said = [block.text for block in made.blocks if isinstance(block, Paragraph)]
    assert f"3{THIN}000 kept documents fall into 2 clusters" in said[0]


def test_recall_of_nothing_is_no_number(manifest: Manifest) -> None:
    nothing = {"documents": 30, "with_pairs": 0, "found": 0, "pairs": 0}
    unknown = {"recall": None, "low": None, "high": None, "pairs_found": 0}
    recall = SemanticRecall.model_validate(nothing | unknown)
    tables = example([listed(0)], [shares(0, 10, 10)])
    row = rows_of(section(manifest, tables, recall=recall), 1)[1]
    assert row[1:] == [
        "\u2013",
        "30 documents were compared with all; none has a near-duplicate",
    ]


@pytest.mark.parametrize("count", [MOST_ROWS, MOST_ROWS + 3])
def test_smaller_clusters_are_counted(manifest: Manifest, count: int) -> None:
    tables = example(
        [listed(number) for number in range(count)],
        [shares(number, 10 + number, 10) for number in range(count)],
    )
    made = section(manifest, tables)
    rows = rows_of(made, 0)
    assert len(rows) == MOST_ROWS
    assert rows[0][0] == f"word{count - 1}"
    table = next(block for block in made.blocks if isinstance(block, Table))
    assert "a name can be one of them" in table.note
    assert table.left_out == count - MOST_ROWS


def test_a_cluster_without_a_place_is_in_the_list_alone(manifest: Manifest) -> None:
    tables = example(
        [listed(0), listed(1, x=None, y=None)], [shares(0, 9, 9), shares(1, 8, 8)]
    )
    made = section(manifest, tables)
    drawing = next(block for block in made.blocks if isinstance(block, Figure))
    assert "word0" in str(drawing)
    assert "word1" not in str(drawing)
    assert [row[0] for row in rows_of(made, 0)] == ["word0", "word1"]


def test_no_document_at_all(manifest: Manifest) -> None:
    made = section(manifest, example([], []), documents=0, clusters=0)
    assert made.blocks == (Paragraph("Not run: no document was kept.", "muted"),)


def test_strange_words_and_sources_are_text(
    manifest: Manifest, statistics: pa.Table
) -> None:
    tables = example(
        [listed(0, terms=[HOSTILE, '"><img src=x>'])],
        [shares(0, 9, 9, source=HOSTILE)],
    )
    changed = manifest.model_copy(update={"semantic": summary()})
    html = render_report(changed, statistics, (), {"semantic": tables})
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("&lt;script&gt;") >= 4

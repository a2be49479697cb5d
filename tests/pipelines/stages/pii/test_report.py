from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.report.blocks import Paragraph, Table
from isinglass.pipelines.report.model import ReportData, Slices
from isinglass.pipelines.stages.pii import report
from isinglass.schemas.manifest import FindingCount, Recall

if TYPE_CHECKING:
    from isinglass.pipelines.report.blocks import Section
    from isinglass.schemas.manifest import Manifest

MAIL = FindingCount(found=30, changed=30, kept=0)
HALF = Recall(planted=20, found=10, recall=0.5, low=0.3, high=0.7)


def section(manifest: Manifest, **changes: Any) -> Section:
    entities = {"EMAIL_ADDRESS": {"operator": "replace"}, "US_SSN": {}}
    config = {**manifest.config, "pii": {"entities": entities}}
    values: dict[str, Any] = {
        "config": config,
        "findings": {"EMAIL_ADDRESS": MAIL},
        "recall": {"EMAIL_ADDRESS": HALF},
        "recall_slices": [],
        "allowed": {},
    }
    changed = manifest.model_copy(update=values | changes)
    return report.section(ReportData(changed, Slices(())))


def tables(made: Section) -> dict[str, Table]:
    return {b.caption: b for b in made.blocks if isinstance(b, Table)}


def said(made: Section) -> str:
    return "\n".join(b.text for b in made.blocks if isinstance(b, Paragraph))


def test_kinds_without_a_finding_are_named_in_one_line(manifest: Manifest) -> None:
    found = tables(section(manifest))["Findings by kind: found = changed + kept"]
    assert len(found.rows) == 1
    assert "Looked for and not found: US_SSN." in found.note


@pytest.mark.parametrize(
    ("recall", "left", "span"),
    [
        # 30 found at one half: as many again; 30 * (1 - .7) / .7 and 30 * .7 / .3.
        (HALF, "30.0", "12.9 to 70.0"),
        (HALF.model_copy(update={"low": 0.0}), "30.0", "12.9 or more, unbounded"),
        (
            Recall(planted=9, found=9, recall=1.0, low=0.7, high=1.0),
            "0.0",
            "0.0 to 12.9",
        ),
    ],
)
def test_what_is_probably_left(
    recall: Recall, left: str, span: str, manifest: Manifest
) -> None:
    made = section(manifest, recall={"EMAIL_ADDRESS": recall})
    caption = "Expected leftovers: identifiers that are probably still in the kept text"
    row = tables(made)[caption].rows[0]
    assert [getattr(cell, "text", cell) for cell in row[-2:]] == [left, span]


def test_what_is_not_measured_has_a_table_of_its_own(manifest: Manifest) -> None:
    made = section(manifest, not_measured={"UUID": "no values"})
    assert made.title == "Personal identifiers"
    caption = "Not measured: kinds that are looked for and have no recall"
    assert [cell.text for cell in tables(made)[caption].rows[0]] == [
        "UUID",
        "no values",
    ]


def test_allowed_values_are_said(manifest: Manifest) -> None:
    made = section(manifest, allowed={"PERSON": 1_200})
    assert "1\u202f200 of PERSON" in said(made)
    assert "allows the value" not in said(section(manifest))

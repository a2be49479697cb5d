from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from isinglass.pipelines.report.model import Slices
from isinglass.pipelines.stages.demographics.paper import paper
from isinglass.schemas.tables import SLICES


def row(group: str, stage: str, numerator: int, **slices: str) -> dict[str, Any]:
    return {
        "metric": "group.document_share",
        "stage": stage,
        "value": numerator / 1000,
        "numerator": numerator,
        "denominator": 1000,
        **dict.fromkeys(SLICES),
        "axis": "age",
        "group": group,
        **slices,
    }


def told(*rows: dict[str, Any]) -> tuple[str, ...]:
    data: Any = SimpleNamespace(slices=Slices(rows))
    return tuple(paper(data).biases)


def test_an_axis_is_one_sentence_and_few_have_no_share() -> None:
    first, caveat = told(
        row("young", "input", 90),
        row("old", "input", 120),
        row("young", "output", 30),
        row("old", "output", 100),
        row("child", "output", 29),
        row("old", "output", 77, source="letters"),
    )
    assert first.endswith(
        "mention a group: old 10.0 % (before cleaning 12.0 %); young 3.0 % (before "
        "cleaning 9.0 %); 1 group in fewer than 30 documents: too few to say."
    )
    assert "do not measure" in caveat


def test_an_axis_with_few_alone() -> None:
    (first, _) = told(row("old", "output", 1), row("young", "output", 0))
    assert first.endswith(
        "mention a group: 2 groups in fewer than 30 documents: too few to say."
    )


def test_nothing_is_said_where_nothing_was_counted() -> None:
    assert told() == ()

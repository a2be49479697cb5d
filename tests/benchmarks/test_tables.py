"""Every row of Presidio's tables that we read otherwise has a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.detection import tables
from benchmarks.detection.peers import DATA
from isinglass.schemas.config.kinds import known_kinds

PAGE = Path(__file__).parents[2] / "docs" / "countries.md"


@pytest.mark.skipif(
    not (DATA / "pii" / tables.FILE).is_file(),
    reason="needs the tables of Presidio in shared/data/pii",
)
def test_every_difference_of_our_kinds_has_a_reason() -> None:
    """The others are Presidio's own recognizers; the benchmark runs these, too."""
    ours = {*known_kinds(), "PHONE_NUMBER"}
    every = tables.read_rows(DATA / "pii")
    rows = [row for row in every if tables.kind_of(row.entity) in ours]
    page = PAGE.read_text(encoding="utf-8")
    both = tables.by_name(rows), tables.by_stock(rows)
    for row, named, stock in zip(rows, *both, strict=True):
        if not row.agrees(named):
            assert tables.reason_of(row, named, stock), (row.entity, row.count)
            assert f"| {row.entity} " in page


@pytest.mark.parametrize(
    ("row", "found", "stock", "reason"),
    [
        (("IP_ADDRESS", "at 10.1.2.3", 1, ((3, 11),)), (), ((3, 11),), tables.NOBODY),
        (("IP_ADDRESS", "at 8.8.4.4", 1, ((3, 10),)), (), ((3, 10),), None),
        (("UK_NHS", "943 476 5918", 1, ((0, 12),)), (), ((0, 12),), tables.CHECKED),
        (("UK_NHS", "943 476 5919", 0, ()), ((0, 12),), ((0, 12),), tables.SAME),
        (("UK_NHS", "943 476 5919", 0, ()), ((0, 12),), (), None),
        (
            ("PH_MOBILE_NUMBER", "call 917-456-4567", 0, ()),
            ((5, 17),),
            (),
            "digits in the form of North America",
        ),
    ],
)
def test_reasons(
    row: tuple[str, str, int, tuple[tuple[int, int], ...]],
    found: tuple[tuple[int, int], ...],
    stock: tuple[tuple[int, int], ...],
    reason: str | None,
) -> None:
    assert tables.reason_of(tables.Row(*row), found, stock) == reason

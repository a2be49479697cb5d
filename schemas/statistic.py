"""One audit number with its unit, slice, numerator, denominator and interval."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from isinglass.schemas.tables import STATISTICS


@dataclass(frozen=True)
class Statistic:
    """A row of `audit/statistics.parquet`.

    Attributes:
        metric: Dotted id, e.g. `documents`, `pii.recall`, `group.document_share`.
        unit: What `value` counts: documents, characters, share, per 1,000 words ...
        when: At `input` or `output`, or over the `run`: the column `stage`.
        characteristic: Data quality characteristic of ISO/IEC 5259-2 that the
            number speaks to, e.g. Representativeness, Identifiability, Currentness.
        numerator: Of a ratio; None for a plain count.
        low: Lower end of the 95 % interval, where one is meaningful.
    """

    metric: str
    value: float
    unit: str
    when: str
    characteristic: str = ""
    source: str | None = None
    language: str | None = None
    axis: str | None = None
    group: str | None = None
    entity: str | None = None
    reason: str | None = None
    position: str | None = None
    numerator: float | None = None
    denominator: float | None = None
    low: float | None = None
    high: float | None = None


def read_statistics(table: pa.Table) -> list[Statistic]:
    """The rows of a table that `statistics_table` made."""
    rows = (_renamed(row, "stage", "when") for row in table.to_pylist())
    return [Statistic(**row) for row in rows]


def _renamed(row: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {new if name == old else name: value for name, value in row.items()}


def statistics_table(statistics: Iterable[Statistic]) -> pa.Table:
    """All statistics as one table, sorted so that equal contents are equal bytes."""
    rows = [_renamed(asdict(one), "when", "stage") for one in statistics]
    names = [field.name for field in STATISTICS if field.type == pa.string()]
    rows.sort(key=lambda row: tuple(row[name] or "" for name in names))
    return pa.Table.from_pylist(rows, schema=STATISTICS)

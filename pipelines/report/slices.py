"""Look-ups in the table of statistics, which is small and read once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from isinglass.schemas.statistic import SLICES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa


@dataclass(frozen=True)
class Slices:
    """Rows of `audit/statistics.parquet`, in the order of the table."""

    rows: tuple[Mapping[str, Any], ...]

    def named(self, metric: str) -> list[Mapping[str, Any]]:
        """All rows of a metric."""
        return [row for row in self.rows if row["metric"] == metric]

    def total(self, metric: str, stage: str) -> float | None:
        """The value over everything, or the sum by source where only that exists."""
        for row in self.named(metric):
            if row["stage"] == stage and not _sliced_by(row):
                return float(row["value"])
        by_source = self.by(metric, stage, "source")
        return sum(by_source.values()) if by_source else None

    def by(self, metric: str, stage: str, column: str) -> dict[str, float]:
        """Counts of a metric by the values of one slice column.

        Rows that are sliced by this column alone are taken; where there are none,
        finer rows are added up, so this is for counts and not for shares.
        """
        rows = [
            row
            for row in self.named(metric)
            if row["stage"] == stage and row[column] is not None
        ]
        alone = [row for row in rows if _sliced_by(row) == {column}]
        sums: dict[str, float] = {}
        for row in alone or rows:
            sums[row[column]] = sums.get(row[column], 0.0) + float(row["value"])
        return dict(sorted(sums.items()))

    def find(self, metric: str, stage: str, **slices: str) -> Mapping[str, Any] | None:
        """The row with exactly these slices and no others."""
        for row in self.named(metric):
            if row["stage"] == stage and _slices(row) == slices:
                return row
        return None


def read_slices(statistics: pa.Table) -> Slices:
    """Rows of the statistics table, sorted so that their order does not matter."""
    rows = statistics.to_pylist()
    rows.sort(key=lambda row: (row["metric"], row["stage"], *_key(row)))
    return Slices(tuple(rows))


def _key(row: Mapping[str, Any]) -> list[str]:
    return [row[column] or "" for column in SLICES]


def _slices(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: row[name] for name in SLICES if row[name] is not None}


def _sliced_by(row: Mapping[str, Any]) -> set[str]:
    return set(_slices(row))

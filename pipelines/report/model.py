"""What the sections of a report are made from; never text or personal data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from isinglass.pipelines.engine.workspace import Workspace, read_table
from isinglass.pipelines.report.distributions import Bin
from isinglass.schemas.manifest import Manifest
from isinglass.schemas.tables import SLICES

MOST_SHOWN = 20


class KeyFigure(NamedTuple):
    """A number of the banner, its unit, and what it is a share of."""

    label: str
    number: str
    note: str


class Quarantined(NamedTuple):
    """A record that was set aside: where it is and why."""

    path: str
    row: int
    doc_id: str
    reason: str


def first_quarantined(
    workspace: Workspace, shard_ids: Sequence[str]
) -> tuple[Quarantined, ...]:
    """At most `MOST_SHOWN` records that were set aside; never their bytes."""
    found: list[Quarantined] = []
    for shard_id in shard_ids:
        if len(found) >= MOST_SHOWN:
            break
        path = workspace.table("quarantine", shard_id)
        table = read_table(path, list(Quarantined._fields))
        found += [Quarantined(**row) for row in table.slice(0, MOST_SHOWN).to_pylist()]
    return tuple(found[:MOST_SHOWN])


def lengths(workspace: Workspace, shard_ids: Sequence[str]) -> tuple[Bin, ...]:
    """Documents by their characters, in doublings, before cleaning and after."""
    counts = np.zeros((2, 64), dtype=np.int64)
    for shard_id in shard_ids:
        table = read_table(
            workspace.table("ledger", shard_id), ["chars_in", "chars_out"]
        )
        for place, column in enumerate(table.columns):
            sizes = column.drop_null().to_numpy()
            doublings = np.frexp(sizes[sizes > 0].astype(np.float64))[1] - 1
            counts[place] += np.bincount(doublings, minlength=64)
    (used,) = np.nonzero(counts.sum(axis=0))
    if not used.size:
        return ()
    return tuple(
        Bin(2.0**power, 2.0 ** (power + 1), int(after), int(before))
        for power, (before, after) in enumerate(counts.T)
        if used[0] <= power <= used[-1]
    )


@dataclass(frozen=True)
class Slices:
    """Rows of `audit/statistics.parquet`, which are few, in the order of the table."""

    rows: tuple[Mapping[str, Any], ...]

    def named(self, metric: str) -> list[Mapping[str, Any]]:
        """All rows of a metric."""
        return [row for row in self.rows if row["metric"] == metric]

    def total(self, metric: str, stage: str) -> float | None:
        """The value over everything, or the sum by source where only that exists."""
        whole = self.find(metric, stage)
        if whole is not None:
            return float(whole["value"])
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
        alone = [row for row in rows if _slices(row).keys() == {column}]
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
    order = ("metric", "stage", *SLICES)
    rows = statistics.to_pylist()
    rows.sort(key=lambda row: tuple(row[name] or "" for name in order))
    return Slices(tuple(rows))


def _slices(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: row[name] for name in SLICES if row[name] is not None}


@dataclass(frozen=True)
class ReportData:
    """Everything that the sections are made from.

    `shown` are ids and numbers that a stage wants to show besides, by its name;
    `lengths` are documents by their characters.
    """

    manifest: Manifest
    slices: Slices
    quarantined: tuple[Quarantined, ...] = ()
    shown: Mapping[str, Any] = field(default_factory=dict)
    lengths: tuple[Bin, ...] = ()

    def part(self, name: str) -> dict[str, Any] | None:
        """A section of the resolved configuration; None when it is off."""
        part = self.manifest.config.get(name)
        return part if isinstance(part, dict) else None

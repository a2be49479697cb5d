"""The result of one check, and how checks read the tables of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from isinglass.pipelines.engine.workspace import exists, read_table
from isinglass.pipelines.read_again import plan_again
from isinglass.schemas.config import RunConfig
from isinglass.schemas.manifest import Manifest
from isinglass.schemas.statistic import Statistic, read_statistics

if TYPE_CHECKING:
    from isinglass.pipelines.plan import Plan
    from isinglass.pipelines.stage import Stage

    Stages = Sequence[type[Stage] | Stage]
    """Those that are asked; a finished run needs no settings of them."""

Status = Literal["passed", "failed", "skipped"]
_MARKS = {"passed": "ok  ", "failed": "FAIL", "skipped": "skip"}
MOST_NAMED = 3

# Checks that several have something to say on; see `merged`.
CONSERVATION = "conservation"
COUNTS = "counts"
EVIDENCE = "evidence"
SOURCE = "source texts"


@dataclass(frozen=True)
class Check:
    """One thing that was proved, refuted or could not be looked at.

    `detail` is how much was looked at, or the first of the faults.
    """

    name: str
    status: Status
    detail: str
    faults: tuple[str, ...] = field(default=(), repr=False)

    @property
    def mark(self) -> str:
        """Four characters for a terminal."""
        return _MARKS[self.status]


def conclude(name: str, faults: Iterable[str], seen: str) -> Check:
    """A passed check, or a failed one that names the first faults."""
    faults = tuple(faults)
    if not faults:
        return Check(name, "passed", seen)
    named, more = list(faults[:MOST_NAMED]), len(faults) - MOST_NAMED
    if more > 0:
        named.append(f"and {more} more")
    return Check(name, "failed", "; ".join(named), faults)


def merged(checks: Iterable[Check]) -> list[Check]:
    """Checks of one name made one, in the order in which the names first occur.

    It has the faults of all of them, or else tells what each of them looked at.
    """
    groups: dict[str, list[Check]] = {}
    for check in checks:
        groups.setdefault(check.name, []).append(check)
    return [_one(group) for group in groups.values()]


def _one(group: list[Check]) -> Check:
    if len(group) == 1:
        return group[0]
    failed = [check for check in group if check.status == "failed"]
    faults = [fault for check in failed for fault in check.faults or (check.detail,)]
    skipped = [check.detail for check in group if check.status == "skipped"]
    details = skipped or [check.detail for check in group if check.detail]
    whole = conclude(group[0].name, faults, "; ".join(details))
    return replace(whole, status="skipped") if skipped and not faults else whole


@dataclass(frozen=True)
class FinishedRun:
    """A run folder with its manifest, and the configuration the manifest holds."""

    folder: Path
    manifest: Manifest
    config: RunConfig

    @property
    def foreign(self) -> tuple[str, ...]:
        """Classes of somebody else's stages, `module:Class`; nothing is imported."""
        return tuple(entry.use for entry in self.config.stages)

    @cached_property
    def plan(self) -> Plan | str:
        """The plan of the run made anew, or why that is not possible."""
        return plan_again(self.folder, self.manifest)

    def is_foreign(self, entity: str) -> bool:
        """Whether the entity of a finding has the prefix of a stage from outside."""
        return entity.partition(".")[0] in self.manifest.stages

    def paths(self, table: str) -> list[Path]:
        """Files of one table, in shard order."""
        names = sorted(output.path for output in self.manifest.outputs)
        return [self.folder / name for name in names if name.startswith(f"{table}/")]

    def shards(self) -> list[str]:
        """Shard names, from the ledger files."""
        return [path.stem for path in self.paths("ledger")]

    def read(
        self, table: str, shard: str, columns: list[str] | None = None
    ) -> pa.Table | None:
        """One table of one shard; None when the run has no such table."""
        path = self.folder / table / f"{shard}.parquet"
        return read_table(path, columns) if exists(path) else None

    def each(self, table: str, columns: list[str]) -> Iterator[tuple[str, pa.Table]]:
        """Shard name and some columns, shard by shard."""
        for path in self.paths(table):
            yield path.stem, read_table(path, columns)

    def statistics(self) -> list[Statistic]:
        """All rows of `audit/statistics.parquet`."""
        return read_statistics(read_table(self.folder / "audit" / "statistics.parquet"))

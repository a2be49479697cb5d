"""The result of one check, and how checks read the tables of a run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from isinglass.pipelines.engine.workspace import exists, read_table
from isinglass.schemas.statistic import Statistic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from isinglass.schemas.config import RunConfig
    from isinglass.schemas.manifest import Manifest

Status = Literal["passed", "failed", "skipped"]
_MARKS = {"passed": "ok  ", "failed": "FAIL", "skipped": "skip"}
MOST_NAMED = 3


@dataclass(frozen=True)
class Check:
    """One thing that was proved, refuted or could not be looked at.

    Attributes:
        name: What was checked.
        status: passed, failed or skipped.
        detail: How much was looked at, or what is wrong and where.
    """

    name: str
    status: Status
    detail: str

    @property
    def mark(self) -> str:
        """Four characters for a terminal."""
        return _MARKS[self.status]

    def to_dict(self) -> dict[str, str]:
        """JSON-able form."""
        return asdict(self)


def conclude(name: str, faults: list[str], seen: str) -> Check:
    """A passed check, or a failed one that names the first faults."""
    if not faults:
        return Check(name, "passed", seen)
    named = "; ".join(faults[:MOST_NAMED])
    more = len(faults) - MOST_NAMED
    return Check(name, "failed", named + (f"; and {more} more" if more > 0 else ""))


@dataclass(frozen=True)
class FinishedRun:
    """A run folder with its manifest, and the configuration the manifest holds."""

    folder: Path
    manifest: Manifest
    config: RunConfig

    def paths(self, table: str) -> list[Path]:
        """Files of one table, in shard order."""
        names = [
            o.path for o in self.manifest.outputs if o.path.startswith(f"{table}/")
        ]
        return [self.folder / name for name in sorted(names)]

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
        rows = read_table(self.folder / "audit" / "statistics.parquet").to_pylist()
        return [Statistic(**row) for row in rows]

"""The run folder: where each file lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FINAL_FILES = ("_SUCCESS", "SHA256SUMS", "manifest.json", "report.html")
"""Written by close, in the reverse of this order; removed when a run starts again."""

TABLES = (
    "data",
    "findings",
    "paragraphs",
    "ledger",
    "quarantine",
    "tokens",
    "packed",
    "megatron",
    "embeddings",
    "embeddings_erased",
    "hidden_states",
    "clusters",
    "audit",
)

PRIVATE = ("work", "quarantine")
"""Folders for their owner alone: they tell what was given, or hold it as it came."""


@dataclass(frozen=True)
class Workspace:
    """Paths of one run folder. Picklable: it travels to the workers."""

    root: str

    @property
    def path(self) -> Path:
        """The run folder."""
        return Path(self.root)

    @property
    def work(self) -> Path:
        """Commits and mapped tables; removable once the run is complete."""
        return self.path / "work"

    def pass_folder(self, pass_name: str) -> Path:
        """Folder with the commits and mapped tables of one pass."""
        return self.work / pass_name

    def commit_path(self, pass_name: str, unit: str) -> Path:
        """Commit record of one unit of work."""
        return self.pass_folder(pass_name) / f"{unit}.commit.json"

    def failure_path(self, pass_name: str, unit: str) -> Path:
        """What went wrong with one unit of work, if something did."""
        return self.pass_folder(pass_name) / f"{unit}.failed.json"

    def table(self, table: str, unit: str) -> Path:
        """Parquet file of one output table and shard."""
        return self.path / table / f"{unit}.parquet"

    def mapped(self, pass_name: str, name: str) -> Path:
        """Side table or statistics file of a pass."""
        return self.pass_folder(pass_name) / name

    def relative(self, path: Path) -> str:
        """`path` relative to the run folder, with `/`."""
        return path.relative_to(self.path).as_posix()

"""The run folder: where each file lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FINAL_FILES = ("_SUCCESS", "SHA256SUMS", "manifest.json", "report.html")
"""Written by close, in the reverse of this order; removed when a run starts again."""

PROVENANCE = "provenance.intoto.json"
PAPERS = (
    PROVENANCE,
    "README.md",
    "croissant.json",
    "DATASHEET.md",
    "eu-training-content.md",
    "eu-training-content.json",
    "privacy.json",
    "test-result.intoto.json",
    "attestations.intoto.jsonl",
)
"""Written by a release. The first one tells that the others are of a release, too: it
is there before them, and removed after them. The last one is there if it was signed."""

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

PUBLISHED = (
    "data",
    "tokens",
    "packed",
    "megatron",
    "embeddings",
    "embeddings_erased",
    "hidden_states",
    "clusters",
)
"""Tables that a release hands on. The others tell of documents that are not in it, or
where in the sources something was taken out."""

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


def sums_text(hashes: Mapping[str, str]) -> str:
    """Hashes of files, by path, as `sha256sum -c` reads them."""
    return "".join(f"{sha256}  {name}\n" for name, sha256 in hashes.items())

"""Which format and which compression a file name stands for."""

from __future__ import annotations

from typing import Literal

from isinglass.schemas.config.inputs import Format

Compression = Literal["", "gz", "zst"]

FORMATS: dict[str, Format] = {
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".json": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "text",
    ".md": "text",
    ".rst": "text",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
"""Formats by suffix, lower case."""

_COMPRESSIONS: dict[str, Compression] = {".gz": "gz", ".zst": "zst"}
_COMPRESSIBLE = ("jsonl", "csv", "text")


def compression_of(path: str) -> Compression:
    """Return how the file is compressed, judged by its last suffix."""
    # Not by a path object: thousands of small files are asked for several times.
    stem, _, suffix = path.rpartition("/")[2].rpartition(".")
    return _COMPRESSIONS.get(f".{suffix.lower()}", "") if stem else ""


def format_of(path: str) -> Format | None:
    """Return the format that a file name stands for; None for an unknown one."""
    found = FORMATS.get(_suffix(path))
    return None if compression_of(path) and found not in _COMPRESSIBLE else found


def delimiter_of(path: str) -> str:
    """Return the delimiter of a delimited file: a tab for .tsv, else a comma."""
    return "\t" if _suffix(path) == ".tsv" else ","


def _suffix(path: str) -> str:
    """The suffix in lower case, without that of a compression."""
    name = path.rpartition("/")[2]
    if compression_of(path):
        name = name.rpartition(".")[0]
    stem, _, suffix = name.rpartition(".")
    return f".{suffix.lower()}" if stem and suffix else ""

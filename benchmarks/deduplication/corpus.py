"""Texts of a corpus, subsets of it, and copies of it that are not duplicates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.measuring.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_CORPUS = ROOT.parent / "shared" / "data" / "corpus"
SALTS = "bcdfghjklmnpqrstvwxz"
"""Letters that are put at the end of every word of a copy."""
ROW_GROUP = 512
"""Rows that are never divided between shards."""


def corpus_files(folder: Path) -> list[Path]:
    """The Parquet files of a folder, or the one file.

    Raises:
        SystemExit: There are none.
    """
    files = sorted(folder.glob("*.parquet")) if folder.is_dir() else [folder]
    if not files or not all(file.is_file() for file in files):
        raise SystemExit(f"No Parquet files in {folder}: name a folder by --corpus.")
    return files


def read_texts(folder: Path, megabytes: float | None = None) -> pa.StringArray:
    """The first texts of a corpus.

    Args:
        folder: Folder of Parquet files with a column `text`.
        megabytes: Stop before this many million bytes of UTF-8; None takes all.
    """
    tables = [pq.read_table(file, columns=["text"]) for file in corpus_files(folder)]
    column = pa.concat_tables(tables)["text"].cast(pa.string()).combine_chunks()
    texts = column.filter(pc.is_valid(column))
    return texts if megabytes is None else first_texts(texts, megabytes)


def first_texts(texts: pa.StringArray, megabytes: float) -> pa.StringArray:
    """The first texts that hold at most so many million bytes, and at least one."""
    ends = pc.cumulative_sum(pc.cast(pc.binary_length(texts), pa.int64()))
    count = pc.sum(pc.less_equal(ends, int(megabytes * 1e6))).as_py()
    return texts.slice(0, max(1, count or 0))


def text_megabytes(texts: pa.StringArray) -> float:
    """Million bytes of UTF-8."""
    return float(pc.sum(pc.binary_length(texts)).as_py() or 0) / 1e6


def write_texts(texts: pa.StringArray, folder: Path, prefix: str = "d") -> Path:
    """Write texts with ids as one Parquet file in a folder of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.parquet"):
        old.unlink()
    _write(texts, folder / "part-000.parquet", prefix)
    return folder


def _write(texts: pa.StringArray, path: Path, prefix: str) -> None:
    ids = pa.array([f"{prefix}{number:07d}" for number in range(len(texts))])
    table = pa.table({"id": ids, "text": texts})
    pq.write_table(table, path, compression="zstd", row_group_size=ROW_GROUP)


def salted_copies(texts: pa.StringArray, megabytes: float) -> Iterator[pa.StringArray]:
    """Copies of the texts in which every word ends in another letter each time.

    A word of one copy is hardly ever a word of another, so copies are no duplicates
    of each other, while each copy has the duplicates of the corpus.

    Args:
        texts: The texts; they are the first copy.
        megabytes: Copies are made until they hold this much.
    """
    total, number = 0.0, 0
    while total < megabytes:
        copy = texts
        if number:
            first, second = divmod(number - 1, len(SALTS))
            salt = SALTS[second] * (first + 1)
            copy = pc.replace_substring_regex(texts, r"(\pL+)", rf"\1{salt}")
        yield copy
        total += text_megabytes(copy)
        number += 1


def write_copies(texts: pa.StringArray, folder: Path, megabytes: float) -> float:
    """Write salted copies, one file each; returns million bytes of text."""
    folder.mkdir(parents=True, exist_ok=True)
    total = 0.0
    for number, copy in enumerate(salted_copies(texts, megabytes)):
        _write(copy, folder / f"copy-{number:03d}.parquet", f"c{number}-")
        total += text_megabytes(copy)
    return total

"""Inputs of unusual sizes: CPU seconds of many small files, and peaks of huge records.

The same made-up texts lie in one file and in a file each; compressed files of little
hold a record, or copies of one, of `--megabytes`. Jobs run as in `bench_corpus.py`:

    python benchmarks/bench_sizes.py
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from bench_corpus import measure

WORDS = 300
BATCH = 2**20


def made_up(count: int) -> list[str]:
    """Texts of 300 words each, of 5,000 different ones."""
    chosen = np.random.default_rng(0)
    letters = chosen.integers(97, 107, (5000, 6), np.uint8)
    words = [word.tobytes().decode() for word in letters]
    places = chosen.integers(0, 5000, (count, WORDS)).tolist()
    return [" ".join(words[place] for place in row) for row in places]


def one_file(texts: list[str], folder: Path) -> None:
    """All texts as JSON lines of one file."""
    lines = [json.dumps({"text": text}) + "\n" for text in texts]
    (folder / "all.jsonl").write_text("".join(lines))


def lines_each(texts: list[str], folder: Path) -> None:
    """A file of one JSON line for each text."""
    for number, text in enumerate(texts):
        path = folder / f"{number:06}.jsonl"
        path.write_text(json.dumps({"text": text}) + "\n")


def texts_each(texts: list[str], folder: Path) -> None:
    """A file of plain text for each text."""
    for number, text in enumerate(texts):
        (folder / f"{number:06}.txt").write_text(text)


def huge_record(megabytes: int, kind: str, folder: Path) -> None:
    """Between two records one of so many MB, compressed."""
    path = folder / f"a.jsonl.{kind}"
    with zstandard.open(path, "wb") if kind == "zst" else gzip.open(path, "wb") as file:
        file.write(b'{"text":"one"}\n{"text":"')
        for _ in range(megabytes):
            file.write(b"a" * BATCH)
        file.write(b'"}\n{"text":"two"}\n')


def repeated(megabytes: int, size: int, folder: Path) -> None:
    """A Parquet dictionary with a text in so many rows that they are so many MB."""
    rows = megabytes * BATCH // size
    letters = np.random.default_rng(0).integers(97, 107, 10_000, np.uint8)
    text = letters.tobytes().decode() * (size // 10_000)
    table = pa.table({"text": ["one", *[text] * rows, "two"]})
    pq.write_table(table, folder / "a.parquet", dictionary_pagesize_limit=2**25)


def large(megabytes: int, kind: str, folder: Path) -> None:
    """Between two texts one of so many MB, in one page, batch or csv file."""
    path = folder / f"a.{kind.partition(' ')[0]}"
    if kind == "csv.gz":
        with gzip.open(path, "wb") as file:
            file.write(b'text,n\rone,1\r"')
            for _ in range(megabytes):
                file.write(b"a" * BATCH)
            file.write(b'",2\rtwo,3\r')
        return
    table = pa.table({"text": ["one", "a" * (megabytes * BATCH), "two"]})
    codec = kind.partition(" ")[2]
    if path.suffix == ".parquet":
        pq.write_table(table, path, compression=codec, use_dictionary=False)
        return
    options = pa.ipc.IpcWriteOptions(compression=codec)
    with pa.ipc.new_file(path, table.schema, options=options) as writer:
        writer.write_table(table)


def main() -> None:
    """Run all jobs and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--megabytes", type=int, default=600)
    arguments = parser.parse_args()
    texts, size = made_up(arguments.files), arguments.megabytes
    jobs: dict[str, Callable[[Path], None]] = {
        "one file of JSON lines": partial(one_file, texts),
        "a JSON-lines file each": partial(lines_each, texts),
        "a text file each": partial(texts_each, texts),
        "one record, gzip": partial(huge_record, size, "gz"),
        "one record, Zstandard": partial(huge_record, size, "zst"),
        "one text of 1.5 MB, repeated": partial(repeated, size, 1_500_000),
        "one text of 10 MB, repeated": partial(repeated, size, 10_000_000),
    }
    kinds = ("parquet snappy", "parquet zstd", "arrow lz4", "arrow zstd", "csv.gz")
    jobs |= {f"one text, {kind}": partial(large, size, kind) for kind in kinds}
    sections = {"dedup": {}}
    print(f"{'input':<30}{'records':>9}{'kept':>9}{'CPU s':>8}{'peak MB':>9}")
    # A process each, since the peak of children is the highest of all of them.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, max_tasks_per_child=1) as pool:
        for name, make in jobs.items():
            with tempfile.TemporaryDirectory() as folder:
                # The peak of a child begins with what its parent holds.
                pool.submit(make, Path(folder)).result()
                job = pool.submit(measure, "clean", sections, Path(folder))
                found = job.result()
            print(
                f"{name:<30}{found['records']:>9}{found['kept']:>9}"
                f"{found['cpu']:>8.1f}{found['peak_mb']:>9.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()

"""Part `workers`: the same removals however the job is run, and what two cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.deduplication.corpus import (
    read_texts,
    text_megabytes,
    write_copies,
    write_texts,
)
from benchmarks.deduplication.settings import job_config
from benchmarks.measuring.processes import (
    BUILD,
    Target,
    Usage,
    print_targets,
    run_part,
    table,
)

ALL_IN_TWO = {"beam": {"mode": "multi_processing", "workers": 2}}
TWO_WORKERS = {"beam": {"mode": "auto", "workers": 2}}
"""What a person writes: passes with little to do stay in one process."""
MEGABYTES, SMALL_MEGABYTES = 1200.0, 20.0
MOST_RATIO = 1.6


def removals(output: Path) -> set[tuple[str, str, str]]:
    """(doc_id, reason, kept_doc_id) of every document that a run removed."""
    columns = ["doc_id", "outcome", "reason", "kept_doc_id"]
    files = sorted((output / "ledger").glob("*.parquet"))
    rows = pa.concat_tables([pq.read_table(f, columns=columns) for f in files])
    return {
        (row["doc_id"], row["reason"], row["kept_doc_id"])
        for row in rows.to_pylist()
        if row["outcome"] == "dropped"
    }


def measure(
    inputs: Path, output: Path, *, reverse: bool = False, **sections: Any
) -> Usage:
    """One job in a fresh process; its kernels are loaded before, not its memory."""
    settings = job_config(inputs, output, **sections)
    job = {"settings": settings, "verb": "audit", "reverse": reverse}
    return run_part("job", {"jobs": [job]})


def same_removals(inputs: Path, shard_bytes: int) -> tuple[list[list[Any]], bool]:
    """Rows of a table of ways to run a job, and whether all removed the same.

    Args:
        inputs: Parquet files.
        shard_bytes: Small enough for several shards a file.
    """
    limits = {"max_quarantine_rate": 1.0, "shard_bytes": shard_bytes}
    larger = {"max_quarantine_rate": 1.0, "shard_bytes": 64 * shard_bytes}
    ways: dict[str, dict[str, Any]] = {
        "one process": {"limits": limits},
        "the same again": {"limits": limits},
        "two processes": {"limits": limits, **ALL_IN_TWO},
        "shards in reverse": {"limits": limits, "reverse": True},
        "two processes, in reverse": {
            "limits": limits,
            "reverse": True,
            **ALL_IN_TWO,
        },
        "shards 64 times as large": {"limits": larger},
    }
    rows: list[list[Any]] = []
    first: set[tuple[str, str, str]] | None = None
    equal = True
    for number, (way, options) in enumerate(ways.items()):
        output = BUILD / f"run-way-{number}"
        usage = measure(inputs, output, **options)
        found = removals(output)
        first = found if first is None else first
        same = found == first and bool(found)
        equal &= same
        shards = len(list((output / "ledger").glob("*.parquet")))
        rows.append(
            [
                way,
                shards,
                f"{len(found):,}",
                "yes" if same else "NO",
                f"{usage.cpu:.1f}",
            ]
        )
    return rows, equal


def two_against_one(inputs: Path, megabytes: float) -> tuple[list[list[Any]], float]:
    """Rows of a table of one process and two, and the ratio of their CPU seconds.

    The ratio is that of two workers as a person sets them (mode `auto`). CPU seconds
    are of the whole processes, start-up included.
    """
    rows: list[list[Any]] = []
    spent = []
    found = []
    ways: dict[str, dict[str, Any]] = {
        "one process": {},
        "two workers": TWO_WORKERS,
        "two processes for every pass": ALL_IN_TWO,
    }
    for way, options in ways.items():
        output = BUILD / f"run-{way.replace(' ', '-')}"
        usage = measure(inputs, output, **options)
        job = usage.answer["jobs"][0]
        spent.append(usage.cpu)
        found.append(removals(output))
        rows.append(
            [
                way,
                f"{megabytes:.0f}",
                f"{usage.cpu:.1f}",
                f"{usage.cpu / spent[0]:.2f}",
                f"{usage.wall:.1f}",
                f"{usage.peak_mb:.0f}",
                f"{sum(job['records']['dropped'].values()):,}",
            ]
        )
        passes = ", ".join(f"{p['name']} {p['cpu_seconds']:.1f}" for p in job["passes"])
        print(f"{way}, CPU seconds by pass: {passes}")
    if any(one != found[0] for one in found):
        rows.append(["they removed different documents", *[""] * 6])
    return rows, spent[1] / spent[0]


def run(folder: Path, peers: str | None, *, small: bool) -> list[Target]:
    """Measure, print tables, and say which targets are reached."""
    del peers
    texts = read_texts(folder, 6.0 if small else None)
    inputs = write_texts(texts, BUILD / "texts")
    shard_bytes = 2**20 if small else 4 * 2**20
    rows, equal = same_removals(inputs, shard_bytes)
    header = ("how the job is run", "shards", "removed", "the same", "CPU s")
    print(f"{len(texts):,} documents, {text_megabytes(texts):.0f} MB of text:\n")
    print(table(header, rows), flush=True)
    copies = BUILD / "copies"
    for old in copies.glob("*.parquet"):
        old.unlink()
    wanted = SMALL_MEGABYTES if small else MEGABYTES
    megabytes = write_copies(texts, copies, wanted)
    rows, ratio = two_against_one(copies, megabytes)
    header_two = (
        "",
        "MB of text",
        "CPU s",
        "of one",
        "wall s",
        "peak MiB a process",
        "removed",
    )
    print("\nThe corpus several times, each time with other words:\n")
    print(table(header_two, rows))
    targets = [
        Target(
            "removals: any workers, order, shard size",
            "the same",
            "the same" if equal else "different",
            equal,
        ),
        Target(
            "CPU of two processes / one",
            f"<= {MOST_RATIO}",
            f"{ratio:.2f}",
            ratio <= MOST_RATIO,
        ),
    ]
    print_targets(targets)
    return targets

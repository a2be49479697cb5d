"""Part `scale`: the cost of matching against the number of documents, and hot keys."""

from __future__ import annotations

import math
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.deduplication.corpus import text_megabytes, write_texts
from benchmarks.deduplication.plot import Line, fit, svg_plot, text_plot
from benchmarks.deduplication.settings import job_config
from benchmarks.measuring.processes import (
    BUILD,
    RESULTS,
    Target,
    print_targets,
    run_part,
    table,
)

SIZES = (500_000, 1_000_000, 2_000_000, 5_000_000)
HOT = 1_000_000
HOT_CASES = ("one signature", "one band", "one text")
MOST_MIB = 8_000_000_000 / 2**20
LEAST_R_SQUARED = 0.99
MOST_EXPONENT = 1.5
"""Of the cost of a hot key against its documents; 1 is linear, 2 quadratic."""

WARM_UP = 2_000
WORDS = 60


@dataclass(frozen=True)
class Run:
    """Matching of one set of synthetic documents in a fresh process."""

    name: str
    documents: int
    answer: dict[str, Any]
    wall: float
    peak_mb: float

    @property
    def cpu(self) -> float:
        """CPU seconds of rank, match, merge and resolve."""
        return float(self.answer["cpu"])

    @property
    def right(self) -> bool:
        """Whether exactly the planted groups were found."""
        exact = self.answer["removed"] == self.answer["expected"]
        return bool(exact and not self.answer["false_pairs"])

    def row(self) -> list[str]:
        """Cells of the table."""
        answer, steps = self.answer, self.answer["steps"]
        return [
            self.name,
            f"{self.documents:,}",
            *(f"{steps[name]:.1f}" for name in ("rank", "match", "merge", "resolve")),
            f"{self.cpu:.1f}",
            f"{self.wall:.1f}",
            f"{self.peak_mb:,.0f}",
            f"{answer['entries'] / max(self.cpu, 1e-9) / 1e6:.2f}",
            str(answer["waves"]),
            f"{answer['pairs']:,}",
            f"{answer['removed']:,}",
            "yes" if self.right else f"NO ({answer['expected']:,})",
        ]


HEADER = (
    "signatures",
    "documents",
    "rank",
    "match",
    "merge",
    "resolve",
    "CPU s",
    "wall s of the process",
    "peak MiB",
    "M band hashes/s",
    "waves",
    "candidate pairs",
    "removed",
    "as planted",
)


def measure(case: str, documents: int, rounds: int) -> Run:
    """Write tables in one process, match them in others; the least CPU counts."""
    folder, warm = BUILD / "signatures", BUILD / "signatures-warm"
    for place, what, size in ((folder, case, documents), (warm, "grouped", WARM_UP)):
        asked = {"folder": str(place), "case": what, "documents": size}
        run_part("matching", {"prepare": asked})
    question = {"folder": str(folder), "warm": str(warm)}
    usages = [run_part("matching", question) for _ in range(rounds)]
    shutil.rmtree(folder)
    best = min(usages, key=lambda usage: float(usage.answer["cpu"]))
    peak = max(usage.peak_mb for usage in usages)
    return Run(case, documents, best.answer, best.wall, peak)


def copies_of_one_text(count: int) -> dict[str, Any]:
    """A whole job on texts that differ from each other in punctuation only.

    They are no exact duplicates, all share every band, and all are verified.
    """
    chance = random.Random(count)  # noqa: S311 - marks, not secrets
    words = [f"word{number}" for number in range(WORDS)]
    texts = pa.array(
        [_with_marks(words, chance, number) for number in range(count)], pa.string()
    )
    folder = write_texts(texts, BUILD / "copies-of-one")
    settings = job_config(folder, BUILD / "run-copies-of-one")
    usage = run_part("job", {"jobs": [{"settings": settings, "verb": "audit"}]})
    job = usage.answer["jobs"][0]
    return {
        "documents": count,
        "megabytes": text_megabytes(texts),
        "cpu": job["cpu"],
        "wall": job["wall"],
        "peak_mb": usage.peak_mb,
        "kept": job["records"]["kept"],
        "pairs": job["dedup"]["candidate_pairs"],
    }


def _with_marks(words: list[str], chance: random.Random, number: int) -> str:
    """The words with the number, in binary digits, as marks between them."""
    marks = [", " if number >> place & 1 else "; " for place in range(len(words))]
    marks[-1] = chance.choice([".", "!", "?"])
    return "".join(word + mark for word, mark in zip(words, marks, strict=True))


def run(folder: Path, peers: str | None, *, small: bool) -> list[Target]:
    """Measure, print tables and plots, and say which targets are reached."""
    del folder, peers
    sizes = tuple(size // 25 for size in SIZES) if small else SIZES
    hot = HOT // 25 if small else HOT
    rounds = 1 if small else 2
    print(
        "Synthetic signatures of 25 bands, a tenth of them in groups of 2 to 5 that "
        "share some or all bands, through the real rank and match passes (in one "
        "process, on disk tables as the survey writes them). `resolve` takes every "
        "candidate as verified. The process's peak counts the mapped files; of two "
        "processes for each row the one of less CPU counts.\n"
    )
    runs = [measure("grouped", size, rounds) for size in sizes]
    hot_runs = [measure(case, n, rounds) for case in HOT_CASES for n in (hot // 4, hot)]
    print(table(HEADER, [one.row() for one in [*runs, *hot_runs]]), flush=True)
    cpu = [one.cpu for one in runs]
    line = fit(sizes, cpu)
    print("\nCPU seconds against documents:\n\n```")
    print(text_plot(sizes, cpu, line))
    print("```")
    title = "Matching: CPU seconds against documents, 25 bands"
    (RESULTS / "scale.svg").write_text(svg_plot(sizes, cpu, line, title))
    print(f"\nThe same as a picture: {RESULTS / 'scale.svg'}", flush=True)
    jobs = [copies_of_one_text(count) for count in (hot // 4, hot)]
    _print_jobs(jobs)
    targets = _targets(runs, hot_runs, jobs, line)
    print_targets(targets)
    return targets


def _print_jobs(jobs: list[dict[str, Any]]) -> None:
    print("\nWhole jobs on copies of one text that differ in punctuation:\n")
    rows = [
        (
            f"{job['documents']:,}",
            f"{job['megabytes']:.0f}",
            f"{job['cpu']:.1f}",
            f"{job['wall']:.1f}",
            f"{job['peak_mb']:,.0f}",
            f"{job['pairs']:,}",
            f"{job['kept']:,}",
        )
        for job in jobs
    ]
    header = ("documents", "MB", "CPU s", "wall s", "peak MiB", "pairs", "kept")
    print(table(header, rows))


def _exponent(times: float) -> float:
    """Exponent of the growth of the cost when the documents are four times as many."""
    return math.log(times) / math.log(4)


def _targets(
    runs: list[Run], hot: list[Run], jobs: list[dict[str, Any]], line: Line
) -> list[Target]:
    largest = runs[-1]
    growth = {
        large.name: _exponent(large.cpu / small.cpu)
        for small, large in zip(hot[::2], hot[1::2], strict=True)
    }
    growth["whole job"] = _exponent(jobs[1]["cpu"] / jobs[0]["cpu"])
    peak = max(*(one.peak_mb for one in hot), *(job["peak_mb"] for job in jobs))
    right = all(one.right for one in [*runs, *hot])
    one_kept = all(job["kept"] == 1 for job in jobs)
    grown = ", ".join(f"{name} {times:.2f}" for name, times in growth.items())
    return [
        Target(
            f"peak at {largest.documents:,} signatures",
            "< 8 GB",
            f"{largest.peak_mb * 2**20 / 1e9:.2f} GB",
            largest.peak_mb < MOST_MIB,
        ),
        Target(
            "cost linear in documents (R^2 of a line)",
            f">= {LEAST_R_SQUARED}",
            f"{line.r_squared:.4f}",
            line.r_squared >= LEAST_R_SQUARED,
        ),
        Target(
            "hot keys: exponent of the cost, from a quarter to all",
            f"<= {MOST_EXPONENT}",
            grown,
            max(growth.values()) <= MOST_EXPONENT,
        ),
        Target(
            "peak at hot keys",
            "< 8 GB",
            f"{peak * 2**20 / 1e9:.2f} GB",
            peak < MOST_MIB,
        ),
        Target(
            "planted groups found, nothing else",
            "all",
            "all" if right and one_kept else "not all",
            right and one_kept,
        ),
    ]

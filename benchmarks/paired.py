"""CPU seconds of jobs with one code beside another, in turns.

Every job runs as a command in a process of its own, on one thread, once for each code
and again; which goes first changes from round to round. The first round compiles what
is compiled once, and is not counted. Exits with 1 if the median of the new code is more
than `--most` times that of the old one. Run:

    python benchmarks/paired.py --old FOLDER --new FOLDER [--runs 5] [--only NAMES]

A folder is a checkout: what PYTHONPATH would name. With one checkout on both sides the
ratios show how far the machine is from quiet.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.freezing.make import environment, set_up, skipped  # noqa: E402
from benchmarks.freezing.speeds import OUTPUT, SPEEDS  # noqa: E402
from benchmarks.measuring.parts import chosen_parts  # noqa: E402
from benchmarks.measuring.processes import cpu_seconds, table  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.freezing.sections import Job, Step

NAMES = [job.name for job in SPEEDS]
SIDES = ("old", "new")


def run_step(step: Step, side: str, code: Path, folder: Path) -> float:
    """Run one command line; CPU seconds of the process and its children.

    Raises:
        SystemExit: It failed; the end of what it said is shown.
    """
    arguments = [argument.replace(OUTPUT, side) for argument in step]
    before = cpu_seconds()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "isinglass", *arguments],
        check=False,
        capture_output=True,
        cwd=folder,
        env=environment(code),
    )
    spent = cpu_seconds() - before
    if done.returncode:
        tail = done.stderr[-2000:].decode(errors="replace")
        sys.exit(f"{' '.join(arguments)} with {code} ended wrongly:\n{tail}")
    return spent


def measure(job: Job, codes: dict[str, Path], runs: int) -> dict[str, list[float]]:
    """CPU seconds of the last step of a job: of each side, of each counted round."""
    spent: dict[str, list[float]] = {side: [] for side in codes}
    *ready, timed = job.steps
    with tempfile.TemporaryDirectory(prefix="paired-") as name:
        folder = Path(name).resolve()
        set_up(job, folder)
        for side, code in codes.items():
            for step in ready:
                run_step(step, side, code, folder)
        for number in range(runs + 1):
            for side in SIDES if number % 2 else reversed(SIDES):
                if not ready:
                    shutil.rmtree(folder / side, ignore_errors=True)
                seconds = run_step(timed, side, codes[side], folder)
                if number:
                    spent[side].append(seconds)
    return spent


def row(name: str, spent: dict[str, list[float]]) -> tuple[list[str], float]:
    """A line of the table, and the ratio of the medians."""
    old, new = (statistics.median(spent[side]) for side in SIDES)
    ranges = [f"{min(spent[side]):.2f} to {max(spent[side]):.2f}" for side in SIDES]
    ratio = new / old
    cells = [f"{old:.2f}", f"{new:.2f}", f"{ratio:.3f}", *ranges]
    return [name, *cells], ratio


def slower(jobs: Iterable[Job], codes: dict[str, Path], runs: int, most: float) -> int:
    """Measure jobs and print the table; how many have become too slow."""
    lines, count = [], 0
    for job in jobs:
        reason = skipped(job)
        if reason:
            print(f"{job.name}: skipped, {reason}", flush=True)
            continue
        cells, ratio = row(job.name, measure(job, codes, runs))
        lines.append([*cells, "slower" if ratio > most else ""])
        count += ratio > most
        print(" | ".join(cells), flush=True)
    header = ("benchmark", "old, CPU s", "new, CPU s", "ratio", "old range")
    print("\n" + table((*header, "new range", ""), lines))
    return count


def main() -> int:
    """Measure what was asked for; 1 if something has become slower."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--old", type=Path, required=True, help="checkout before")
    parser.add_argument("--new", type=Path, required=True, help="checkout after")
    parser.add_argument("--runs", type=int, default=5, help="counted rounds")
    parser.add_argument("--most", type=float, default=1.05, help="greatest ratio")
    parser.add_argument("--only", default=",".join(NAMES), help="benchmarks to run")
    arguments = parser.parse_args()
    wanted = chosen_parts(arguments.only, NAMES)
    codes = {"old": arguments.old.resolve(), "new": arguments.new.resolve()}
    jobs = [job for job in SPEEDS if job.name in wanted]
    return int(slower(jobs, codes, arguments.runs, arguments.most) > 0)


if __name__ == "__main__":
    sys.exit(main())

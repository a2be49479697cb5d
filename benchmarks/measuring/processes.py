"""Fresh processes on one thread, what they cost, and tables that can be pasted."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "benchmarks"
"""What stays: the plot and the truth set."""
BUILD = RESULTS / f"work-{os.getpid()}"
"""Of this call alone, so that two may run at a time; removed at its end."""
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "RAYON_NUM_THREADS",
        "POLARS_MAX_THREADS",
        "NUMBA_NUM_THREADS",
    ),
    "1",
) | {"TOKENIZERS_PARALLELISM": "false"}


@dataclass(frozen=True)
class Usage:
    """What a finished process and its children cost.

    Attributes:
        answer: The JSON object that it printed on its last line.
        cpu: User and system seconds of the process and all its children.
        wall: Seconds from start to end.
        peak_mb: Largest resident size in MiB of the process or of a child, whichever
            is larger.
    """

    answer: dict[str, Any]
    cpu: float
    wall: float
    peak_mb: float


def run_process(command: Sequence[str], question: object = None) -> Usage:
    """Run a command in the repository root; it gets `question` as JSON on stdin.

    Raises:
        RuntimeError: It failed; holds the end of its stderr.
    """
    launch = [sys.executable, "-S", str(Path(__file__).with_name("launch.py"))]
    with tempfile.TemporaryDirectory() as folder:
        cost = Path(folder) / "cost.json"
        done = subprocess.run(
            [*launch, str(cost), *command],
            input=json.dumps(question).encode(),
            capture_output=True,
            check=False,
            cwd=ROOT,
            env=os.environ | ONE_THREAD,
        )
        if done.returncode:
            tail = done.stderr[-2000:].decode(errors="replace")
            msg = f"{' '.join(command)} ended with {done.returncode}:\n{tail}"
            raise RuntimeError(msg)
        return Usage(_last_object(done.stdout.decode()), **json.loads(cost.read_text()))


def _last_object(printed: str) -> dict[str, Any]:
    printed = printed.strip()
    for text in (printed.rpartition("\n")[2], printed):
        try:
            answer = json.loads(text)
        except ValueError:
            continue
        if isinstance(answer, dict):
            return answer
    return {}


def run_part(module: str, question: object) -> Usage:
    """Run a module of this folder in a fresh process of this interpreter."""
    name = f"benchmarks.deduplication.{module}"
    return run_process([sys.executable, "-m", name], question)


def cpu_seconds() -> float:
    """CPU seconds of this process and of its children that have ended."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    usage = [resource.getrusage(who) for who in both]
    return sum(u.ru_utime + u.ru_stime for u in usage)


def peak_mb() -> float:
    """Peak resident size in MiB of this process or the largest of its children."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(who).ru_maxrss for who in both) / 1024


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    lines = [
        "| " + " | ".join(header) + " |",
        "|---|" + "---:|" * (len(header) - 1),
    ]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


@dataclass(frozen=True)
class Target:
    """One number that was asked for.

    Attributes:
        what: What is measured.
        asked: The bound as text, e.g. `>= 40 MB/s`.
        value: What was measured, as text.
        reached: Whether it is within the bound; None if it could not be measured.
    """

    what: str
    asked: str
    value: str
    reached: bool | None


def print_targets(targets: Sequence[Target]) -> None:
    """One line a target: reached or not."""
    words = {True: "reached", False: "NOT reached", None: "not measured"}
    rows = [(t.what, t.asked, t.value, words[t.reached]) for t in targets]
    print("\n" + table(("target", "asked", "measured", ""), rows), flush=True)

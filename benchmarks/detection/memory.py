"""Part `memory`: resident size after 20,000 and after 200,000 documents.

The documents are real ones with other words in each copy: letters are exchanged by
another permutation each time, so that the vocabulary grows without end, which is the
worst case for every table of words.
"""

from __future__ import annotations

import gc
import json
import random
import string
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pyarrow as pa

from benchmarks.detection.peers import BATCH_ROWS, Mode, build, detect, read_texts
from benchmarks.measuring.processes import Target, run_process, table

if TYPE_CHECKING:
    from collections.abc import Iterator

MODES: tuple[Mode, ...] = ("fast", "identifiers")
MARKS = (20_000, 200_000)
CHARS = 400
"""Each document is cut here, so that the part takes minutes."""

MOST_GROWTH = 0.10


def run(corpus: Path, *, small: bool) -> list[Target]:
    """Print the table; returns the targets."""
    rows, targets = [], []
    marks = [mark // 10 for mark in MARKS] if small else list(MARKS)
    for mode in MODES:
        question = {"corpus": str(corpus), "mode": mode, "marks": marks}
        command = [sys.executable, "-m", "benchmarks.detection.memory"]
        usage = run_process(command, question)
        sizes = usage.answer["resident"]
        growth = sizes[-1] / sizes[0] - 1
        cells = [f"{size:,.0f}" for size in sizes]
        rows.append([mode, *cells, f"{growth:+.1%}", f"{usage.cpu:.0f}"])
        what = f"{mode}: resident size after {marks[1]:,} documents"
        asked = f"+{MOST_GROWTH:.0%} at most of that after {marks[0]:,}"
        targets.append(Target(what, asked, f"{growth:+.1%}", growth <= MOST_GROWTH))
    header = ("mode", *(f"MiB after {mark:,}" for mark in marks), "growth", "CPU s")
    print(table(header, rows))
    return targets


def _documents(corpus: Path, count: int) -> Iterator[pa.StringArray]:
    texts = [text[:CHARS] for text in read_texts(corpus).to_pylist()]
    draw = random.Random(7)  # noqa: S311 - no secret
    made = 0
    while made < count:
        letters = list(string.ascii_lowercase)
        draw.shuffle(letters)
        exchange = str.maketrans(string.ascii_lowercase, "".join(letters))
        for start in range(0, len(texts), BATCH_ROWS):
            part = texts[start : start + min(BATCH_ROWS, count - made)]
            yield pa.array([text.translate(exchange) for text in part], pa.string())
            made += len(part)
            if made >= count:
                return


def main() -> None:
    """Scan documents without end; print the resident size at each mark, in MiB."""
    question = json.loads(sys.stdin.read())
    detector = build(question["mode"])
    resident = []
    seen = 0
    for batch in _documents(Path(question["corpus"]), max(question["marks"])):
        detect(detector, batch)
        seen += len(batch)
        if seen in question["marks"]:
            gc.collect()
            resident.append(psutil.Process().memory_info().rss / 2**20)
    print(json.dumps({"resident": resident}))


if __name__ == "__main__":
    main()

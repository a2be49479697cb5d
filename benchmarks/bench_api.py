"""What the functions on texts in memory cost: import, first call, texts a second.

Each part runs in a process of its own on one thread, over made-up texts of 20 to 25
words, of which every fourth holds an address or a number and one in ten is a duplicate.
A minute or two:

    python benchmarks/bench_api.py
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.measuring.processes import Target, print_targets, run_process

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "find_pii": ("find_pii", {}),
    "find_pii, fast": ("find_pii", {"mode": "fast", "languages": "en"}),
    "find_pii, fast, languages detected": ("find_pii", {"mode": "fast"}),
    "redact": ("redact", {"key": "a key for benchmarks"}),
    "deduplicate": ("deduplicate", {}),
    "detect_languages": ("detect_languages", {}),
}
LEAST = 1000
"""Texts a CPU second that every function is held to, names or not."""

IMPORT_SECONDS = 0.3

_LIST = """
    the a of and to in river stone window paper garden letter table morning silver quiet
    engine market forest number copper island bridge station winter orange she he they
    wrote answered found called opened closed walked before after under over near
"""


def make_texts(count: int) -> list[str]:
    """Short texts with known shares of identifiers and duplicates."""
    chance = random.Random(7)  # noqa: S311 - data of a benchmark
    every = _LIST.split()
    texts: list[str] = []
    for number in range(count):
        words = chance.choices(every, k=chance.randint(20, 25))
        if number % 4 == 0:
            phone = f"+1 212 555 {chance.randrange(10_000):04d}"
            words[7] = chance.choice([f"ann{number}@mailbox.io", phone])
        again = texts and number % 10 == 0
        texts.append(texts[-5] + " again" if again else " ".join(words))
    return texts


def measure(part: str, count: int) -> dict[str, float]:
    """Run one part in this process: seconds of the import, CPU seconds of all else."""
    began = time.perf_counter()
    import isinglass  # noqa: PLC0415 - what is measured

    name, options = PARTS[part]
    imported = time.perf_counter()
    function: Callable[..., Any] = getattr(isinglass, name)
    texts = make_texts(count)
    ready = time.process_time()
    function(texts[:100], **options)
    first = time.process_time()
    function(texts, **options)
    whole = time.process_time()
    for text in texts[:20]:
        function([text], **options)
    single = time.process_time()
    return {
        "import": imported - began,
        "first": first - ready,
        "rate": count / (whole - first),
        "single": (single - whole) / 20,
    }


def main() -> None:
    """Measure every part in a fresh process and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        print(json.dumps(measure(arguments.part, arguments.texts)))
        return
    print(
        "| function | import s | first call CPU s | texts a CPU second | one text ms |"
    )
    print("|---|--:|--:|--:|--:|")
    targets = []
    for part in PARTS:
        command = [sys.executable, __file__, "--part", part]
        command += ["--texts", str(arguments.texts)]
        # Once before, so that no kernel is compiled in what is measured.
        for _ in range(2):
            found = run_process(command).answer
        print(
            f"| {part} | {found['import']:.3f} | {found['first']:.1f} "
            f"| {found['rate']:,.0f} | {1000 * found['single']:.1f} |",
            flush=True,
        )
        rate, quick = found["rate"], found["import"] < IMPORT_SECONDS
        value = f"{rate:,.0f}, {found['import']:.3f} s"
        reached = quick and rate >= LEAST
        asked = f">= {LEAST:,} a second, import < {IMPORT_SECONDS} s"
        targets.append(Target(part, asked, value, reached))
    print_targets(targets)


if __name__ == "__main__":
    main()

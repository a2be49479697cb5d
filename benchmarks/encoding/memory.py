"""Part `memory`: peak resident size of each side, each in a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.encoding.corpus import read_texts, spread
from benchmarks.encoding.speed import (
    BFLOAT16,
    FLOAT32,
    PEER,
    has_bfloat16,
    load_own,
    load_peer,
)
from benchmarks.measuring.processes import Target, Usage, run_process, table
from isinglass.transforms.encode.encoder.device import configure_threads

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(corpus: Path, limit: int, *, small: bool) -> list[Target]:
    """Print the table; returns the targets."""
    sides = [PEER, FLOAT32, *([BFLOAT16] if has_bfloat16() else [])]
    documents = 16 if small else 160
    used = {side: _measure([side, str(corpus), limit, documents]) for side in sides}
    rows = [
        [side, f"{usage.peak_mb:,.0f}", f"{usage.cpu:.1f}"]
        for side, usage in used.items()
    ]
    header = ("encoder, a process of its own", "peak MiB", "CPU s, start-up included")
    print(f"{documents} texts, at most {limit} tokens each\n\n" + table(header, rows))
    bound = used[PEER].peak_mb
    return [
        Target(
            f"{side}: peak memory",
            f"< {bound:,.0f} MiB",
            f"{usage.peak_mb:,.0f} MiB",
            usage.peak_mb < bound,
        )
        for side, usage in used.items()
        if side != PEER
    ]


def _measure(question: Sequence[object]) -> Usage:
    return run_process([sys.executable, "-m", "benchmarks.encoding.memory"], question)


def main() -> None:
    """Encode as the question on standard input says."""
    side, corpus, limit, documents = json.load(sys.stdin)
    configure_threads(1)
    texts = spread(read_texts(Path(corpus)), documents)
    encode = load_peer(limit) if side == PEER else load_own(side.split()[-1], limit)
    print(json.dumps({"vectors": len(encode(texts))}))


if __name__ == "__main__":
    main()

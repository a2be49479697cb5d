"""Encoding on a CPU beside sentence-transformers: speed, memory, tokenizers.

Every side turns the same texts into normalised vectors of the packaged MiniLM, at the
same most tokens a document, on one thread. CPU seconds of the process.

    python benchmarks/encoder.py [--corpus FOLDER] [--only speed,memory,tokenizers]
        [--max-tokens 256] [--small]
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measuring.parts import begin, on_one_thread, run_parts  # noqa: E402

on_one_thread()
from benchmarks.encoding import memory, speed, tokenizers  # noqa: E402
from benchmarks.encoding.corpus import CORPUS  # noqa: E402

PARTS = ("speed", "memory", "tokenizers")


def main() -> None:
    """Run the parts that were asked for; ends with all targets in one table."""
    arguments, chosen = begin(str(__doc__), PARTS, corpus=CORPUS, max_tokens=256)
    corpus, limit, small = arguments.corpus, arguments.max_tokens, arguments.small
    if not any(corpus.glob("*.parquet")):
        print(f"no Parquet files in {corpus}; name a folder that has some")
        return
    run_parts(
        chosen,
        {
            "speed": partial(speed.run, corpus, limit, small=small),
            "memory": partial(memory.run, corpus, limit, small=small),
            "tokenizers": partial(tokenizers.run, corpus, small=small),
        },
    )


if __name__ == "__main__":
    main()

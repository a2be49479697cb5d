"""Encoding on a CPU beside sentence-transformers: speed, memory, tokenizers.

Every side turns the same texts into normalised vectors of the packaged MiniLM, at the
same most tokens a document, on one thread. CPU seconds of the process.

    python benchmarks/encoder.py [--corpus FOLDER] [--only speed,memory,tokenizers]
        [--max-tokens 256] [--small]
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from functools import partial
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ["TOKENIZERS_PARALLELISM"] = "false"

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.encoding import memory, speed, tokenizers  # noqa: E402
from benchmarks.encoding.corpus import CORPUS  # noqa: E402
from benchmarks.measuring.parts import (  # noqa: E402
    add_part_options,
    chosen_parts,
    run_parts,
)

PARTS = ("speed", "memory", "tokenizers")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--max-tokens", type=int, default=256)
    return add_part_options(parser, PARTS).parse_args()


def main() -> None:
    """Run the parts that were asked for; ends with all targets in one table."""
    arguments = _arguments()
    chosen = chosen_parts(arguments.only, PARTS)
    corpus, limit, small = arguments.corpus, arguments.max_tokens, arguments.small
    if not any(corpus.glob("*.parquet")):
        print(f"no Parquet files in {corpus}; name a folder that has some")
        return
    print(f"Python {platform.python_version()}, {platform.machine()}.")
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

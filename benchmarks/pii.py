"""PII detection beside stock Presidio: speed, equality, quality and memory.

Stock Presidio has the same spaCy model and runs in the same call. One thread; CPU
seconds of the process.

    python benchmarks/pii.py [--corpus FOLDER] [--labelled FOLDER]
        [--only speed,equality,quality,tables,names,memory] [--small]
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

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.detection import (  # noqa: E402
    equality,
    memory,
    names,
    quality,
    speed,
    tables,
)
from benchmarks.detection.peers import DATA  # noqa: E402
from benchmarks.measuring.parts import (  # noqa: E402
    add_part_options,
    chosen_parts,
    run_parts,
)

PARTS = ("speed", "equality", "quality", "tables", "names", "memory")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, default=DATA / "corpus")
    parser.add_argument("--labelled", type=Path, default=DATA / "pii")
    return add_part_options(parser, PARTS).parse_args()


def main() -> None:
    """Run the parts that were asked for; ends with all targets in one table."""
    arguments = _arguments()
    chosen = chosen_parts(arguments.only, PARTS)
    print(f"Python {platform.python_version()}, {platform.machine()}.")
    corpus, small = arguments.corpus, arguments.small
    run_parts(
        chosen,
        {
            "speed": partial(speed.run, corpus, small=small),
            "equality": partial(equality.run, corpus, small=small),
            "quality": partial(quality.run, arguments.labelled, small=small),
            "tables": partial(tables.run, arguments.labelled, small=small),
            "names": partial(names.run, corpus, arguments.labelled, small=small),
            "memory": partial(memory.run, corpus, small=small),
        },
    )


if __name__ == "__main__":
    main()

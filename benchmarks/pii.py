"""PII detection beside stock Presidio: speed, equality, quality and memory.

Stock Presidio has the same spaCy model and runs in the same call. One thread; CPU
seconds of the process.

    python benchmarks/pii.py [--corpus FOLDER] [--labelled FOLDER]
        [--only speed,equality,quality,memory] [--small]
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.deduplication.measure import print_targets  # noqa: E402
from benchmarks.detection import equality, memory, quality, speed  # noqa: E402
from benchmarks.detection.peers import DATA  # noqa: E402

PARTS = ("speed", "equality", "quality", "memory")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, default=DATA / "corpus")
    parser.add_argument("--labelled", type=Path, default=DATA / "pii")
    parser.add_argument("--only", default=",".join(PARTS), help="parts to run")
    parser.add_argument(
        "--small", action="store_true", help="minutes less; numbers mean little"
    )
    return parser.parse_args()


def main() -> None:
    """Run the parts that were asked for; ends with all targets in one table."""
    arguments = _arguments()
    parts = arguments.only.split(",")
    unknown = sorted(set(parts) - set(PARTS))
    if unknown:
        sys.exit(f"--only: no part {', '.join(unknown)}; there are {', '.join(PARTS)}.")
    print(f"Python {platform.python_version()}, {platform.machine()}.")
    small = arguments.small
    work = {
        "speed": lambda: speed.run(arguments.corpus, small=small),
        "equality": lambda: equality.run(arguments.corpus, small=small),
        "quality": lambda: quality.run(arguments.labelled, small=small),
        "memory": lambda: memory.run(arguments.corpus, small=small),
    }
    targets = []
    for part in parts:
        began = time.monotonic()
        print(f"\n## {part}\n", flush=True)
        targets += work[part]()
        print(f"\n({part}: {time.monotonic() - began:.0f} s)", flush=True)
    print("\n## All targets")
    print_targets(targets)


if __name__ == "__main__":
    main()

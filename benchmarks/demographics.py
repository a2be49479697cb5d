"""Demographic mentions and balance: speed, ambiguous terms, and the solver.

    python benchmarks/demographics.py [--data FOLDER] [--corpus FOLDER]
        [--peers build/peers/bin/python] [--only counting,senses,solver] [--small]

One thread; CPU seconds of the process. Raking is compared with `ipfn` where the
interpreter of `--peers` has it (`make bench-peers`).
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

from benchmarks.balancing import solver  # noqa: E402
from benchmarks.detection.peers import DATA, read_texts  # noqa: E402
from benchmarks.measuring.parts import (  # noqa: E402
    add_part_options,
    chosen_parts,
    run_parts,
)
from benchmarks.mentions import counting, senses  # noqa: E402
from benchmarks.writing.catalogues import python_with_peers  # noqa: E402

PARTS = ("counting", "senses", "solver")


def main() -> None:
    """Run the parts that were asked for; ends with all targets in one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA / "fairness")
    parser.add_argument("--corpus", type=Path, default=DATA / "corpus")
    parser.add_argument("--peers", type=Path, help="an interpreter that has ipfn")
    arguments = add_part_options(parser, PARTS).parse_args()
    chosen = chosen_parts(arguments.only, PARTS)
    print(f"Python {platform.python_version()}, {platform.machine()}.")
    python = python_with_peers(arguments.peers)
    work = {
        "counting": lambda: counting.run(read_texts(arguments.corpus)),
        "senses": senses.run,
        "solver": partial(solver.run, arguments.data, python, small=arguments.small),
    }
    run_parts(chosen, work)


if __name__ == "__main__":
    main()

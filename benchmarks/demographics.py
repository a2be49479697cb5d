"""Demographic mentions and balance: speed, ambiguous terms, and the solver.

    python benchmarks/demographics.py [--data FOLDER] [--corpus FOLDER]
        [--peers build/peers/bin/python] [--only counting,senses,solver] [--small]

One thread; CPU seconds of the process. Raking is compared with `ipfn` where the
interpreter of `--peers` has it (`make bench-peers`).
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measuring.parts import begin, on_one_thread, run_parts  # noqa: E402

on_one_thread()
from benchmarks.balancing import solver  # noqa: E402
from benchmarks.detection.peers import DATA, read_texts  # noqa: E402
from benchmarks.mentions import counting, senses  # noqa: E402
from benchmarks.writing.catalogues import python_with_peers  # noqa: E402

PARTS = ("counting", "senses", "solver")


def main() -> None:
    """Run the parts that were asked for; ends with all targets in one table."""
    folders = {"data": DATA / "fairness", "corpus": DATA / "corpus", "peers": None}
    arguments, chosen = begin(str(__doc__), PARTS, **folders)
    python = python_with_peers(arguments.peers)
    work = {
        "counting": lambda: counting.run(read_texts(arguments.corpus)),
        "senses": senses.run,
        "solver": partial(solver.run, arguments.data, python, small=arguments.small),
    }
    run_parts(chosen, work)


if __name__ == "__main__":
    main()

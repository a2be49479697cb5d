"""Deduplication: speed, recall and precision, scale, and the same for any workers.

Everything that is measured runs in fresh processes on one thread; CPU seconds are of
the process and its children. Ratios to peers are of the same call. Run:

    python benchmarks/dedup.py [--corpus FOLDER] [--only speed,truth,scale,workers]
        [--peers build/peers/bin/python] [--small]

`make bench-peers` builds the environment with the peers, and runs this with them.
"""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.deduplication import scale, speed, truth, workers  # noqa: E402
from benchmarks.deduplication.corpus import DEFAULT_CORPUS  # noqa: E402
from benchmarks.measuring.parts import begin, run_parts  # noqa: E402
from benchmarks.measuring.processes import BUILD  # noqa: E402

PARTS = {
    "speed": speed.run,
    "truth": truth.run,
    "scale": scale.run,
    "workers": workers.run,
}


def main() -> None:
    """Run the parts that were asked for; ends with all targets in one table."""
    folders = {"corpus": DEFAULT_CORPUS, "peers": None}
    arguments, chosen = begin(str(__doc__), PARTS, **folders)
    peers = arguments.peers
    if peers is None:
        print("Without peers: give --peers PYTHON, after `make bench-peers`.")
    elif not peers.exists():
        sys.exit(f"--peers: no interpreter {peers}; `make bench-peers` makes one.")
    else:
        peers = str(peers.absolute())
    BUILD.mkdir(parents=True, exist_ok=True)
    corpus, small = arguments.corpus, arguments.small
    try:
        run_parts(
            chosen,
            {
                name: partial(run, corpus, peers, small=small)
                for name, run in PARTS.items()
            },
        )
    finally:
        shutil.rmtree(BUILD, ignore_errors=True)


if __name__ == "__main__":
    main()

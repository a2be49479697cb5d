"""PII detection beside stock Presidio: speed, equality, quality and memory.

Stock Presidio has the same spaCy model and runs in the same call. One thread; CPU
seconds of the process.

    python benchmarks/pii.py [--corpus FOLDER] [--labelled FOLDER]
        [--only speed,equality,quality,tables,names,memory] [--small]
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measuring.parts import begin, on_one_thread, run_parts  # noqa: E402

on_one_thread()
from benchmarks.detection import (  # noqa: E402
    equality,
    memory,
    names,
    quality,
    speed,
    tables,
)
from benchmarks.detection.peers import DATA  # noqa: E402

PARTS = ("speed", "equality", "quality", "tables", "names", "memory")


def main() -> None:
    """Run the parts that were asked for; ends with all targets in one table."""
    folders = {"corpus": DATA / "corpus", "labelled": DATA / "pii"}
    arguments, chosen = begin(str(__doc__), PARTS, **folders)
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

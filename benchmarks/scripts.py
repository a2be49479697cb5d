"""How well texts of every script are told apart, compared and measured.

    python benchmarks/scripts.py [--peers build/peers/bin/python] [--corpus FOLDER]
        [--only language,units,duplicates,personal,contamination]

The texts are message catalogues of Django and Sphinx, in about 100 languages, read by
the interpreter that has them installed (`make bench-peers`); without either of them it
says what to install. One thread; CPU seconds of the process.
"""

from __future__ import annotations

import argparse
import platform
import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measuring.parts import on_one_thread  # noqa: E402

on_one_thread()
from benchmarks.deduplication.corpus import DEFAULT_CORPUS  # noqa: E402
from benchmarks.measuring.parts import chosen_parts, run_parts  # noqa: E402
from benchmarks.writing import (  # noqa: E402
    contamination,
    duplicates,
    language,
    personal,
    units,
)
from benchmarks.writing.catalogues import (  # noqa: E402
    python_with_peers,
    read_catalogues,
    read_names,
)

PARTS = ("language", "units", "duplicates", "personal", "contamination")


def main() -> None:
    """Run the parts that were asked for; ends with all targets in one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", type=Path, help="an interpreter that has the texts")
    parser.add_argument("--corpus", type=Path, default=DEFAULT_CORPUS)
    parser.add_argument("--only", default=",".join(PARTS), help="parts to run")
    arguments = parser.parse_args()
    chosen = chosen_parts(arguments.only, PARTS)
    print(f"Python {platform.python_version()}, {platform.machine()}.")
    python = python_with_peers(arguments.peers)
    catalogues = read_catalogues(python)
    if not catalogues:
        return
    run_parts(
        chosen,
        {
            "language": partial(language.run, catalogues, python, arguments.corpus),
            "units": partial(units.run, catalogues),
            "duplicates": partial(duplicates.run, catalogues),
            "personal": lambda: personal.run(catalogues, read_names(python)),
            "contamination": partial(contamination.run, catalogues),
        },
    )


if __name__ == "__main__":
    main()

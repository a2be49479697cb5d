"""A benchmark of several parts: which of them run, and the targets of all at last."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from benchmarks.measuring.processes import print_targets

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Collection, Mapping

    from benchmarks.measuring.processes import Target


def add_part_options(
    parser: argparse.ArgumentParser, parts: Collection[str]
) -> argparse.ArgumentParser:
    """Add `--only` and `--small` to a parser."""
    parser.add_argument("--only", default=",".join(parts), help="parts to run")
    parser.add_argument(
        "--small", action="store_true", help="minutes less; numbers mean little"
    )
    return parser


def chosen_parts(only: str, parts: Collection[str]) -> list[str]:
    """Parts that `--only` names.

    Raises:
        SystemExit: There is no such part.
    """
    chosen = only.split(",")
    unknown = sorted(set(chosen) - set(parts))
    if unknown:
        sys.exit(f"--only: no part {', '.join(unknown)}; there are {', '.join(parts)}.")
    return chosen


def run_parts(
    chosen: list[str], work: Mapping[str, Callable[[], list[Target]]]
) -> None:
    """Run parts one after the other; ends with the targets of all in one table."""
    targets: list[Target] = []
    for part in chosen:
        began = time.monotonic()
        print(f"\n## {part}\n", flush=True)
        targets += work[part]()
        print(f"\n({part}: {time.monotonic() - began:.0f} s)", flush=True)
    print("\n## All targets")
    print_targets(targets)

"""A benchmark of several parts: which of them run, and the targets of all at last."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring.processes import ONE_THREAD, print_targets

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from benchmarks.measuring.processes import Target


def on_one_thread() -> None:
    """Hold what is imported afterwards to one thread, unless told otherwise."""
    for name, one in ONE_THREAD.items():
        os.environ.setdefault(name, one)


def begin(
    description: str, parts: Collection[str], **options: Path | int | None
) -> tuple[argparse.Namespace, list[str]]:
    """Read a command line, and say which Python runs.

    `options` are named as on it, with their defaults; None is a path that is not given.

    Returns:
        What was read, with `small`, and the parts that `--only` names.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, value in options.items():
        kind = int if isinstance(value, int) else Path
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, default=value)
    parser.add_argument("--only", default=",".join(parts), help="parts to run")
    parser.add_argument(
        "--small", action="store_true", help="minutes less; numbers mean little"
    )
    arguments = parser.parse_args()
    chosen = chosen_parts(arguments.only, parts)
    print(f"Python {platform.python_version()}, {platform.machine()}.")
    return arguments, chosen


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

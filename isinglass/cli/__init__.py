"""The command line: one file a verb, each a thin call of a public function."""

from __future__ import annotations

import signal
import sys

from isinglass.cli.stopping import ENDING, stoppable


def main() -> None:
    """Entry point of `isinglass` and of `python -m isinglass`."""
    with stoppable("Stopped. Nothing was changed."):
        # Imports take a while, in which one may think better of it.
        from isinglass.cli.app import run  # noqa: PLC0415

        code = run()
    for number in ENDING:
        # There is nothing left to stop, but libraries that are taken down.
        signal.signal(number, signal.SIG_IGN)
    sys.exit(code)

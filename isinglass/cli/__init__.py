"""The command line: one file a verb, each a thin call of a public function."""

from __future__ import annotations

import signal
import sys

from isinglass.__main__ import ENDING, NOTHING_DONE
from isinglass.cli.stopping import stoppable


def main() -> None:
    """Do what the command line asks, and end the process."""
    with stoppable(NOTHING_DONE):
        # Imports take a while, in which one may think better of it.
        from isinglass.cli.app import run  # noqa: PLC0415

        code = run()
    for number in ENDING:
        # There is nothing left to stop, but libraries that are taken down.
        signal.signal(number, signal.SIG_IGN)
    sys.exit(code)

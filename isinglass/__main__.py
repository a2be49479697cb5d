"""The first moments of the command: what it takes to end well, then everything else.

Whoever thinks better of a command presses Ctrl-C while Python reads libraries, and
would be shown where it was torn off. So this module asks for nothing but what an
interpreter has read already, and `isinglass.cli.stopping` takes over from it.
"""

from __future__ import annotations

import os
import signal

ENDING = (signal.SIGINT, signal.SIGTERM)
AS_SHELLS_SAY = 128
"""Added to the number of a signal: 130 and 143."""

NOTHING_DONE = "Stopped. Nothing was changed."
_STDERR = 2


def main() -> None:
    """Entry point of `isinglass` and of `python -m isinglass`."""
    for number in ENDING:
        # Ignored, as after `nohup` or `&`, it stays so.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)
    from isinglass import cli  # noqa: PLC0415

    cli.main()


def _end(number: int, _: object) -> None:
    try:
        os.write(_STDERR, f"{NOTHING_DONE}\n".encode())
    finally:
        # Not by an exception, which whatever is being imported could swallow.
        os._exit(AS_SHELLS_SAY + number)


if __name__ == "__main__":
    main()

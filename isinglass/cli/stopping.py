"""Ctrl-C and SIGTERM: one line, and the process ends at once.

Whatever is written can be left at any moment (`pipelines/engine/commits.py`), so there
is nothing to unwind: not Beam, whose threads would each print how they were torn off,
nor the workers, which end with their driver (`pipelines/engine/worker.py`).
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isinglass.__main__ import AS_SHELLS_SAY, ENDING

_FRESH_LINE = b"\r\x1b[2K\x1b[?25h"
"""For a terminal with a line of progress on it: without it, and with a cursor."""

_STDERR = 2


@contextmanager
def stoppable(line: str, scratch: Path | None = None) -> Iterator[None]:
    """Let these signals end the process with `line` on stderr, while the body runs.

    The folder `scratch` is removed then.

    A signal that is ignored, as after `nohup` or `&`, stays so. Where Python handles no
    signals, in a thread of somebody else's, nothing is done.
    """
    own = [number for number in ENDING if signal.getsignal(number) != signal.SIG_IGN]
    if threading.current_thread() is not threading.main_thread() or not own:
        yield
        return
    # A handler runs between two steps of the main thread, which may be minutes apart
    # while a library works. The interpreter writes to a pipe at once, and a thread can
    # read it whenever the library lets go of Python's lock.
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer)
    handlers = [(number, signal.signal(number, lambda *_: None)) for number in own]
    watch = threading.Thread(target=_watch, args=(reader, line, scratch), daemon=True)
    watch.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writer)
        watch.join()
        os.close(reader)
        # Last: Python's own handler would break into what stands above.
        for number, handler in handlers:
            signal.signal(number, handler)


def _watch(reader: int, line: str, scratch: Path | None) -> None:
    while number := os.read(reader, 1):
        if number[0] in ENDING:
            _end(number[0], line, scratch)


def _end(number: int, line: str, scratch: Path | None) -> None:
    fresh = _FRESH_LINE if os.isatty(_STDERR) else b""
    try:
        # Not before it is needed: until the body runs, Ctrl-C is Python's own.
        from isinglass.pipelines.engine.worker import end_children  # noqa: PLC0415

        end_children()
        if scratch is not None:
            import logging  # noqa: PLC0415

            # What works there goes on until the end, and would say that it is gone.
            logging.disable()
            from isinglass.pipelines.engine.workspace import remove_scratch  # noqa: PLC0415

            remove_scratch(scratch)
        os.write(_STDERR, fresh + line.encode() + b"\n")
    finally:
        # Whatever was in the way: nobody may read what is said any more.
        os._exit(AS_SHELLS_SAY + number)

"""Worker processes that die, as by a fault in a library that reads a damaged file."""

from __future__ import annotations

import signal

DIED = "A worker process of isinglass ended by "
"""How a pipeline tells of one; the name of the signal follows."""

_SHELL_ADDS = 128


def cause_of(error: BaseException) -> str | None:
    """What a worker died by, if the error of a pipeline tells of one: `SIGSEGV`."""
    _, found, rest = str(error).partition(DIED)
    return rest.split(maxsplit=1)[0] if found else None


def signal_name(code: int) -> str:
    """The name of the signal in the exit code of a process, or of a shell around it."""
    number = -code if code < 0 else code - _SHELL_ADDS
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"exit-code-{code}"

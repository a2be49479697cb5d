"""Errors that say how to react.

Of `RefuseError` and its kinds nothing was started, and something must be changed.

Messages name the thing, the value and the fix. They never hold document text.
"""

from __future__ import annotations

from collections.abc import Sequence


class IsinglassError(Exception):
    """Base of every error that isinglass raises on purpose."""

    exit_code: int = 1


class RefuseError(IsinglassError):
    """The request cannot be carried out as it stands; nothing was changed."""

    exit_code = 2


class ConfigError(RefuseError):
    """The configuration is wrong: unknown key, bad value, impossible combination."""


class InputError(RefuseError):
    """An input is missing, unreadable or does not hold the mapped columns."""


class OutputError(RefuseError):
    """The output folder belongs to another run or cannot be written."""


class MissingExtraError(RefuseError):
    """An optional dependency or a model is not installed; says how to install it."""


class TooLargeError(RefuseError):
    """One document alone does not fit into the memory of a device.

    It is `row` of the `item` that was encoded; who gave that knows the document's name.
    """

    def __init__(self, message: str, row: int = 0, item: object = None) -> None:
        super().__init__(message)
        self.row = row
        self.item = item


class RetryError(IsinglassError):
    """Something outside is in the way; the same command can be tried again."""

    exit_code = 75


class WorkerDiedError(RetryError):
    """A worker process ended by a signal while it was at some of these units."""

    def __init__(self, pass_name: str, cause: str, units: Sequence[str]) -> None:
        told = ", ".join(units) or "a unit that is not known"
        super().__init__(
            f"Pass {pass_name}: a worker process ended by {cause} while it worked on "
            f"{told}. Finished work is kept. SIGKILL often means that memory ran out: "
            "use fewer beam.workers then."
        )
        self.cause = cause
        self.units = tuple(units)


class GateError(IsinglassError):
    """The run finished, and at least one gate of severity `error` failed."""

    exit_code = 3


class ReconcileError(IsinglassError):
    """Counts that must be equal are not; names the pass, the shard and the sums."""


class TokenizerDiffersError(IsinglassError):
    """A fast tokenizer gave other ids than the reference; use the reference alone."""

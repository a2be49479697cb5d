"""Bounded time per document, and what is known about documents that failed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyarrow as pa

from isinglass.schemas.reasons import QuarantineReason
from isinglass.schemas.spans import FAILURES

LEAST_SECONDS = 1e-3
"""A timeout of zero would be none."""


@dataclass
class Budget:
    """Seconds that scanning has spent on each row, and the rows that failed.

    It is cooperative: time is looked at between pieces of work, and regular
    expressions get what is left as their timeout.

    Attributes:
        clock: Monotonic seconds. Without one only regular expressions are bounded,
            each by `seconds`: transforms read no clock, so the caller gives it.
    """

    seconds: float
    clock: Callable[[], float] | None = None
    failed: dict[int, tuple[str, str]] = field(default_factory=dict)
    _spent: dict[int, float] = field(default_factory=lambda: defaultdict(float))

    def left(self, row: int) -> float:
        """Seconds left for a row; a little above zero at least."""
        return max(self.seconds - self._spent[row], LEAST_SECONDS)

    def charge(self, row: int, seconds: float) -> None:
        """Note time spent on a row; it fails when that is too much."""
        self._spent[row] += seconds
        if self._spent[row] > self.seconds:
            self.fail(row, TimeoutError())

    def fail(self, row: int, error: Exception) -> None:
        """Note that a row failed, and the class of the error.

        Its message may quote the text, so it is not kept.
        """
        late = isinstance(error, TimeoutError)
        reason = (
            QuarantineReason.DETECTOR_TIMEOUT
            if late
            else QuarantineReason.DETECTOR_ERROR
        )
        self.failed.setdefault(row, (reason.value, type(error).__name__))

    def now(self) -> float:
        """Seconds by the clock; always zero without one."""
        return 0.0 if self.clock is None else self.clock()

    @contextmanager
    def guard(self, row: int) -> Iterator[None]:
        """Charge the time of a block to a row; an exception fails that row alone."""
        began = self.now()
        try:
            yield
        except Exception as error:  # noqa: BLE001 - any fault quarantines the row
            self.fail(row, error)
        finally:
            self.charge(row, self.now() - began)


def failures_batch(failed: Mapping[int, tuple[str, str]]) -> pa.RecordBatch:
    """Reason and detail by row, as a table in row order."""
    rows = [
        {"row": row, "reason": reason, "detail": detail}
        for row, (reason, detail) in sorted(failed.items())
    ]
    return pa.RecordBatch.from_pylist(rows, schema=FAILURES)

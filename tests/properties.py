"""How many examples the property tests try, and whether they are the same each time.

A change must not be refused for what it did not change, so that `make test` tries the
same examples on every machine. `make fuzz` looks for faults: fresh examples, and many.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_TIMES = int(os.environ.get("ISINGLASS_FUZZ", "0"))
"""Fresh examples, so many times as many as a test names; 0 for always the same."""


def examples(count: int = 100) -> settings:
    """Settings of a test that tries so many examples, of which `make fuzz` makes more.

    `max_examples` of hypothesis itself would not grow.
    """
    return settings(
        max_examples=count * max(_TIMES, 1),
        derandomize=not _TIMES,
        # Compiling a numba function on first call would break any deadline.
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )

"""One thread for matrix products.

The matrices of these models are small: threads of BLAS wait for each other longer than
they compute, and processes share the cores already.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


def one_blas_thread() -> AbstractContextManager[Any]:
    """Limit the BLAS libraries of this process to one thread; undone at the exit."""
    limited: AbstractContextManager[Any] = _controller().limit(
        limits=1, user_api="blas"
    )
    return limited


@cache
def _controller() -> ThreadpoolController:
    # Looks through all loaded libraries, which takes milliseconds.
    return ThreadpoolController()

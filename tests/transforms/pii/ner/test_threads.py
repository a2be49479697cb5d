"""Matrix products run on one thread, and only while a model is asked."""

from __future__ import annotations

import numpy as np
from threadpoolctl import (
    threadpool_info,
    threadpool_limits,
)

from isinglass.transforms.pii.ner.reading import one_blas_thread


def blas_threads() -> set[int]:
    return {x["num_threads"] for x in threadpool_info() if x["user_api"] == "blas"}


def test_one_thread_inside_and_as_before_outside() -> None:
    np.ones((2, 2)) @ np.ones((2, 2))
    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        with one_blas_thread():
            assert blas_threads() == {1}
        assert blas_threads() == before

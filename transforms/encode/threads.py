"""Steps that run beside each other in threads, with the order kept.

Reading, tokenising, encoding and writing each wait for something else: the disk, the
processor, the device. In threads with short queues between them they wait at the same
time. The libraries below let go of Python's lock while they work, so threads suffice.

Without threads everything runs where it is called, one step after the other, and gives
the same results.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

A = TypeVar("A")
B = TypeVar("B")


def pipelined(
    source: Iterable[A], work: Callable[[A], B], threads: int, depth: int
) -> Generator[B, None, None]:
    """Results of `work` for every item, in the order of the items.

    The source is read in a thread of its own, and `work` is called in several. At the
    end, after an error and when the iterator is closed early, all threads have ended
    before control comes back; an item that is being read or worked on is finished
    first.

    The source is read by one thread at a time, never further ahead than `depth`, at
    least 1; so many `threads` call `work` at once, and 0 calls it here, with no thread
    at all.

    Raises:
        BaseException: Whatever the source or `work` raises, with its traceback, after
            the results of all earlier items.
    """
    if threads == 0:
        yield from map(work, source)
        return
    items, end = iter(source), object()
    reader = ThreadPoolExecutor(1, "encode-read")
    workers = ThreadPoolExecutor(threads, "encode-work")
    begun: deque[Future[Any]] = deque()

    def finish(read: Future[Any]) -> Any:
        item = read.result()
        return end if item is end else work(item)

    def begin() -> None:
        begun.append(workers.submit(finish, reader.submit(next, items, end)))

    try:
        for _ in range(max(depth, 1)):
            begin()
        while (result := begun.popleft().result()) is not end:
            begin()
            yield result
            # Not held beside the next one, on which the caller works then.
            del result
    finally:
        # The reader first: workers wait for it.
        reader.shutdown(cancel_futures=True)
        workers.shutdown(cancel_futures=True)


@contextmanager
def writing(write: Callable[[A], None], depth: int) -> Iterator[Callable[[A], None]]:
    """A function that has item after item written, in a thread of its own.

    It waits while too many items wait. After an error of `write` nothing more is
    written; the error is raised by the next call, or at the end. Left by another
    error, nothing more is written either.

    `depth` is how many wait at most; 0 writes in the calling thread.
    """
    if depth == 0:
        yield write
        return
    stopped = threading.Event()
    under_way: deque[Future[None]] = deque()

    def write_next(item: A) -> None:
        if not stopped.is_set():
            try:
                write(item)
            except BaseException:
                stopped.set()
                raise

    def put(item: A) -> None:
        while under_way and (len(under_way) > depth or under_way[0].done()):
            under_way.popleft().result()
        under_way.append(thread.submit(write_next, item))

    with ThreadPoolExecutor(1, "encode-write") as thread:
        try:
            yield put
            for written in under_way:
                written.result()
        finally:
            stopped.set()

"""Steps that run beside each other in threads, with the order kept.

Reading, tokenising, encoding and writing each wait for something else: the disk, the
processor, the device. In threads with short queues between them they wait at the same
time. The libraries below let go of Python's lock while they work, so threads suffice.

Without threads everything runs where it is called, one step after the other, and gives
the same results.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from types import TracebackType

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

    Args:
        source: Read by one thread at a time, never further ahead than `depth`.
        work: Called by several threads at once.
        threads: Threads that call it; 0 calls it here, with no thread at all.
        depth: Most items that are read and not yet given out, at least 1.

    Raises:
        BaseException: Whatever the source or `work` raises, with its traceback, after
            the results of all earlier items.
    """
    if threads == 0:
        for item in source:
            yield work(item)
        return
    reader = _Reader(source, work, threads, max(depth, 1))
    try:
        yield from reader.results()
    finally:
        reader.stop()


class _Reader(Generic[A, B]):
    """The thread that reads a source, and the threads that work on its items."""

    def __init__(
        self, source: Iterable[A], work: Callable[[A], B], threads: int, depth: int
    ) -> None:
        self._source = source
        self._work = work
        self._room = threading.Semaphore(depth)
        self._stopped = threading.Event()
        # Results in order; None ends them.
        self._begun: queue.SimpleQueue[Future[B] | None] = queue.SimpleQueue()
        self._workers = ThreadPoolExecutor(threads, "encode-work")
        self._thread = threading.Thread(target=self._read, name="encode-read")
        self._thread.start()

    def results(self) -> Iterator[B]:
        while (future := self._begun.get()) is not None:
            result = future.result()
            # Not held beside the one the caller works on.
            del future
            self._room.release()
            yield result
            del result

    def stop(self) -> None:
        """End every thread, and wait for it."""
        self._stopped.set()
        self._room.release()
        self._thread.join()
        self._workers.shutdown(cancel_futures=True)

    def _read(self) -> None:
        try:
            items = iter(self._source)
            while self._wait_for_room():
                try:
                    item = next(items)
                except StopIteration:
                    break
                self._begun.put(self._workers.submit(self._work, item))
                del item
        except BaseException as error:  # noqa: BLE001  (raised again by `results`)
            failed: Future[B] = Future()
            failed.set_exception(error)
            self._begun.put(failed)
        self._begun.put(None)

    def _wait_for_room(self) -> bool:
        self._room.acquire()
        return not self._stopped.is_set()


class WriterThread(Generic[A]):
    """Calls a function with item after item, in a thread of its own.

    Used as a context manager. After an error of the function nothing more is written;
    the error is raised by the next `put`, or at the end. Left by another error, it
    writes nothing more either.
    """

    def __init__(self, write: Callable[[A], None], depth: int) -> None:
        """Start the thread.

        Args:
            write: Called in one thread, in the order of `put`.
            depth: Most items that wait; 0 writes where `put` is called.
        """
        self._write = write
        self._error: BaseException | None = None
        self._abandoned = False
        self._queue: queue.Queue[tuple[A] | None] = queue.Queue(max(depth, 1))
        self._thread: threading.Thread | None = None
        if depth > 0:
            self._thread = threading.Thread(target=self._run, name="encode-write")
            self._thread.start()

    def put(self, item: A) -> None:
        """Have an item written; waits while the queue is full.

        Raises:
            BaseException: What the function raised for an earlier item.
        """
        if self._thread is None:
            self._write(item)
            return
        self._raise()
        self._queue.put((item,))

    def close(self) -> None:
        """Wait until everything is written, and end the thread.

        Raises:
            BaseException: What the function raised, unless `put` has raised it.
        """
        self._join()
        self._raise()

    def __enter__(self) -> Self:
        """Return the writer itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close; after an error without writing what is still waiting."""
        if error is None:
            self.close()
            return
        self._abandoned = True
        self._join()

    def _join(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _raise(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            self._abandoned = True
            raise error

    def _run(self) -> None:
        # Goes on taking items after an error, so that `put` never waits for ever.
        while (entry := self._queue.get()) is not None:
            if self._error is None and not self._abandoned:
                try:
                    self._write(entry[0])
                except BaseException as error:  # noqa: BLE001  (raised by `put`)
                    self._error = error
            del entry

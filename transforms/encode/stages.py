"""Items of a source with their tokens and vectors: tokenise, encode, in order.

Reading, tokenising, encoding and writing each wait for something else: the disk, the
processor, the device. In threads with short queues between them they wait at the same
time. The libraries below let go of Python's lock while they work, so threads suffice.

Without threads everything runs where it is called, one step after the other, and gives
the same results.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from isinglass.schemas.errors import TooLargeError
from isinglass.transforms.encode.encoder.window import Encoded
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, cut, offsets_of

A = TypeVar("A")
B = TypeVar("B")


class Runs(Protocol):
    """What gives vectors: an `Encoder`, or something that stands before one."""

    @property
    def max_tokens(self) -> int:
        """What the model sees of a document."""
        ...

    def run(
        self, windows: Iterable[TokenBatch], *, hidden: bool = False
    ) -> Generator[Encoded, None, None]:
        """Vectors of window after window, in order."""
        ...


@dataclass(frozen=True)
class Streamed(Generic[A]):
    """One item of a source on its way out.

    `tokens` are as the encoder sees them, all without one; `encoded` is None then.
    """

    item: A
    tokens: TokenBatch
    encoded: Encoded | None = None


@dataclass(frozen=True)
class StreamSettings:
    """How `encode_stream` spreads its work.

    `threads` tokenise; 0 does everything in the calling thread. At most `depth` items
    are read and not yet in a window. Items are put into one window until the encoder
    sees `window_tokens` of them; 0 makes every item a window of its own. Windows depend
    on the items alone, never on threads.
    """

    threads: int = 0
    depth: int = 4
    window_tokens: int = 0
    hidden: bool = False


def encode_stream(
    source: Iterable[A],
    tokenise: Callable[[A], TokenBatch],
    encoder: Runs | None,
    settings: StreamSettings,
) -> Generator[Streamed[A], None, None]:
    """Items with their tokens and vectors, in the order of the items.

    `tokenise` gives the tokens of an item's documents and is called by several threads;
    the encoder is run in the calling one, and None stops after the tokens. A
    `TooLargeError` says of which item it is.
    """

    def begin(item: A) -> Streamed[A]:
        tokens = tokenise(item)
        # Here, in the tokeniser's threads: the calling one feeds the device.
        seen = tokens if encoder is None else cut(tokens, encoder.max_tokens)
        return Streamed(item, seen)

    with closing(
        pipelined(source, begin, settings.threads, settings.depth)
    ) as tokenised:
        if encoder is None:
            yield from tokenised
        else:
            yield from _encoded(tokenised, encoder, settings)


def _encoded(
    tokenised: Iterator[Streamed[A]], encoder: Runs, settings: StreamSettings
) -> Iterator[Streamed[A]]:
    under_way: deque[list[Streamed[A]]] = deque()

    def windows() -> Iterator[TokenBatch]:
        for group in _grouped(tokenised, settings.window_tokens):
            under_way.append(group)
            yield concatenated([one.tokens for one in group])

    with closing(encoder.run(windows(), hidden=settings.hidden)) as results:
        try:
            for encoded in results:
                yield from _split(under_way.popleft(), encoded)
        except TooLargeError as error:
            # Memory runs out where a batch is put in: in the window that came last.
            item, error.row = _owner(under_way[-1], error.row)
            error.item = item
            raise


def _grouped(
    tokenised: Iterator[Streamed[A]], window_tokens: int
) -> Iterator[list[Streamed[A]]]:
    """Neighbouring items, until the encoder sees enough tokens of them."""
    group: list[Streamed[A]] = []
    size = 0
    for one in tokenised:
        group.append(one)
        size += len(one.tokens.values)
        if size >= window_tokens:
            yield group
            group, size = [], 0
    if group:
        yield group


def _split(group: list[Streamed[A]], encoded: Encoded) -> Iterator[Streamed[A]]:
    """Give every item of a window the rows of its own documents."""
    first = 0
    for one in group:
        last = first + len(one.tokens.offsets) - 1
        offsets = encoded.offsets[first : last + 1]
        hidden = encoded.hidden
        if hidden is not None:
            hidden = hidden[offsets[0] : offsets[-1]]
        own = Encoded(encoded.vectors[first:last], offsets - offsets[0], hidden)
        yield replace(one, encoded=own)
        first = last


def _owner(group: list[Streamed[A]], row: int) -> tuple[A, int]:
    """Which item of a window a row is of, and which of its own rows it is."""
    for one in group:
        count = len(one.tokens.offsets) - 1
        if row < count:
            return one.item, row
        row -= count
    raise IndexError(row)


def concatenated(batches: list[TokenBatch]) -> TokenBatch:
    """Documents of several batches, one after the other, as one batch."""
    if len(batches) == 1:
        return batches[0]
    lengths = np.concatenate([batch.lengths for batch in batches])
    values = np.concatenate([batch.values for batch in batches])
    return replace(batches[0], values=values, offsets=offsets_of(lengths))


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
    at all. Whatever the source or `work` raises comes with its traceback, after the
    results of all earlier items.
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

from __future__ import annotations

import threading
import traceback
from typing import TYPE_CHECKING

import pytest

from isinglass.transforms.encode.stages import pipelined, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Long enough for a fault to show, and never waited out when there is none.
PATIENCE = 20.0


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


class OddError(Exception):
    """Raised on purpose."""


def fails_at(stop: int) -> Iterator[int]:
    yield from range(stop)
    raise OddError(stop)


def fails_for(number: int) -> Callable[[int], int]:
    def work(item: int) -> int:
        if item == number:
            raise OddError(item)
        return item * item

    return work


@pytest.mark.parametrize("threads", [0, 1, 4])
@pytest.mark.parametrize("depth", [1, 2, 50])
@pytest.mark.parametrize("items", [0, 1, 100])
def test_order_is_kept(threads: int, depth: int, items: int) -> None:
    found = list(pipelined(range(items), lambda item: item * item, threads, depth))
    assert found == [item * item for item in range(items)]


def test_order_is_kept_where_the_first_is_done_last() -> None:
    later = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert later.wait(PATIENCE)
        if item == 3:
            later.set()
        return item

    assert list(pipelined(range(6), work, 2, 6)) == list(range(6))


def test_items_are_worked_on_at_the_same_time() -> None:
    together = threading.Barrier(3)

    def work(item: int) -> int:
        together.wait(PATIENCE)
        return item

    assert list(pipelined(range(6), work, 3, 3)) == list(range(6))


@pytest.mark.parametrize("depth", [1, 3])
def test_source_is_not_read_far_ahead(depth: int) -> None:
    read: list[int] = []
    reached = threading.Semaphore(0)

    def source() -> Iterator[int]:
        for item in range(20):
            read.append(item)
            reached.release()
            yield item

    results = pipelined(source(), lambda item: item, 2, depth)
    for number in range(6):
        assert next(results) == number
        # The reader goes on until there are so many, and then stands still.
        while len(read) < number + 1 + depth:
            assert reached.acquire(timeout=PATIENCE)
        assert len(read) == number + 1 + depth
    results.close()


def test_nothing_is_read_before_the_first_result_is_asked_for() -> None:
    results = pipelined(fails_at(0), lambda item: item, 2, 2)
    results.close()


@pytest.mark.parametrize("threads", [0, 1, 4])
def test_error_of_the_source_comes_after_the_results_before_it(threads: int) -> None:
    found: list[int] = []
    with pytest.raises(OddError) as caught:
        found.extend(pipelined(fails_at(5), lambda item: item, threads, 3))
    assert caught.value.args == (5,)
    assert found == [0, 1, 2, 3, 4]
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-1] == "fails_at"


@pytest.mark.parametrize("threads", [0, 1, 4])
def test_error_of_the_work_comes_after_the_results_before_it(threads: int) -> None:
    found: list[int] = []
    with pytest.raises(OddError) as caught:
        found.extend(pipelined(range(100), fails_for(7), threads, 3))
    assert found == [item * item for item in range(7)]
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-1] == "work"


@pytest.mark.parametrize("threads", [0, 1, 4])
def test_left_early(threads: int) -> None:
    results = pipelined(iter(range(10**9)), lambda item: item, threads, 8)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    results.close()
    # The fixture sees that no thread goes on.


def test_error_in_the_consumer_ends_the_threads() -> None:
    def consume() -> None:
        for item in pipelined(range(10**9), lambda item: item, 3, 8):
            if item == 4:
                raise OddError(item)

    with pytest.raises(OddError):
        consume()


def test_stages_after_each_other() -> None:
    first = pipelined(range(50), lambda item: item + 1, 2, 3)
    second = pipelined(first, lambda item: item * 10, 2, 3)
    assert list(second) == [10 * item for item in range(1, 51)]


@pytest.mark.parametrize("depth", [0, 1, 10])
def test_writer_keeps_the_order(depth: int) -> None:
    written: list[int] = []
    with writing(written.append, depth) as put:
        for item in range(100):
            put(item)
    assert written == list(range(100))


@pytest.mark.parametrize("depth", [1, 3])
def test_writer_takes_as_many_as_may_wait(depth: int) -> None:
    go = threading.Event()
    begun = threading.Event()
    taken: list[int] = []

    def write(item: int) -> None:
        begun.set()
        assert go.wait(PATIENCE)

    def fill() -> None:
        with writing(write, depth) as put:
            for item in range(10):
                put(item)
                taken.append(item)

    filling = threading.Thread(target=fill)
    filling.start()
    assert begun.wait(PATIENCE)
    filling.join(0.2)
    # One is being written, `depth` wait, and the next one is not taken.
    assert len(taken) <= depth + 1
    go.set()
    filling.join(PATIENCE)
    assert len(taken) == 10


@pytest.mark.parametrize("depth", [0, 1, 4])
def test_error_of_the_writer_reaches_the_caller(depth: int) -> None:
    written: list[int] = []

    def write(item: int) -> None:
        if item == 3:
            raise OddError(item)
        written.append(item)

    def fill() -> None:
        with writing(write, depth) as put:
            for item in range(1000):
                put(item)

    with pytest.raises(OddError) as caught:
        fill()
    assert caught.value.args == (3,)
    assert written == [0, 1, 2]


@pytest.mark.parametrize("depth", [0, 1, 4])
def test_error_of_the_last_item_is_raised_at_the_end(depth: int) -> None:
    def write(item: int) -> None:
        raise OddError(item)

    def fill() -> None:
        with writing(write, depth) as put:
            put(3)

    with pytest.raises(OddError):
        fill()


def test_error_of_the_caller_is_not_hidden() -> None:
    written: list[int] = []
    go = threading.Event()

    def write(item: int) -> None:
        assert go.wait(PATIENCE)
        written.append(item)

    def fill() -> None:
        with writing(write, 5) as put:
            for item in range(5):
                put(item)
            threading.Timer(0.1, go.set).start()
            raise OddError

    with pytest.raises(OddError):
        fill()
    # What was waiting is not written any more.
    assert len(written) <= 1

"""Windows cut into batches, batches put on a lane, results put in their places."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from isinglass.schemas.errors import TooLargeError
from isinglass.transforms.encode.batching import batch_cost, halves, plan_batches
from isinglass.transforms.encode.encoder.lanes import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from isinglass.transforms.encode.encoder.lanes import Lane, Ticket
    from isinglass.transforms.encode.encoder.statistics import EncoderStatistics
    from isinglass.transforms.encode.encoder.window import Encoded, Window


class Budget(Protocol):
    """What may go into a batch, for this flight and the ones after it.

    Attributes:
        batch_tokens: Most tokens of a batch; smaller after memory ran out.
        halved: How often memory ran out.
    """

    batch_tokens: int
    halved: int


@dataclass
class Flight:
    """Everything between the first batch of a call and its last.

    Attributes:
        lane: The way through the device.
        budget: Of every batch.
        statistics: Added to for every batch that comes back.
        padded: Whether batches are filled up to their longest document.
    """

    lane: Lane
    budget: Budget
    statistics: EncoderStatistics
    padded: bool
    _windows: deque[Window] = field(default_factory=deque, init=False)
    _batches: deque[tuple[Ticket, Window, NDArray[np.int64]]] = field(
        default_factory=deque, init=False
    )

    def add(self, window: Window) -> Iterator[Encoded]:
        """Put a window on the lane; gives the windows that are complete meanwhile.

        Raises:
            TooLargeError: One document alone does not fit into the device's memory.
        """
        self._windows.append(window)
        todo = deque(
            plan_batches(window.lengths, self.budget.batch_tokens, padded=self.padded)
        )
        while todo:
            rows = todo.popleft()
            if self._too_large(window, rows):
                # Planned before memory ran out.
                todo.extendleft(reversed(self._planned_again(window, rows)))
                continue
            if self.lane.full:
                self._collect()
            ticket = self._submit(window, rows)
            if ticket is None:
                todo.extendleft(reversed(self._after_shortage(window, rows)))
            else:
                self._batches.append((ticket, window, rows))
            self._collect_finished()
            yield from self._complete()
        yield from self._complete()

    def finish(self) -> Iterator[Encoded]:
        """Wait for what is still under way."""
        while self._batches:
            self._collect()
            yield from self._complete()

    def _submit(self, window: Window, rows: NDArray[np.int64]) -> Ticket | None:
        """Put a batch on the lane; None where memory ran out."""
        try:
            return self.lane.submit(window.gather(rows), window.lengths[rows])
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        # Only now, outside of the handler, are the tensors free that the error held.
        return None

    def _after_shortage(
        self, window: Window, rows: NDArray[np.int64]
    ) -> list[NDArray[np.int64]]:
        """Halve the budget and the batch, and empty the device.

        A document that was refused room beside batches under way is tried again alone.
        """
        alone = len(rows) == 1 and not self._batches
        while self._batches:
            self._collect()
        self.lane.recover()
        lengths = window.lengths[rows]
        if alone:
            msg = (
                f"A document of {int(lengths[0]):,} tokens does not fit into the free "
                f"memory of {self.lane.place()}. Set encode.max_tokens to less, set "
                "encode.device to another device or to cpu, or end the other programs "
                "that use its memory."
            )
            raise TooLargeError(msg, int(rows[0]), window.tokens)
        self.budget.batch_tokens = max(1, self.budget.batch_tokens // 2)
        self.budget.halved += 1
        if len(rows) == 1:
            return [rows]
        cut = halves(lengths, padded=self.padded)
        return [rows[:cut], rows[cut:]]

    def _too_large(self, window: Window, rows: NDArray[np.int64]) -> bool:
        cost = batch_cost(window.lengths[rows], padded=self.padded)
        return len(rows) > 1 and cost > self.budget.batch_tokens

    def _planned_again(
        self, window: Window, rows: NDArray[np.int64]
    ) -> list[NDArray[np.int64]]:
        budget, lengths = self.budget.batch_tokens, window.lengths[rows]
        pieces = plan_batches(lengths, budget, padded=self.padded)
        return [rows[piece] for piece in pieces]

    def _collect_finished(self) -> None:
        while self._batches and self._batches[0][0].done():
            self._collect()

    def _collect(self) -> None:
        """Wait for the oldest batch and put its results in their places."""
        ticket, window, rows = self._batches.popleft()
        output = ticket.wait()
        window.put(rows, output.vectors, output.hidden)
        self.lane.release(ticket)
        lengths, sums = window.lengths[rows], self.statistics
        sums.batches += 1
        sums.documents += len(rows)
        sums.tokens += int(lengths.sum())
        sums.positions += batch_cost(lengths, padded=self.padded)
        sums.budgets += self.budget.batch_tokens
        sums.compute_seconds += output.seconds

    def _complete(self) -> Iterator[Encoded]:
        while self._windows and self._windows[0].left == 0:
            yield self._windows.popleft().encoded

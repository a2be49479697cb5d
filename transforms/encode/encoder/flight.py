"""Windows cut into batches, batches put on a lane, results put in their places."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from isinglass.schemas.arrays import Integers
from isinglass.schemas.errors import TooLargeError
from isinglass.transforms.encode.batching import batch_cost, plan_batches
from isinglass.transforms.encode.encoder.lane import Lane, Ticket, is_out_of_memory

if TYPE_CHECKING:
    from isinglass.transforms.encode.encoder.encoder import Encoder
    from isinglass.transforms.encode.encoder.window import Encoded, Window


@dataclass
class Flight:
    """Everything between the first batch of a call and its last.

    The encoder says how large a batch may be, and is told when memory runs out.
    """

    lane: Lane
    encoder: Encoder
    _windows: deque[Window] = field(default_factory=deque, init=False)
    _batches: deque[tuple[Ticket, Window, Integers]] = field(
        default_factory=deque, init=False
    )

    def add(self, window: Window) -> Iterator[Encoded]:
        """Put a window on the lane; gives the windows that are complete meanwhile."""
        self._windows.append(window)
        todo = deque(self._planned(window.lengths, self.encoder.batch_tokens))
        while todo:
            rows = todo.popleft()
            lengths = window.lengths[rows]
            if len(rows) > 1 and self._cost(lengths) > self.encoder.batch_tokens:
                # Planned before memory ran out.
                pieces = self._planned(lengths, self.encoder.batch_tokens)
                todo.extendleft(rows[piece] for piece in reversed(pieces))
                continue
            if self.lane.full:
                self._collect()
            ticket = self._submit(window, rows)
            if ticket is None:
                pieces = self._after_shortage(window, rows)
                todo.extendleft(rows[piece] for piece in reversed(pieces))
            else:
                self._batches.append((ticket, window, rows))
            while self._batches and self._batches[0][0].copied.query():
                self._collect()
            yield from self._complete()
        yield from self._complete()

    def finish(self) -> Iterator[Encoded]:
        """Wait for what is still under way."""
        while self._batches:
            self._collect()
            yield from self._complete()

    def _planned(self, lengths: Integers, most: int) -> list[Integers]:
        return plan_batches(lengths, most, padded=self.encoder.model.padded)

    def _cost(self, lengths: Integers) -> int:
        return batch_cost(lengths, padded=self.encoder.model.padded)

    def _submit(self, window: Window, rows: Integers) -> Ticket | None:
        """Put a batch on the lane; None where memory ran out."""
        try:
            return self.lane.submit(window.gather(rows), window.lengths[rows])
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        # Only now, outside of the handler, are the tensors free that the error held.
        return None

    def _after_shortage(self, window: Window, rows: Integers) -> list[Integers]:
        """Halve the budget, cut the batch into halves, and empty the device.

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
                f"memory of {self.lane.engine.place()}. Set encode.max_tokens to less, "
                "set encode.device to another device or to cpu, or end the other "
                "programs that use its memory."
            )
            raise TooLargeError(msg, int(rows[0]), window.tokens)
        budget = max(1, self.encoder.batch_tokens // 2)
        self.encoder.batch_tokens = budget
        return self._planned(lengths, min(budget, max(1, self._cost(lengths) // 2)))

    def _collect(self) -> None:
        """Wait for the oldest batch and put its results in their places."""
        ticket, window, rows = self._batches.popleft()
        window.put(rows, *ticket.wait())
        self.lane.release(ticket)

    def _complete(self) -> Iterator[Encoded]:
        while self._windows and self._windows[0].left == 0:
            yield self._windows.popleft().encoded

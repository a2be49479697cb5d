"""A lane for a device that works by itself: batches are put in, results come out later.

A batch goes through three queues of the device: copied in, computed, copied out. Every
batch has its own slot of buffers on both sides, and a slot goes to the next batch only
after the host has seen its last copy end. So no buffer is ever written while a copy or
a kernel still reads it, whatever the order in which the device does things.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from isinglass.transforms.encode.encoder.lanes import Output, starts_of
from isinglass.transforms.encode.forward.batch import DeviceBatch

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from isinglass.transforms.encode.encoder.lanes import Ticket, Work

Queue = Literal["in", "compute", "out"]

SLOTS = 3
"""Batches under way: one computes, one waits behind it, one is being prepared."""


class Mark(Protocol):
    """A point in a queue, behind one action."""

    def done(self) -> bool:
        """Whether the device has reached it."""

    def wait(self) -> None:
        """Wait, on the host, until the device has reached it."""

    def seconds(self) -> float:
        """What the action took by the device's clock; 0 where it is not measured."""


class Engine(Protocol):
    """The queues and the memory of one device."""

    def host_buffer(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Memory of the host that the device copies from and to by itself."""

    def device_buffer(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Memory of the device; any queue may write it."""

    def enqueue(
        self, queue: Queue, action: Callable[[], None], after: Mark | None
    ) -> Mark:
        """Let a queue do something, not before a point in another queue."""

    def keep(self, tensor: Tensor, queue: Queue) -> None:
        """Keep a tensor's memory until the queue has done what it now holds."""

    def finish(self) -> None:
        """Wait, on the host, until all queues are empty."""

    def empty_cache(self) -> None:
        """Give unused memory back to the device."""

    def place(self) -> str:
        """The device and its memory, as messages name them."""


@dataclass
class Slot:
    """Buffers of one batch, and the batch that uses them.

    Attributes:
        ids: Of the host and of the device, int32, shape (capacity,).
        starts: Of the host and of the device, int32, shape (capacity + 1,).
        vectors: Of the host, float32; grows to the largest batch so far.
        states: The same for hidden states, float16.
        made: What the device has made of the batch, until it is copied out.
    """

    ids: tuple[Tensor, Tensor]
    starts: tuple[Tensor, Tensor]
    vectors: Tensor | None = None
    states: Tensor | None = None
    made: tuple[Tensor, Tensor | None] | None = None
    documents: int = 0
    tokens: int = 0


@dataclass(frozen=True)
class StagedTicket:
    """A batch under way; see `Ticket`."""

    slot: Slot
    computed: Mark
    copied: Mark

    def done(self) -> bool:
        """Whether `wait` would return at once."""
        return self.copied.done()

    def wait(self) -> Output:
        """Views of the slot's buffers."""
        self.copied.wait()
        slot = self.slot
        vectors, states = slot.vectors, slot.states
        if vectors is None:
            msg = "a batch came back before it was copied"
            raise RuntimeError(msg)
        return Output(
            vectors[: slot.documents].numpy(),
            states[: slot.tokens].numpy() if states is not None else None,
            self.computed.seconds(),
        )


@dataclass
class StagedLane:
    """Runs batches on a device that works by itself; see `Lane`.

    Attributes:
        work: Done with each batch, on the device.
        engine: The device.
        capacity: Most tokens of a batch.
        slots: Most batches under way.
    """

    work: Work
    engine: Engine
    capacity: int
    slots: int = SLOTS
    _free: deque[Slot] = field(init=False)

    def __post_init__(self) -> None:
        """Take the buffers."""
        self._free = deque(self._slot() for _ in range(self.slots))

    @property
    def full(self) -> bool:
        """Whether every slot has a batch."""
        return not self._free

    def submit(self, ids: NDArray[np.int32], lengths: NDArray[np.int64]) -> Ticket:
        """Put a batch into the queues; see `Lane`."""
        slot = self._free[0]
        slot.documents, slot.tokens = len(lengths), len(ids)
        slot.ids[0].numpy()[: slot.tokens] = ids
        slot.starts[0].numpy()[: slot.documents + 1] = starts_of(lengths)
        arrived = self.engine.enqueue("in", lambda: _copy_in(slot), None)
        computed = self.engine.enqueue(
            "compute", lambda: self._compute(slot, lengths), arrived
        )
        copied = self.engine.enqueue("out", lambda: self._copy_out(slot), computed)
        # Last, so that after an error, and `recover`, the slot is free.
        self._free.popleft()
        return StagedTicket(slot, computed, copied)

    def release(self, ticket: Ticket) -> None:
        """Give a ticket's slot to the next batch; see `Lane`."""
        if not isinstance(ticket, StagedTicket) or not ticket.done():
            msg = "a slot is released while its batch is under way"
            raise RuntimeError(msg)
        self._free.append(ticket.slot)

    def recover(self) -> None:
        """Empty the queues and give unused memory back; see `Lane`."""
        self.engine.finish()
        for slot in self._free:
            slot.made = None
        self.engine.empty_cache()

    def place(self) -> str:
        """The device and its memory, as messages name them."""
        return self.engine.place()

    def close(self) -> None:
        """Empty the queues; see `Lane`."""
        self.engine.finish()

    def _slot(self) -> Slot:
        import torch  # noqa: PLC0415  (optional)

        def pair(size: int) -> tuple[Tensor, Tensor]:
            return (
                self.engine.host_buffer((size,), torch.int32),
                self.engine.device_buffer((size,), torch.int32),
            )

        return Slot(ids=pair(self.capacity), starts=pair(self.capacity + 1))

    def _compute(self, slot: Slot, lengths: NDArray[np.int64]) -> None:
        batch = DeviceBatch(
            ids=slot.ids[1][: slot.tokens],
            starts=slot.starts[1][: slot.documents + 1],
            lengths=lengths,
        )
        slot.made = self.work(batch)

    def _copy_out(self, slot: Slot) -> None:
        if slot.made is None:
            msg = "a batch is copied out before it is computed"
            raise RuntimeError(msg)
        vectors, states = slot.made
        slot.vectors = self._copied(vectors, slot.vectors)
        if states is not None:
            slot.states = self._copied(states, slot.states)
        slot.made = None

    def _copied(self, source: Tensor, target: Tensor | None) -> Tensor:
        """Copy rows into a buffer of the host, or into a larger one."""
        import torch  # noqa: PLC0415  (optional)

        if target is None or len(target) < len(source):
            rows = 1 << (len(source) - 1).bit_length()
            target = self.engine.host_buffer((rows, source.shape[1]), source.dtype)
        # Tensors made in inference mode may be marked and written in it alone.
        with torch.inference_mode():
            target[: len(source)].copy_(source, non_blocking=True)
            # The copy reads it after this function has let go of it.
            self.engine.keep(source, "out")
        return target


def _copy_in(slot: Slot) -> None:
    host, device = slot.ids
    device[: slot.tokens].copy_(host[: slot.tokens], non_blocking=True)
    host, device = slot.starts
    size = slot.documents + 1
    device[:size].copy_(host[:size], non_blocking=True)

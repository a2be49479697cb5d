"""The way of a batch through a device: put in, computed, and copied out later.

A batch goes through three queues of the device: copied in, computed, copied out. Every
batch has its own slot of buffers on both sides, and a slot goes to the next batch only
after the host has seen its last copy end. So no buffer is ever written while a copy or
a kernel still reads it, whatever the order in which the device does things.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers, Singles
from isinglass.transforms.encode.forward.batch import DeviceBatch

if TYPE_CHECKING:
    from torch import Tensor

    from isinglass.transforms.encode.encoder.engines import Engine, Mark
    from isinglass.transforms.encode.forward.load import Model

SLOTS = 3
"""Batches under way: one computes, one waits behind it, one is being prepared."""

LEAST_NORM = 1e-12

OUT_OF_MEMORY = (
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDA error: out of memory",
    "DefaultCPUAllocator: can't allocate memory",
)
"""How memory that is short shows itself outside of torch's allocator for GPUs."""


@dataclass(frozen=True)
class Work:
    """What is done with a batch on the device."""

    model: Model
    normalise: bool
    hidden: bool

    def __call__(self, batch: DeviceBatch) -> tuple[Tensor, Tensor | None]:
        """Vectors, float32, and hidden states, float16 or None, on the device."""
        with torch.inference_mode():
            hidden = self.model.hidden(batch)
            vectors = self.model.vectors(batch, hidden)
            if self.normalise:
                # A vector of zeros has no direction and stays as it is.
                norms = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
                vectors = vectors / norms.clamp_min(LEAST_NORM)
            return vectors, hidden.to(torch.float16) if self.hidden else None


@dataclass
class Slot:
    """Buffers of one batch, and the batch that uses them.

    Ids, int32 (capacity,), and starts, int32 (capacity + 1,), are of the host and of
    the device; vectors, float32, and states, float16, of the host: they grow to the
    largest batch so far. `made` is what the device has made of the batch, until it is
    copied out.
    """

    ids: tuple[Tensor, Tensor]
    starts: tuple[Tensor, Tensor]
    vectors: Tensor | None = None
    states: Tensor | None = None
    made: tuple[Tensor, Tensor | None] | None = None
    documents: int = 0
    tokens: int = 0

    def copy_in(self) -> None:
        """Copy ids and starts to the device."""
        sizes = (self.tokens, self.documents + 1)
        for (host, device), size in zip((self.ids, self.starts), sizes, strict=True):
            device[:size].copy_(host[:size], non_blocking=True)


@dataclass(frozen=True)
class Ticket:
    """A batch under way, `copied` when its results are on the host."""

    slot: Slot
    copied: Mark

    def wait(self) -> tuple[Singles, NDArray[np.float16] | None]:
        """Vectors, shape (n, dimensions), and hidden states where asked for.

        Views of the slot's buffers, valid until it is released.
        """
        self.copied.synchronize()
        slot = self.slot
        vectors, states = slot.vectors, slot.states
        assert vectors is not None
        return (
            vectors[: slot.documents].numpy(),
            states[: slot.tokens].numpy() if states is not None else None,
        )


class Lane:
    """Runs batches of up to `capacity` tokens on one device, for one thread.

    It takes batches before it has given back the earlier ones, so that the device has
    work while the host prepares more.
    """

    def __init__(
        self, work: Work, engine: Engine, capacity: int, slots: int = SLOTS
    ) -> None:
        self._work = work
        self.engine = engine
        self._free = deque(self._slot(capacity) for _ in range(slots))

    @property
    def full(self) -> bool:
        """Whether the oldest ticket must be released before the next batch."""
        return not self._free

    def submit(self, ids: NDArray[np.int32], lengths: Integers) -> Ticket:
        """Take a batch: tokens one document after the other, and their lengths.

        Raises:
            RuntimeError: Among others for memory, see `is_out_of_memory`; the batch
                is then not taken, and `recover` makes the lane fit for use again.
        """
        slot = self._free[0]
        slot.documents, slot.tokens = len(lengths), len(ids)
        slot.ids[0].numpy()[: slot.tokens] = ids
        starts = slot.starts[0].numpy()[: slot.documents + 1]
        starts[0] = 0
        np.cumsum(lengths, dtype=np.int32, out=starts[1:])
        enqueue = self.engine.enqueue
        arrived = enqueue("in", slot.copy_in, None)
        computed = enqueue("compute", lambda: self._compute(slot, lengths), arrived)
        copied = enqueue("out", lambda: self._copy_out(slot), computed)
        # Last, so that after an error, and `recover`, the slot is free.
        self._free.popleft()
        return Ticket(slot, copied)

    def release(self, ticket: Ticket) -> None:
        """Give the slot of a ticket, which is done, to the next batch."""
        assert ticket.copied.query()
        self._free.append(ticket.slot)

    def recover(self) -> None:
        """Wait for everything under way and give unused memory back."""
        self.engine.finish()
        for slot in self._free:
            slot.made = None
        self.engine.empty_cache()

    def _slot(self, capacity: int) -> Slot:
        def pair(size: int) -> tuple[Tensor, Tensor]:
            return (
                self.engine.host_buffer((size,), torch.int32),
                self.engine.device_buffer((size,), torch.int32),
            )

        return Slot(ids=pair(capacity), starts=pair(capacity + 1))

    def _compute(self, slot: Slot, lengths: Integers) -> None:
        ids = slot.ids[1][: slot.tokens]
        starts = slot.starts[1][: slot.documents + 1]
        slot.made = self._work(DeviceBatch(ids, starts, lengths))

    def _copy_out(self, slot: Slot) -> None:
        assert slot.made is not None
        vectors, states = slot.made
        slot.vectors = self._copied(vectors, slot.vectors)
        if states is not None:
            slot.states = self._copied(states, slot.states)
        slot.made = None

    def _copied(self, source: Tensor, target: Tensor | None) -> Tensor:
        """Copy rows into a buffer of the host, or into a larger one."""
        if target is None or len(target) < len(source):
            rows = 1 << (len(source) - 1).bit_length()
            target = self.engine.host_buffer((rows, source.shape[1]), source.dtype)
        # Tensors made in inference mode may be marked and written in it alone.
        with torch.inference_mode():
            target[: len(source)].copy_(source, non_blocking=True)
            # The copy reads it after this function has let go of it.
            self.engine.keep(source, "out")
        return target


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a device had too little memory, by the type or the text of an error."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return any(sign in str(error) for sign in OUT_OF_MEMORY)

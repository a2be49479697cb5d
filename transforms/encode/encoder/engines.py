"""The queues and the memory of one device: all that is said to a CPU or to torch.cuda.

Source for the rules about streams and memory: torch's notes "CUDA semantics", sections
"CUDA streams" and "Use pinned memory buffers".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import torch

if TYPE_CHECKING:
    from torch import Tensor

Queue = Literal["in", "compute", "out"]


class CpuEngine:
    """Does everything where it is called; also the mark behind what it has done."""

    def query(self) -> bool:
        """Return True: it is done."""
        return True

    def synchronize(self) -> None:
        """Do nothing: it is done."""

    def host_buffer(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Memory like any other."""
        return torch.empty(shape, dtype=dtype)

    device_buffer = host_buffer

    def enqueue(
        self, queue: Queue, action: Callable[[], None], after: Mark | None
    ) -> Mark:
        """Do it; what is before it is done."""
        del queue, after
        action()
        return self

    def keep(self, tensor: Tensor, queue: Queue) -> None:
        """Do nothing: the queue holds nothing."""

    def finish(self) -> None:
        """Do nothing: no queue holds anything."""

    def empty_cache(self) -> None:
        """Do nothing: memory is given back as soon as it is unused."""

    def place(self) -> str:
        """Name it."""
        return "the CPU"


class CudaEngine:
    """The queues and the memory of one GPU; see `Engine`.

    The queues are three streams. The one that computes is the stream in use when the
    engine is made, on which the model was loaded, so that kernels follow the loading.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._streams: dict[Queue, torch.cuda.Stream] = {
            "in": torch.cuda.Stream(device),
            "compute": torch.cuda.current_stream(device),
            "out": torch.cuda.Stream(device),
        }

    def host_buffer(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Pinned memory: a copy from pageable memory would make the host wait."""
        return torch.empty(shape, dtype=dtype, pin_memory=True)

    def device_buffer(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Memory of the computing stream that the copying one may write.

        The allocator may hand out memory that earlier kernels of the computing stream
        still use: it counts on the next use being in the same stream. So the other
        stream waits for them.
        """
        compute = self._streams["compute"]
        with torch.cuda.stream(compute):
            buffer = torch.empty(shape, dtype=dtype, device=self._device)
        self._streams["in"].wait_stream(compute)
        return buffer

    def enqueue(
        self, queue: Queue, action: Callable[[], None], after: Mark | None
    ) -> Mark:
        """Run an action with its stream as the current one, and mark the place.

        Events sleep rather than spin while they are waited for: a core that spins is
        one less for the tokenizer.
        """
        stream = self._streams[queue]
        # `stream` makes its device the current one too, for kernels and for events.
        with torch.cuda.stream(stream):
            if after is not None:
                stream.wait_event(after)  # type: ignore[arg-type]  # one of these
            action()
            event = torch.cuda.Event(blocking=True)
            event.record(stream)
        return event

    def keep(self, tensor: Tensor, queue: Queue) -> None:
        """Tell the allocator that another stream uses a tensor's memory.

        Without this it would hand the memory out again as soon as the last reference
        is gone, to kernels of the computing stream that do not wait for the copy.
        """
        tensor.record_stream(self._streams[queue])

    def finish(self) -> None:
        """Wait for the three streams, and for no others."""
        for stream in self._streams.values():
            stream.synchronize()

    def empty_cache(self) -> None:
        """Give blocks that no tensor uses back to the GPU."""
        torch.cuda.empty_cache()

    def place(self) -> str:
        """The GPU and its memory, as messages name them."""
        free, total = torch.cuda.mem_get_info(self._device)
        return f"{self._device} ({free / 1e9:.1f} GB free of {total / 1e9:.1f} GB)"


Engine = CpuEngine | CudaEngine
Mark = CpuEngine | torch.cuda.Event
"""A point in a queue, behind one action."""

"""The queues and the memory of one NVIDIA GPU: all that is said to torch.cuda.

The queues are three streams. The one that computes is the stream in use when the
engine is made, on which the model was loaded, so that kernels follow the loading.
Source for the rules about streams and memory: torch's notes "CUDA semantics", sections
"CUDA streams" and "Use pinned memory buffers".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor

    from isinglass.transforms.encode.encoder.staged import Mark, Queue


@dataclass(frozen=True)
class CudaMark:
    """An event behind an action, and one before it where time is measured."""

    event: torch.cuda.Event
    before: torch.cuda.Event | None = None

    def done(self) -> bool:
        """Whether the GPU has reached it; does not wait."""
        return bool(self.event.query())

    def wait(self) -> None:
        """Sleep until the GPU has reached it."""
        self.event.synchronize()

    def seconds(self) -> float:
        """Between the two events, once both are reached."""
        if self.before is None:
            return 0.0
        return float(self.before.elapsed_time(self.event)) / 1000.0


class CudaEngine:
    """The queues and the memory of one GPU; see `Engine`."""

    def __init__(self, device: torch.device, *, timed: bool) -> None:
        """Take two streams of the GPU beside the one in use.

        Args:
            device: A GPU that torch sees, with its number.
            timed: Whether the time of what is computed is measured.
        """
        import torch  # noqa: PLC0415  (optional)

        self._device = device
        self._timed = timed
        self._streams: dict[Queue, torch.cuda.Stream] = {
            "in": torch.cuda.Stream(device),
            "compute": torch.cuda.current_stream(device),
            "out": torch.cuda.Stream(device),
        }

    def host_buffer(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Pinned memory: a copy from pageable memory would make the host wait."""
        import torch  # noqa: PLC0415  (optional)

        return torch.empty(shape, dtype=dtype, pin_memory=True)

    def device_buffer(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Memory of the computing stream that the copying one may write.

        The allocator may hand out memory that earlier kernels of the computing stream
        still use: it counts on the next use being in the same stream. So the other
        stream waits for them.
        """
        import torch  # noqa: PLC0415  (optional)

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
        import torch  # noqa: PLC0415  (optional)

        stream = self._streams[queue]
        timed = self._timed and queue == "compute"
        # `stream` makes its device the current one too, for kernels and for events.
        with torch.cuda.stream(stream):
            if isinstance(after, CudaMark):
                stream.wait_event(after.event)
            before = torch.cuda.Event(enable_timing=True) if timed else None
            if before is not None:
                before.record(stream)
            action()
            event = torch.cuda.Event(enable_timing=timed, blocking=True)
            event.record(stream)
        return CudaMark(event, before)

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
        import torch  # noqa: PLC0415  (optional)

        torch.cuda.empty_cache()

    def place(self) -> str:
        """The GPU and its memory, as messages name them."""
        import torch  # noqa: PLC0415  (optional)

        free, total = torch.cuda.mem_get_info(self._device)
        return f"{self._device} ({free / 1e9:.1f} GB free of {total / 1e9:.1f} GB)"

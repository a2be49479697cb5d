"""The way of a batch through a device: what goes in, what comes out, in which order.

A lane takes batches before it has given back the earlier ones, so that the device has
work while the host prepares more. `CpuLane` is done with a batch when it has taken it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from isinglass.transforms.encode.forward.batch import DeviceBatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from isinglass.transforms.encode.forward.model import Model

LEAST_NORM = 1e-12

OUT_OF_MEMORY = (
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDA error: out of memory",
    "DefaultCPUAllocator: can't allocate memory",
)
"""How memory that is short shows itself outside of torch's allocator for GPUs."""


@dataclass(frozen=True)
class Output:
    """What came back for one batch; the arrays are valid until it is released.

    Attributes:
        vectors: Shape (n, dimensions), float32, normalised where that is wanted.
        hidden: Shape (tokens, dimensions), float16; None where not asked for.
        seconds: What the device spent on it; 0 where it is not measured.
    """

    vectors: NDArray[np.float32]
    hidden: NDArray[np.float16] | None
    seconds: float


class Ticket(Protocol):
    """A batch that a lane has taken."""

    def done(self) -> bool:
        """Whether `wait` would return at once."""

    def wait(self) -> Output:
        """What came back; waits for it."""


class Lane(Protocol):
    """Runs batches one after the other on one device, for one thread."""

    @property
    def full(self) -> bool:
        """Whether the oldest ticket must be released before the next batch."""

    def submit(self, ids: NDArray[np.int32], lengths: NDArray[np.int64]) -> Ticket:
        """Take a batch: tokens one document after the other, and their lengths.

        Raises:
            RuntimeError: Among others for memory, see `is_out_of_memory`; the batch
                is then not taken, and `recover` makes the lane fit for use again.
        """

    def release(self, ticket: Ticket) -> None:
        """Give the place of the oldest ticket, which is done, to the next batch."""

    def recover(self) -> None:
        """Wait for everything under way and give unused memory back."""

    def place(self) -> str:
        """The device and its memory, as messages name them."""

    def close(self) -> None:
        """Wait for everything under way; the lane is not used again."""


@dataclass(frozen=True)
class Work:
    """What is done with a batch on the device.

    Attributes:
        model: Runs it.
        normalise: Whether vectors are brought to unit length.
        hidden: Whether hidden states are wanted.
    """

    model: Model
    normalise: bool
    hidden: bool

    def __call__(self, batch: DeviceBatch) -> tuple[Tensor, Tensor | None]:
        """Vectors, float32, and hidden states, float16 or None, on the device."""
        import torch  # noqa: PLC0415  (optional)

        with torch.inference_mode():
            hidden = self.model.hidden(batch)
            vectors = self.model.vectors(batch, hidden)
            if self.normalise:
                # A vector of zeros has no direction and stays as it is.
                norms = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
                vectors = vectors / norms.clamp_min(LEAST_NORM)
            return vectors, hidden.to(torch.float16) if self.hidden else None


@dataclass(frozen=True)
class _Finished:
    output: Output

    def done(self) -> bool:
        return True

    def wait(self) -> Output:
        return self.output


@dataclass(frozen=True)
class CpuLane:
    """Runs each batch where it is called.

    Attributes:
        work: Done with each batch.
        clock: Gives seconds; None measures nothing.
    """

    work: Work
    clock: Callable[[], float] | None = None

    @property
    def full(self) -> bool:
        """Never: no batch is ever under way."""
        return False

    def submit(self, ids: NDArray[np.int32], lengths: NDArray[np.int64]) -> Ticket:
        """Run a batch; see `Lane`."""
        import torch  # noqa: PLC0415  (optional)

        before = self.clock() if self.clock is not None else 0.0
        batch = DeviceBatch(
            ids=torch.from_numpy(ids),
            starts=torch.from_numpy(starts_of(lengths)),
            lengths=lengths,
        )
        vectors, hidden = self.work(batch)
        after = self.clock() if self.clock is not None else 0.0
        states = hidden.numpy() if hidden is not None else None
        return _Finished(Output(vectors.numpy(), states, after - before))

    def release(self, ticket: Ticket) -> None:
        """Do nothing: the arrays are the batch's own."""

    def recover(self) -> None:
        """Do nothing: memory is given back as soon as it is unused."""

    def place(self) -> str:
        """The device and its memory, as messages name them."""
        return "the CPU"

    def close(self) -> None:
        """Do nothing: no batch is ever under way."""


def starts_of(lengths: NDArray[np.int64]) -> NDArray[np.int32]:
    """Where documents start, and where the last one ends, shape (n + 1,)."""
    starts = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, dtype=np.int32, out=starts[1:])
    return starts


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a device had too little memory, by the type or the text of an error."""
    import torch  # noqa: PLC0415  (optional)

    if isinstance(error, torch.OutOfMemoryError):
        return True
    return any(sign in str(error) for sign in OUT_OF_MEMORY)

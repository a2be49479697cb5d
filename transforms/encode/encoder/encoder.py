"""Documents to vectors: cut, batch, run the model, put the rows back in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.encoder.cuda import CudaEngine
from isinglass.transforms.encode.encoder.flight import Flight
from isinglass.transforms.encode.encoder.lanes import CpuLane, Work
from isinglass.transforms.encode.encoder.staged import StagedLane
from isinglass.transforms.encode.encoder.statistics import EncoderStatistics
from isinglass.transforms.encode.encoder.window import Encoded, open_window
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    import numpy as np
    from numpy.typing import NDArray

    from isinglass.transforms.encode.encoder.lanes import Lane
    from isinglass.transforms.encode.forward.model import Model


@dataclass
class Encoder:
    """A loaded model with the settings it is run with.

    Attributes:
        model: Runs batches.
        vocabulary_size: One more than the largest id the model knows.
        max_tokens: Tokens of a document that the model sees.
        batch_tokens: Most tokens in a batch; halved each time the device's memory
            runs out, and not raised again.
        normalise: Whether vectors are brought to unit length.
        clock: Gives seconds, such as `time.perf_counter`; None measures no times.
        halved: How often the device's memory has run out.
        statistics: How well the device was used, over all calls.
    """

    model: Model
    vocabulary_size: int
    max_tokens: int
    batch_tokens: int
    normalise: bool
    clock: Callable[[], float] | None = None
    halved: int = field(default=0, init=False)
    statistics: EncoderStatistics = field(default_factory=EncoderStatistics, init=False)

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self.model.dimensions

    def encode(self, tokens: TokenBatch) -> NDArray[np.float32]:
        """One vector a document, in the order of the documents; see `run`.

        Returns:
            Shape (n, dimensions), float32.
        """
        (encoded,) = self.run([tokens])
        return encoded.vectors

    def run(
        self, windows: Iterable[TokenBatch], *, hidden: bool = False
    ) -> Generator[Encoded, None, None]:
        """Vectors, and on request hidden states, of window after window, in order.

        Documents of a window are cut into batches together, by length: the larger the
        window, the fuller the batches. On a GPU the first batches of a window are put
        in before the last of the one before have come back, so that a window is given
        out when the next one has begun, or the source has ended.

        A document's vector depends on the other documents of the window by rounding
        only (the kernels may sum in another order: about 1e-7 a value in float32).
        The same windows give the same bytes in every process on the same kind of
        processor, as long as memory suffices.

        Args:
            windows: Documents; those of no tokens, which only a tokenizer without
                special tokens can give, have vectors of zeros.
            hidden: Whether the last hidden state of every token is given out too:
                2 x dimensions bytes a token, so 768 for MiniLM, about 200 times the
                text. A window is held whole, at most three at a time.

        Raises:
            TooLargeError: A document alone does not fit into the device's memory.
            RefuseError: An id is beyond the model's vocabulary; a vector is not finite.
        """
        lane = self._lane(hidden=hidden)
        flight = Flight(lane, self, self.statistics, padded=self.model.padded)
        began: float | None = None
        try:
            for tokens in windows:
                if began is None and self.clock is not None:
                    began = self.clock()
                self._check_ids(tokens)
                seen = cut(tokens, self.max_tokens)
                yield from flight.add(open_window(seen, self.dimensions, hidden=hidden))
            yield from flight.finish()
        finally:
            lane.close()
            if began is not None and self.clock is not None:
                self.statistics.wall_seconds += self.clock() - began

    def _lane(self, *, hidden: bool) -> Lane:
        work = Work(self.model, normalise=self.normalise, hidden=hidden)
        device = self.model.device
        if device.type == "cpu":
            return CpuLane(work, self.clock)
        engine = CudaEngine(device, timed=self.clock is not None)
        return StagedLane(work, engine, max(self.batch_tokens, self.max_tokens))

    def _check_ids(self, tokens: TokenBatch) -> None:
        largest = int(tokens.values.max(initial=-1))
        if largest >= self.vocabulary_size:
            msg = (
                f"Token id {largest} is beyond the model's vocabulary of "
                f"{self.vocabulary_size}: tokenizer and model do not belong together. "
                "Set encode.tokenizer to the model's own."
            )
            raise RefuseError(msg)

"""Documents to vectors: cut, batch, run the model, put the rows back in order."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode import require
from isinglass.transforms.encode.encoder.device import choose_device, choose_precision
from isinglass.transforms.encode.encoder.window import Encoded, Window
from isinglass.transforms.encode.forward.load import load_model
from isinglass.transforms.encode.models.check import check_fit
from isinglass.transforms.encode.models.find import chosen_pooling, model_folder
from isinglass.transforms.encode.models.folder import model_settings
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, cut

if TYPE_CHECKING:
    # Its libraries may be missing where a GPU is.
    from isinglass.schemas.config import EncodeConfig
    from isinglass.transforms.encode.encoder.lane import Lane
    from isinglass.transforms.encode.forward.load import Model

CPU_BATCH_TOKENS = 2048
"""Most tokens of a batch on a CPU. Measured with MiniLM on one AMD EPYC core: 1,024 to
4,096 are equally fast, in float32 and in bfloat16; more only takes memory."""


@dataclass
class Encoder:
    """A loaded model with the settings it is run with.

    Attributes:
        vocabulary_size: One more than the largest id the model knows.
        max_tokens: Tokens of a document that the model sees.
        batch_tokens: Most tokens in a batch; halved each time the device's memory
            runs out, and not raised again.
    """

    model: Model
    vocabulary_size: int
    max_tokens: int
    batch_tokens: int
    normalise: bool

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self.model.dimensions

    def encode(self, tokens: TokenBatch) -> NDArray[np.float32]:
        """One vector a document (n, dimensions), in their order; see `run`."""
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

        Documents of no tokens, which only a tokenizer without special tokens can give,
        have vectors of zeros. `hidden` gives out the last hidden state of every token
        too: 2 x dimensions bytes a token, so 768 for MiniLM, about 200 times the text.
        A window is held whole, at most three at a time.

        Raises:
            TooLargeError: A document alone does not fit into the device's memory.
            RefuseError: An id is beyond the model's vocabulary; a vector is not finite.
        """
        from isinglass.transforms.encode.encoder import flight  # noqa: PLC0415  (torch)

        lane = self._lane(hidden=hidden)
        batches = flight.Flight(lane, self)
        try:
            for tokens in windows:
                self._check_ids(tokens)
                seen = cut(tokens, self.max_tokens)
                yield from batches.add(Window(seen, self.dimensions, hidden=hidden))
            yield from batches.finish()
        finally:
            lane.engine.finish()

    def _lane(self, *, hidden: bool) -> Lane:
        from isinglass.transforms.encode.encoder import engines, lane  # noqa: PLC0415

        work = lane.Work(self.model, normalise=self.normalise, hidden=hidden)
        device = self.model.device
        engine: engines.Engine = engines.CpuEngine()
        if device.type != "cpu":
            engine = engines.CudaEngine(device)
        return lane.Lane(work, engine, max(self.batch_tokens, self.max_tokens))

    def _check_ids(self, tokens: TokenBatch) -> None:
        largest = int(tokens.values.max(initial=-1))
        if largest >= self.vocabulary_size:
            raise RefuseError(
                f"Token id {largest} is beyond the model's vocabulary of "
                f"{self.vocabulary_size}: tokenizer and model do not belong together. "
                "Set encode.tokenizer to the model's own."
            )


def load_encoder(settings: EncodeConfig) -> Encoder:
    """Load the model that `encode.model` names.

    Raises as `check_fit` and `load_model` do, and `RefuseError` if the device has too
    little memory for the model.
    """
    require("torch", "safetensors")
    from isinglass.transforms.encode.encoder import lane  # noqa: PLC0415  (torch)

    check_fit(settings)
    device = choose_device(settings.device)
    folder = model_folder(settings)
    pooling = chosen_pooling(settings)
    precision = choose_precision(settings.precision, device)
    try:
        model = load_model(folder, device, precision, pooling)
    except RuntimeError as error:
        if not lane.is_out_of_memory(error):
            raise
        raise RefuseError(
            f"encode.model: {folder} does not fit into the free memory of {device}. "
            "Set encode.device to another device or to cpu, or end the other programs "
            "that use its memory."
        ) from error
    budget = settings.batch_tokens
    if device.type == "cpu":
        budget = min(budget, CPU_BATCH_TOKENS)
    return Encoder(
        model=model,
        vocabulary_size=model_settings(folder)["vocab_size"],
        max_tokens=settings.max_tokens,
        batch_tokens=budget,
        normalise=settings.normalise,
    )

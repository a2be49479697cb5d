"""How well an encoder uses its device: every batch its model runs, written down."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from isinglass.transforms.encode.batching import batch_cost

if TYPE_CHECKING:
    from torch import Tensor

    from isinglass.transforms.encode.encoder.encoder import Encoder
    from isinglass.transforms.encode.forward.batch import DeviceBatch
    from isinglass.transforms.encode.forward.load import Model


@dataclass
class Books:
    """Sums over every batch of an encoder.

    Attributes:
        batches: Forward passes.
        tokens: Tokens in them, after cutting to the encoder's longest.
        positions: Tokens and the padding that a padded model runs beside them.
        budgets: Most tokens that those batches could have held.
        began: By `time.perf_counter`, when the first batch came; None before.
    """

    batches: int = 0
    tokens: int = 0
    positions: int = 0
    budgets: int = 0
    began: float | None = None
    _spans: list[Any] = field(default_factory=list)

    @property
    def fill(self) -> float:
        """Share of the batches' budgets that held a token, 0 to 1."""
        return self.tokens / self.budgets if self.budgets else 0.0

    @property
    def padding(self) -> float:
        """Share of the positions run that held no token, 0 to 1."""
        return 1.0 - self.tokens / self.positions if self.positions else 0.0

    def busy(self) -> float:
        """Seconds from the start to the end of each batch on the device.

        On a GPU by its own clock, where pauses between the kernels of one batch count
        as work; called when all of them have come back.
        """
        seconds: list[float] = [
            after - before
            if isinstance(before, float)
            else before.elapsed_time(after) / 1000.0
            for before, after in self._spans
        ]
        return sum(seconds)

    def idle(self, until: float) -> float:
        """Share of the time since the first batch in which the device ran none, 0 to 1.

        Args:
            until: By `time.perf_counter`, when the last batch had come back.
        """
        whole = until - (until if self.began is None else self.began)
        return max(0.0, 1.0 - self.busy() / whole) if whole > 0.0 else 0.0

    def add(self, span: tuple[Any, Any], batch: DeviceBatch, encoder: Encoder) -> None:
        """Count a batch that was run between two marks."""
        self._spans.append(span)
        self.batches += 1
        self.tokens += len(batch.ids)
        self.positions += batch_cost(batch.lengths, padded=encoder.model.padded)
        self.budgets += encoder.batch_tokens


class Watched:
    """A model whose batches are written down; everything else is the model's own."""

    def __init__(self, model: Model, encoder: Encoder, books: Books) -> None:
        self._model = model
        self._encoder = encoder
        self._books = books
        self._before: Any = None

    def __getattr__(self, name: str) -> Any:
        """What the model itself has."""
        return getattr(self._model, name)

    def hidden(self, batch: DeviceBatch) -> Tensor:
        """Last hidden states; starts the batch's time."""
        if self._books.began is None:
            self._books.began = time.perf_counter()
        self._before = self._mark()
        return self._model.hidden(batch)

    def vectors(self, batch: DeviceBatch, hidden: Tensor) -> Tensor:
        """Vectors of the documents; ends it."""
        vectors = self._model.vectors(batch, hidden)
        self._books.add((self._before, self._mark()), batch, self._encoder)
        return vectors

    def _mark(self) -> Any:
        """A moment on the device: an event of the stream that computes, or a time."""
        if self._model.device.type == "cpu":
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event


def watch(encoder: Encoder) -> Books:
    """Have everything an encoder runs from now on written down."""
    books = Books()
    encoder.model = Watched(encoder.model, encoder, books)  # type: ignore[assignment]
    return books

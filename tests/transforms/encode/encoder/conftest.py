"""A model of a few lines, and a device that works when it likes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from isinglass.transforms.encode.encoder.encoder import Encoder
from isinglass.transforms.encode.encoder.lane import Lane, Work
from isinglass.transforms.encode.tokenizers.batch import TokenBatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, dtype
    from torch import device as Device  # noqa: N812  (a field has its name)

    from isinglass.transforms.encode.encoder.engines import Mark, Queue
    from isinglass.transforms.encode.forward.batch import DeviceBatch

torch = pytest.importorskip("torch")

VOCABULARY = 1000


@dataclass
class TinyModel:
    """Table look-up and sums; counts what it is given.

    Attributes:
        limit: Tokens above which memory runs out; counted with padding if padded.
        error: Raised then.
        seen: Tokens of every batch it has run.
    """

    dimensions: int = 5
    padded: bool = False
    limit: int | None = None
    error: Callable[[], Exception] = lambda: torch.OutOfMemoryError("none left")
    device: Device = field(default_factory=lambda: torch.device("cpu"))
    attention: str = "none"
    seen: list[int] = field(default_factory=list)
    table: Tensor = field(init=False)

    def __post_init__(self) -> None:
        """Draw the table."""
        generator = torch.Generator().manual_seed(3)
        shape = (VOCABULARY, self.dimensions)
        self.table = torch.randn(shape, generator=generator)

    def hidden(self, batch: DeviceBatch) -> Tensor:
        cost = int(batch.starts[-1])
        if self.padded:
            cost = len(batch.lengths) * int(batch.lengths.max())
        if self.limit is not None and cost > self.limit:
            raise self.error()
        self.seen.append(len(batch.ids))
        return self.table[batch.ids.long()]

    def vectors(self, batch: DeviceBatch, hidden: Tensor) -> Tensor:
        # The lengths on the host and the starts on the device say the same.
        assert np.diff(batch.starts.numpy()).tolist() == batch.lengths.tolist()
        assert (np.diff(batch.lengths) <= 0).all()
        parts = hidden.split(batch.lengths.tolist())
        return torch.stack([part.double().mean(0) for part in parts]).float()


@dataclass
class LateMark:
    """Reached when the action before it has been done."""

    engine: LateEngine
    reached: bool = False

    def query(self) -> bool:
        return self.reached

    def synchronize(self) -> None:
        while not self.reached:
            self.engine.step()


class LateEngine:
    """A device that does nothing before it must, and then in any possible order.

    Every action of a queue comes after the one before it in the same queue and after
    the mark it was told to wait for; among those that may go next one is drawn.
    """

    def __init__(self, seed: int = 0) -> None:
        self.draw = np.random.default_rng(seed)
        self.queues: dict[
            Queue, deque[tuple[Callable[[], None], Mark | None, LateMark]]
        ] = {"in": deque(), "compute": deque(), "out": deque()}
        self.done: list[Queue] = []
        self.kept = 0
        self.emptied = 0
        self.longest = 0

    def host_buffer(self, shape: tuple[int, ...], dtype: dtype) -> Tensor:
        return torch.full(shape, 77, dtype=dtype)

    def device_buffer(self, shape: tuple[int, ...], dtype: dtype) -> Tensor:
        return torch.full(shape, 77, dtype=dtype)

    def enqueue(
        self, queue: Queue, action: Callable[[], None], after: Mark | None
    ) -> LateMark:
        mark = LateMark(self)
        self.queues[queue].append((action, after, mark))
        self.longest = max(self.longest, len(self.queues["compute"]))
        return mark

    def step(self) -> None:
        ready = [
            name
            for name, waiting in self.queues.items()
            if waiting and (waiting[0][1] is None or waiting[0][1].query())
        ]
        name = ready[int(self.draw.integers(len(ready)))]
        action, _, mark = self.queues[name].popleft()
        action()
        self.done.append(name)
        mark.reached = True

    def keep(self, tensor: Tensor, queue: Queue) -> None:
        assert queue == "out"
        assert tensor.is_contiguous()
        self.kept += 1

    def finish(self) -> None:
        while any(self.queues.values()):
            self.step()

    def empty_cache(self) -> None:
        self.emptied += 1

    def place(self) -> str:
        return "a late device (0.1 GB free of 0.2 GB)"


class PromptEngine(LateEngine):
    """A device that raises where it is told what to do, as allocating memory does."""

    def enqueue(
        self, queue: Queue, action: Callable[[], None], after: Mark | None
    ) -> LateMark:
        assert after is None or after.query()
        action()
        self.done.append(queue)
        return LateMark(self, reached=True)


class LateEncoder(Encoder):
    """An encoder whose device is a `LateEngine`."""

    engine: LateEngine
    slots = 3

    def _lane(self, *, hidden: bool) -> Lane:
        work = Work(self.model, normalise=self.normalise, hidden=hidden)
        capacity = max(self.batch_tokens, self.max_tokens)
        return Lane(work, self.engine, capacity, self.slots)  # type: ignore[arg-type]


@pytest.fixture
def tiny() -> type[TinyModel]:
    return TinyModel


@pytest.fixture
def make_encoder() -> Callable[..., Encoder]:
    """Return a function that makes an encoder, on the CPU or on an engine."""

    def make(
        model: TinyModel,
        budget: int = 64,
        engine: LateEngine | None = None,
        **settings: object,
    ) -> Encoder:
        values = {
            "vocabulary_size": VOCABULARY,
            "max_tokens": 30,
            "normalise": True,
            **settings,
        }
        if engine is None:
            return Encoder(model=model, batch_tokens=budget, **values)  # type: ignore[arg-type]
        late = LateEncoder(model=model, batch_tokens=budget, **values)  # type: ignore[arg-type]
        late.engine = engine
        return late

    return make


@pytest.fixture
def late_engine() -> type[LateEngine]:
    return LateEngine


@pytest.fixture
def prompt_engine() -> type[PromptEngine]:
    return PromptEngine


@pytest.fixture
def make_tokens() -> Callable[..., TokenBatch]:
    """Return a function that draws tokens of documents of 0 to `longest` tokens."""

    def make(documents: int, seed: int = 0, longest: int = 40) -> TokenBatch:
        draw = np.random.default_rng(seed)
        lengths = draw.integers(0, longest + 1, documents)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        values = draw.integers(0, VOCABULARY, offsets[-1]).astype(np.int32)
        return TokenBatch(values, offsets)

    return make

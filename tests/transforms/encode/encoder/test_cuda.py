"""What is said to a GPU, in which order; and, where there is one, what comes back."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.config import EncodeConfig
from isinglass.transforms.encode.encoder.encoder import load_encoder
from isinglass.transforms.encode.encoder.engines import CudaEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isinglass.transforms.encode.encoder.encoder import Encoder

torch = pytest.importorskip("torch")
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@dataclasses.dataclass
class Recorder:
    """Writes down what streams and events are told."""

    said: list[str] = dataclasses.field(default_factory=list)
    streams: int = 0
    events: int = 0

    def stream(self, _: object, name: str = "") -> Stream:
        self.streams += 1
        return Stream(self.said, name or f"stream{self.streams}")

    def event(self, *, blocking: bool) -> Event:
        self.events += 1
        assert blocking
        return Event(self.said, f"event{self.events}")

    @contextmanager
    def use(self, stream: Stream) -> Iterator[None]:
        self.said.append(f"use {stream.name}")
        yield
        self.said.append(f"leave {stream.name}")


@dataclasses.dataclass
class Stream:
    said: list[str]
    name: str

    def wait_event(self, event: Event) -> None:
        self.said.append(f"{self.name} waits for {event.name}")

    def wait_stream(self, other: Stream) -> None:
        self.said.append(f"{self.name} waits for {other.name}")

    def synchronize(self) -> None:
        self.said.append(f"host waits for {self.name}")


@dataclasses.dataclass
class Event:
    said: list[str]
    name: str

    def record(self, stream: Stream) -> None:
        self.said.append(f"{stream.name} records {self.name}")

    def synchronize(self) -> None:
        self.said.append(f"host waits for {self.name}")

    def query(self) -> bool:
        return True


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder()
    monkeypatch.setattr("torch.cuda.Stream", made.stream)
    monkeypatch.setattr("torch.cuda.Event", made.event)
    monkeypatch.setattr("torch.cuda.stream", made.use)
    monkeypatch.setattr(
        "torch.cuda.current_stream", lambda device: made.stream(device, "current")
    )
    return made


def test_action_stands_between_what_it_waits_for_and_its_mark(
    recorder: Recorder,
) -> None:
    engine = CudaEngine(torch.device("cpu"))
    copied = engine.enqueue("in", lambda: recorder.said.append("copy in"), None)
    computed = engine.enqueue("compute", lambda: recorder.said.append("run"), copied)
    out = engine.enqueue("out", lambda: recorder.said.append("copy out"), computed)
    inward, outward = "stream1", "stream3"
    assert recorder.said == [
        f"use {inward}",
        "copy in",
        f"{inward} records event1",
        f"leave {inward}",
        "use current",
        "current waits for event1",
        "run",
        "current records event2",
        "leave current",
        f"use {outward}",
        f"{outward} waits for event2",
        "copy out",
        f"{outward} records event3",
        f"leave {outward}",
    ]
    assert out.query() is True
    recorder.said.clear()
    out.synchronize()
    engine.finish()
    assert recorder.said == [
        "host waits for event3",
        f"host waits for {inward}",
        "host waits for current",
        f"host waits for {outward}",
    ]


def test_copies_in_wait_for_the_memory_to_be_free(recorder: Recorder) -> None:
    engine = CudaEngine(torch.device("cpu"))
    assert engine.device_buffer((3,), torch.int32).shape == (3,)
    assert recorder.said == [
        "use current",
        "leave current",
        "stream1 waits for current",
    ]


@pytest.fixture
def gpu_encoder() -> Encoder:
    return load_encoder(EncodeConfig(device="cuda", precision="float32"))


TEXTS = [f"number {i} " + "some more words " * ((i * 37) % 90) for i in range(2000)]


@on_gpu
@pytest.mark.parametrize("budget", [512, 8192])
def test_gpu_agrees_with_the_cpu(
    tokenizer: Any, encoder: Encoder, gpu_encoder: Encoder, budget: int
) -> None:
    tokens = tokenizer.encode(pa.array(TEXTS))
    gpu = dataclasses.replace(gpu_encoder, batch_tokens=budget)
    first, second = gpu.run([tokens, tokens], hidden=True)
    assert first.vectors.tobytes() == second.vectors.tobytes()
    assert first.hidden is not None
    assert second.hidden is not None
    assert first.hidden.tobytes() == second.hidden.tobytes()
    some = tokenizer.encode(pa.array(TEXTS[:40]))
    assert np.abs(first.vectors[:40] - encoder.encode(some)).max() < 1e-5


@on_gpu
def test_gpu_that_is_out_of_memory(tokenizer: Any, gpu_encoder: Encoder) -> None:
    tokens = tokenizer.encode(pa.array(TEXTS))
    expected = gpu_encoder.encode(tokens)
    torch.cuda.empty_cache()
    room = torch.cuda.memory_reserved() + 100e6
    _, total = torch.cuda.mem_get_info()
    torch.cuda.set_per_process_memory_fraction(room / total)
    try:
        vectors = gpu_encoder.encode(tokens)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert gpu_encoder.batch_tokens < EncodeConfig().batch_tokens
    assert np.abs(vectors - expected).max() < 1e-5

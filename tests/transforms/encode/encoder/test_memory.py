"""What happens when the device's memory runs out."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from isinglass.schemas.errors import RefuseError, TooLargeError
from isinglass.transforms.encode.encoder.lane import is_out_of_memory
from isinglass.transforms.encode.tokenizers.batch import TokenBatch

if TYPE_CHECKING:
    from collections.abc import Callable

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("device", ["cpu", "gpu"])
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("memory", [(127, 1), (100, 1), (31, 3), (30, 3)])
def test_same_vectors_with_less_memory(
    tiny: Any,
    make_encoder: Any,
    make_tokens: Any,
    prompt_engine: Any,
    device: str,
    memory: tuple[int, int],
    *,
    padded: bool,
) -> None:
    limit, halved = memory
    windows = [make_tokens(200, seed) for seed in range(3)]
    engine = prompt_engine() if device == "gpu" else None
    short = make_encoder(tiny(padded=padded, limit=limit), 128, engine)
    ample = make_encoder(tiny(padded=padded), 128)
    pairs = zip(
        short.run(windows, hidden=True), ample.run(windows, hidden=True), strict=True
    )
    for one, other in pairs:
        assert one.vectors.tobytes() == other.vectors.tobytes()
        assert one.hidden.tobytes() == other.hidden.tobytes()
    # It stays halved, so that memory does not run out in every batch again.
    times = (128 // short.batch_tokens).bit_length() - 1
    assert 1 <= times <= halved
    assert short.batch_tokens == 128 >> times
    if engine is not None:
        assert engine.emptied == times


def test_batches_under_way_come_back_before_the_device_is_emptied(
    tiny: Any, make_encoder: Any, make_tokens: Any, late_engine: Any
) -> None:
    class Engine(late_engine):  # type: ignore[misc]
        """Raises at the sixth batch, with others under way."""

        calls = 0

        def enqueue(self, queue: Any, action: Any, after: Any) -> Any:
            self.calls += queue == "compute"
            if queue == "compute" and self.calls == 6:
                raise torch.OutOfMemoryError("none left")
            return super().enqueue(queue, action, after)

        def empty_cache(self) -> None:
            assert not any(self.queues.values())
            super().empty_cache()

    tokens = make_tokens(100)
    engine = Engine()
    encoder = make_encoder(tiny(), 64, engine)
    vectors = encoder.encode(tokens)
    assert vectors.tobytes() == make_encoder(tiny(), 64).encode(tokens).tobytes()
    assert (encoder.batch_tokens, engine.emptied) == (32, 1)


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_document_that_does_not_fit_alone(
    tiny: Any, make_encoder: Any, prompt_engine: Any, device: str
) -> None:
    tokens = TokenBatch(np.zeros(41, np.int32), np.array([0, 10, 30, 41]))
    engine = prompt_engine() if device == "gpu" else None
    encoder = make_encoder(tiny(limit=15), 64, engine)
    name = r"a late device \(0\.1 GB" if device == "gpu" else "the CPU"
    pattern = rf"20 tokens does not fit .* {name}.*encode\.max_tokens"
    with pytest.raises(TooLargeError, match=pattern) as caught:
        encoder.encode(tokens)
    assert caught.value.row == 1
    assert isinstance(caught.value, RefuseError)
    # The encoder is still of use, for shorter ones.
    short = TokenBatch(np.zeros(10, np.int32), np.array([0, 10]))
    assert encoder.encode(short).shape == (1, 5)


def test_document_that_fits_only_alone_is_tried_again_alone(
    tiny: Any, make_encoder: Any, late_engine: Any
) -> None:
    class Engine(late_engine):  # type: ignore[misc]
        """Has room for one batch at a time."""

        def enqueue(self, queue: Any, action: Any, after: Any) -> Any:
            if queue == "compute" and self.queues["compute"]:
                raise torch.OutOfMemoryError("none left")
            return super().enqueue(queue, action, after)

    values = np.arange(5 * 30, dtype=np.int32)
    tokens = TokenBatch(values, np.arange(6) * 30)
    engine = Engine()
    encoder = make_encoder(tiny(), 30, engine)
    vectors = encoder.encode(tokens)
    assert vectors.tobytes() == make_encoder(tiny(), 30).encode(tokens).tobytes()
    assert encoder.batch_tokens == 30 >> engine.emptied < 30


def test_another_error_is_not_taken_for_it(
    tiny: Any, make_encoder: Any, make_tokens: Any
) -> None:
    model = tiny(limit=3, error=lambda: RuntimeError("shapes differ"))
    encoder = make_encoder(model)
    with pytest.raises(RuntimeError, match="shapes differ"):
        encoder.encode(make_tokens(9))
    assert encoder.batch_tokens == 64


def test_memory_held_by_the_error_is_free_when_the_device_is_emptied(
    tiny: Any, make_encoder: Any, make_tokens: Any, prompt_engine: Any
) -> None:
    held: list[weakref.ref[Any]] = []

    class Model(tiny):  # type: ignore[misc]
        """Makes a large tensor, then fails."""

        def hidden(self, batch: Any) -> Any:
            made = torch.zeros(10)
            if len(batch.ids) > 40:
                held.append(weakref.ref(made))
            return super().hidden(batch)

    class Engine(prompt_engine):  # type: ignore[misc]
        """Looks whether the tensor is still there."""

        def empty_cache(self) -> None:
            super().empty_cache()
            assert held[-1]() is None

    gc.disable()
    try:
        engine = Engine()
        make_encoder(Model(limit=40), 64, engine).encode(make_tokens(30))
        assert engine.emptied == len(held) == 1
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: torch.OutOfMemoryError("CUDA out of memory. Tried"), True),
        (lambda: RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when"), True),
        (lambda: RuntimeError("CUDA error: out of memory\nCompile"), True),
        (lambda: RuntimeError("DefaultCPUAllocator: can't allocate memory"), True),
        (lambda: RuntimeError("CUDA error: an illegal memory access"), False),
        (lambda: RuntimeError("CUBLAS_STATUS_NOT_SUPPORTED"), False),
    ],
)
def test_signs_of_short_memory(
    make: Callable[[], RuntimeError], *, expected: bool
) -> None:
    assert is_out_of_memory(make()) is expected


def test_torch_itself_says_so_when_memory_is_short() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)

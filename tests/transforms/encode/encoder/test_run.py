from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, cut

if TYPE_CHECKING:
    from collections.abc import Iterator

torch = pytest.importorskip("torch")


def expected(model: Any, tokens: TokenBatch, *, normalise: bool = True) -> np.ndarray:
    """Vectors by a loop over documents."""
    seen = cut(tokens, 30)
    rows = np.zeros((len(seen.offsets) - 1, model.dimensions), np.float32)
    table = model.table.numpy().astype(np.float64)
    for row, (start, stop) in enumerate(itertools.pairwise(seen.offsets.tolist())):
        if stop > start:
            vector = table[seen.values[start:stop]].mean(0)
            rows[row] = vector / np.linalg.norm(vector) if normalise else vector
    return rows


@pytest.mark.parametrize("budget", [1, 30, 64, 10_000])
@pytest.mark.parametrize("padded", [False, True])
def test_vectors_in_the_order_of_the_documents(
    tiny: Any, make_encoder: Any, make_tokens: Any, budget: int, *, padded: bool
) -> None:
    model, tokens = tiny(padded=padded), make_tokens(100)
    vectors = make_encoder(model, budget).encode(tokens)
    assert vectors.dtype == np.float32
    assert np.abs(vectors - expected(model, tokens)).max() < 1e-6
    assert max(model.seen) <= max(budget, 30)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("slots", [1, 2, 3, 4])
def test_any_order_of_the_device_gives_the_same_bytes(
    tiny: Any,
    make_encoder: Any,
    make_tokens: Any,
    late_engine: Any,
    seed: int,
    slots: int,
) -> None:
    windows = [make_tokens(n, seed=n) for n in (40, 0, 1, 60, 25)]
    engine = late_engine(seed)
    late = make_encoder(tiny(), 64, engine)
    late.slots = slots
    plain = make_encoder(tiny(), 64)
    results = list(late.run(windows, hidden=True))
    for one, other in zip(results, plain.run(windows, hidden=True), strict=True):
        assert one.vectors.tobytes() == other.vectors.tobytes()
        assert one.hidden is not None
        assert other.hidden is not None
        assert one.hidden.tobytes() == other.hidden.tobytes()
    batches = len(late.model.seen)
    assert engine.kept == 2 * batches
    assert engine.done.count("in") == engine.done.count("out") == batches
    assert engine.longest <= slots


def test_next_window_is_put_in_before_this_one_has_come_back(
    tiny: Any, make_encoder: Any, make_tokens: Any, late_engine: Any
) -> None:
    engine = late_engine()
    encoder = make_encoder(tiny(), 64, engine)
    under_way: list[int] = []

    def windows() -> Iterator[TokenBatch]:
        for seed in range(3):
            under_way.append(len(engine.queues["out"]))
            yield make_tokens(30, seed)

    results = encoder.run(windows())
    next(results)
    # The second window was asked for with batches of the first still in the device.
    assert len(under_way) == 2
    assert under_way[1] >= 2
    assert len(list(results)) == 2


def test_cpu_gives_a_window_out_before_it_asks_for_the_next(
    tiny: Any, make_encoder: Any, make_tokens: Any
) -> None:
    asked: list[int] = []

    def windows() -> Iterator[TokenBatch]:
        for seed in range(3):
            asked.append(seed)
            yield make_tokens(30, seed)

    for number, _ in enumerate(make_encoder(tiny()).run(windows())):
        assert asked == list(range(number + 1))


def test_hidden_states_in_the_order_of_the_tokens(
    tiny: Any, make_encoder: Any, make_tokens: Any
) -> None:
    model, tokens = tiny(), make_tokens(50)
    (encoded,) = make_encoder(model).run([tokens], hidden=True)
    seen = cut(tokens, 30)
    assert encoded.offsets.tolist() == seen.offsets.tolist()
    assert encoded.hidden.dtype == np.float16
    wanted = model.table[torch.from_numpy(seen.values).long()].half().numpy()
    assert encoded.hidden.tobytes() == wanted.tobytes()


def test_hidden_states_only_when_asked_for(
    tiny: Any, make_encoder: Any, make_tokens: Any
) -> None:
    (encoded,) = make_encoder(tiny()).run([make_tokens(5)])
    assert encoded.hidden is None


def test_documents_without_tokens_have_zeros(tiny: Any, make_encoder: Any) -> None:
    tokens = TokenBatch(np.array([5, 6], np.int32), np.array([0, 0, 2, 2]))
    encoder = make_encoder(tiny())
    vectors = encoder.encode(tokens)
    assert np.flatnonzero(vectors.any(axis=1)).tolist() == [1]
    nothing = TokenBatch(np.zeros(0, np.int32), np.zeros(4, np.int64))
    assert encoder.encode(nothing).tolist() == [[0.0] * 5] * 3
    none = TokenBatch(np.zeros(0, np.int32), np.zeros(1, np.int64))
    assert encoder.encode(none).shape == (0, 5)
    assert list(encoder.run([])) == []


def test_zero_vector_stays_zero(tiny: Any, make_encoder: Any) -> None:
    model = tiny()
    model.table[7] = 0
    tokens = TokenBatch(np.array([7, 7, 8], np.int32), np.array([0, 2, 3]))
    vectors = make_encoder(model).encode(tokens)
    assert not vectors[0].any()
    assert np.linalg.norm(vectors[1]) == pytest.approx(1)


def test_vector_that_is_no_number_is_refused(tiny: Any, make_encoder: Any) -> None:
    model = tiny()
    model.table[7] = float("nan")
    tokens = TokenBatch(np.array([7], np.int32), np.array([0, 1]))
    with pytest.raises(RefuseError, match=r"encode\.precision"):
        make_encoder(model).encode(tokens)


def test_encoder_can_be_used_after_a_run_that_was_left_early(
    tiny: Any, make_encoder: Any, make_tokens: Any, late_engine: Any
) -> None:
    engine = late_engine()
    encoder = make_encoder(tiny(), 64, engine)
    results = encoder.run(make_tokens(30, seed) for seed in range(9))
    next(results)
    results.close()
    assert not any(engine.queues.values())
    tokens = make_tokens(20, 5)
    assert np.abs(encoder.encode(tokens) - expected(tiny(), tokens)).max() < 1e-6

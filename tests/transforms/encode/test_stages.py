from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.errors import TooLargeError
from isinglass.transforms.encode.encoder.lane import Lane
from isinglass.transforms.encode.stages import (
    StreamSettings,
    concatenated,
    encode_stream,
)
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isinglass.transforms.encode.encoder.encoder import Encoder
    from isinglass.transforms.encode.stages import Streamed

torch = pytest.importorskip("torch")

TEXTS = [f"number {i} " + "some more words " * ((i * 37) % 30) for i in range(24)]
ITEMS = [pa.array(TEXTS[start : start + 5]) for start in range(0, 24, 5)]


def streamed(
    tokenizer: Any, encoder: Encoder | None, **settings: Any
) -> list[Streamed[Any]]:
    stream = encode_stream(
        iter(ITEMS), tokenizer.encode, encoder, StreamSettings(**settings)
    )
    return list(stream)


def test_without_encoder(tokenizer: Any) -> None:
    for item, result in zip(ITEMS, streamed(tokenizer, None, threads=2), strict=True):
        assert result.item is item
        assert result.encoded is None
        tokens = tokenizer.encode(item)
        assert result.tokens.values.tolist() == tokens.values.tolist()
        assert result.tokens.offsets.tolist() == tokens.offsets.tolist()


@pytest.mark.parametrize("window_tokens", [0, 300])
def test_same_bytes_for_any_number_of_threads(
    tokenizer: Any, encoder: Encoder, window_tokens: int
) -> None:
    plain = streamed(tokenizer, encoder, window_tokens=window_tokens)
    for threads, depth in ((1, 1), (2, 4)):
        found = streamed(
            tokenizer,
            encoder,
            threads=threads,
            depth=depth,
            window_tokens=window_tokens,
        )
        for one, other in zip(plain, found, strict=True):
            assert one.item is other.item
            assert one.encoded is not None
            assert other.encoded is not None
            assert one.encoded.vectors.tobytes() == other.encoded.vectors.tobytes()


def test_every_item_has_the_rows_of_its_own_documents(
    tokenizer: Any, encoder: Encoder
) -> None:
    apart = streamed(tokenizer, encoder, hidden=True)
    together = streamed(tokenizer, encoder, hidden=True, window_tokens=400)
    for item, one, other in zip(ITEMS, apart, together, strict=True):
        assert one.encoded is not None
        assert other.encoded is not None
        assert one.encoded.vectors.shape == (len(item), 384)
        seen = cut(tokenizer.encode(item), encoder.max_tokens)
        for encoded in (one.encoded, other.encoded):
            assert encoded.offsets.tolist() == seen.offsets.tolist()
            assert encoded.hidden is not None
            assert encoded.hidden.shape == (len(seen.values), 384)
        assert np.abs(one.encoded.vectors - other.encoded.vectors).max() <= 1e-6
        assert one.encoded.hidden is not None
        difference = one.encoded.hidden.astype(float) - other.encoded.hidden
        assert np.abs(difference).max() < 2e-3


@pytest.mark.parametrize("window_tokens", [0, 300, 10_000])
def test_the_document_that_is_too_large_is_told_by_item_and_row(
    tokenizer: Any,
    encoder: Encoder,
    monkeypatch: pytest.MonkeyPatch,
    window_tokens: int,
) -> None:
    longest = max(range(24), key=lambda number: len(TEXTS[number]))
    most = len(tokenizer.encode(pa.array([TEXTS[longest]])).values)
    honest = Lane.submit

    def short(lane: Lane, ids: Any, lengths: Any) -> Any:
        if lengths.max() == most:
            raise torch.OutOfMemoryError("none left")
        return honest(lane, ids, lengths)

    monkeypatch.setattr(Lane, "submit", short)
    encoder = replace(encoder, max_tokens=most)
    with pytest.raises(TooLargeError, match="does not fit") as caught:
        streamed(tokenizer, encoder, window_tokens=window_tokens)
    assert caught.value.item is ITEMS[longest // 5]
    assert caught.value.row == longest % 5


def test_concatenated() -> None:
    first = TokenBatch(np.array([1, 2, 3], np.int32), np.array([0, 1, 3]))
    none = TokenBatch(np.zeros(0, np.int32), np.array([0]))
    empty = TokenBatch(np.zeros(0, np.int32), np.array([0, 0]))
    joined = concatenated([first, none, empty, first])
    assert joined.values.tolist() == [1, 2, 3, 1, 2, 3]
    assert joined.offsets.tolist() == [0, 1, 3, 3, 4, 6]
    assert joined.values.dtype == np.int32
    assert joined.offsets.dtype == np.int64


@pytest.mark.parametrize("threads", [0, 2])
def test_left_early_or_by_an_error(
    tokenizer: Any, encoder: Encoder, threads: int
) -> None:
    before = set(threading.enumerate())

    def broken() -> Iterator[pa.Array]:
        yield from ITEMS[:2]
        raise OSError("disk is gone")

    settings = StreamSettings(threads=threads)
    stream = encode_stream(iter(ITEMS), tokenizer.encode, encoder, settings)
    next(stream)
    stream.close()
    with pytest.raises(OSError, match="disk is gone"):
        list(encode_stream(broken(), tokenizer.encode, encoder, settings))
    assert set(threading.enumerate()) == before

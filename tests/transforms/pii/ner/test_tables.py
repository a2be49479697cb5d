from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from isinglass.transforms.pii.ner import types as types_module
from isinglass.transforms.pii.ner.batch import split
from isinglass.transforms.pii.ner.chunks import ChunkTable
from isinglass.transforms.pii.ner.inference import SEGMENT, Inference
from isinglass.transforms.pii.ner.network import HALO
from isinglass.transforms.pii.ner.special import CrossingRules
from isinglass.transforms.pii.ner.types import TypeTable
from isinglass.transforms.pii.ner.weights import COLUMNS, read_weights
from isinglass.transforms.text import string_buffers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest


def stream(count: int) -> list[str]:
    """Texts that share few words."""
    return [
        " ".join(
            f"Bo{chr(97 + n % 26)}ris{n * 7 + i} met Eva{i * n}x in Rome."
            for i in range(9)
        )
        for n in range(count)
    ]


def test_small_tables_find_the_same_and_do_not_grow(
    bare: Any,
    monkeypatch: pytest.MonkeyPatch,
    by_spacy: Callable[[Sequence[str]], set[tuple[int, int, int, str]]],
) -> None:
    monkeypatch.setattr(types_module, "MOST_KEYS", 300)
    small = Inference(bare, resident=20, entries=200)
    texts = stream(60)
    sizes = []
    found = set()
    for number, text in enumerate(texts):
        spans = small.spans(pa.array([text]))
        found |= {
            (number, start, end, small.labels[label])
            for start, end, label in zip(
                spans.starts.tolist(),
                spans.ends.tolist(),
                spans.labels.tolist(),
                strict=True,
            )
        }
        sizes.append((len(small._chunks), len(small._types)))
    drops = sum(after < before for before, after in pairwise(sizes))
    assert drops > 3
    assert found == by_spacy(texts)
    assert max(chunks for chunks, _ in sizes) < 260
    assert max(types for _, types in sizes) < 400
    assert len(small._types.rows) == 20 + SEGMENT + 2 * HALO


def test_bytes_are_compared_where_hashes_are_equal(nlp: Any) -> None:
    table = _table(nlp)
    data, offsets = string_buffers(pa.array(["one two, one three two, (one"]))
    pieces = split(data, offsets)
    same = pieces._replace(hashes=np.full_like(pieces.hashes, 7))
    assert table.find(data, same).tolist() == [0, 1, 0, 2, 1, 3]
    assert table.find(data, same).tolist() == [0, 1, 0, 2, 1, 3]
    tokens = np.diff(table.token_ends[:5]).tolist()
    assert tokens == [1, 2, 1, 2]


def test_a_table_grows_for_one_large_batch(nlp: Any) -> None:
    table = _table(nlp, entries=4)
    words = [f"w{n}" for n in range(500)]
    data, offsets = string_buffers(pa.array([" ".join(words)]))
    pieces = split(data, offsets)
    assert table.find(data, pieces).tolist() == list(range(500))
    # The next batch finds it full, so that it begins anew.
    other, bounds = string_buffers(pa.array(["w7 w9"]))
    assert table.find(other, split(other, bounds)).tolist() == [0, 1]


def test_types_beyond_the_resident_ones_have_the_same_floats(nlp: Any) -> None:
    encoder = read_weights(nlp).encoder
    doc = nlp.tokenizer("one two three four five six seven")
    keys = doc.to_array(list(COLUMNS))
    large, small = TypeTable(encoder, 100, 10), TypeTable(encoder, 3, 10)
    for table in (large, small):
        assert table.intern(keys).tolist() == list(range(1, 8))
    ids = np.array([0, 7, 2, 5, 7, 0], np.int32)
    assert small.places(ids).tolist() != ids.tolist()
    assert large.places(ids).tolist() == ids.tolist()
    np.testing.assert_allclose(
        small.rows[small.places(ids)], large.rows[ids], rtol=1e-5, atol=1e-5
    )


def _table(nlp: Any, entries: int = 1000) -> ChunkTable:
    types = TypeTable(read_weights(nlp).encoder, 100, 100)
    return ChunkTable(nlp, types, CrossingRules(nlp.tokenizer), entries)

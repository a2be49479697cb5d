from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from isinglass.transforms.encode.tokenizers.texts import texts_of
from isinglass.transforms.encode.tokenizers.tokenizer import sampled_rows

TEXTS = [f"document number {number} of many" for number in range(20_000)]


@pytest.mark.parametrize("share", [0.001, 0.01, 0.5])
def test_share(share: float) -> None:
    found = len(sampled_rows(texts_of(pa.array(TEXTS)), share))
    spread = np.sqrt(share * (1 - share) * len(TEXTS))
    assert abs(found - share * len(TEXTS)) < 5 * spread


@pytest.mark.parametrize(
    ("share", "rows"), [(0.0, []), (1.0, [0, 1, 2, 3, 4]), (-1.0, [])]
)
def test_none_and_all(share: float, rows: list[int]) -> None:
    texts = texts_of(pa.array(["", "a", "ab", "\u00e9" * 40, ""]))
    assert sampled_rows(texts, share).tolist() == rows
    assert sampled_rows(texts_of(pa.array([], pa.string())), share).tolist() == []
    assert sampled_rows(texts_of(pa.array([""])), share).tolist() == rows[:1]


def test_choice_does_not_depend_on_the_batch() -> None:
    whole = sampled_rows(texts_of(pa.array(TEXTS)), 0.05)
    parts = [
        sampled_rows(texts_of(pa.array(TEXTS)[at : at + 777]), 0.05) + at
        for at in range(0, len(TEXTS), 777)
    ]
    assert np.concatenate(parts).tolist() == whole.tolist()

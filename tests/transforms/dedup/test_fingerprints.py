from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config import DedupConfig
from isinglass.transforms.dedup.shingles import Shingles, shingle
from isinglass.transforms.dedup.survey import (
    HASHES_VERSION,
    WINDOW,
    band_hashes,
    families,
    winnow,
)
from isinglass.transforms.normalise import normalise
from isinglass.transforms.text import content_hashes

GOLDEN_CONTENT = [[168593716871712394, 10004170485373217472]]
GOLDEN_SHINGLES = [8963711678817334610, 3402315429020248232]
GOLDEN_BANDS = [[6494612016261760459, 9314137927254861166]]


def shingles_of(rows: list[list[int]]) -> Shingles:
    values = [value for row in rows for value in row]
    offsets = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    return Shingles(np.array(values, np.uint64), offsets, np.ones(len(rows), np.uint8))


def chosen(rows: list[list[int]]) -> list[list[int]]:
    values, offsets = winnow(shingles_of(rows))
    return [values[start:stop].tolist() for start, stop in pairwise(offsets)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([], []),
        ([7], [7]),
        ([9, 3, 5], [3]),
        (list(range(WINDOW)), [0]),
        (list(range(WINDOW + 2)), [0, 1, 2]),
        ([5] * 30, [5]),
        ([1, *[9] * (WINDOW - 1), 8, 2], [1, 2, 8]),
    ],
)
def test_winnow_table(row: list[int], expected: list[int]) -> None:
    assert chosen([row, [4], row]) == [expected, [4], expected]


@given(st.lists(st.lists(st.integers(0, 20), max_size=40), max_size=5))
def test_every_window_has_its_minimum(rows: list[list[int]]) -> None:
    for row, found in zip(rows, chosen(rows), strict=True):
        windows = [row[i : i + WINDOW] for i in range(max(1, len(row) - WINDOW + 1))]
        assert found == sorted({min(window) for window in windows if window})


@given(st.lists(st.integers(0, 2**64 - 1), min_size=WINDOW, max_size=30), st.data())
def test_a_shared_run_shares_a_fingerprint(run: list[int], data: st.DataObject) -> None:
    other = st.lists(st.integers(0, 2**64 - 1), max_size=30)
    one = [*data.draw(other), *run, *data.draw(other)]
    two = [*data.draw(other), *run, *data.draw(other)]
    first, second = chosen([one, two])
    assert set(first) & set(second)


def test_hashes_are_those_of_version_1() -> None:
    """When this fails, hashes changed: raise HASHES_VERSION and mend the numbers."""
    texts = normalise(pa.array(["The quick brown fox, twice: 12 \u00c9t\u00c9 days."]))
    config = DedupConfig(bands=2, rows=3, ngram=3)
    found = shingle(texts, config.ngram)
    assert HASHES_VERSION == 1
    assert content_hashes(texts).tolist() == GOLDEN_CONTENT
    assert found.values[:2].tolist() == GOLDEN_SHINGLES
    assert band_hashes(found, config).tolist() == GOLDEN_BANDS


def test_families_differ_where_hashes_do() -> None:
    plain = families(DedupConfig())
    assert plain == families(DedupConfig(threshold=0.5, keep="first", exact=False))
    assert set(plain) == {"exact", "near"}
    for over in ({"ngram": 4}, {"bands": 24}, {"rows": 4}, {"seed": 2}):
        other = families(DedupConfig.model_validate(over))
        assert other["exact"] == plain["exact"]
        assert other["near"] != plain["near"]
    folded = families(DedupConfig.model_validate({"normalise": {"numbers": True}}))
    assert folded["exact"] != plain["exact"]
    assert folded["near"] != plain["near"]
    assert set(families(DedupConfig(containment=0.9))) == {
        "exact",
        "near",
        "containment",
    }
    assert set(families(DedupConfig(fuzzy=False))) == {"exact"}

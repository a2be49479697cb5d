"""Edits as one row, and back."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest

from isinglass.schemas.spans import FAILURES, FOUND
from isinglass.transforms.edits import Edits, Precedence, Written, spans_of

FAILED = pa.RecordBatch.from_pylist(
    [{"row": 3, "reason": "scan_failed", "detail": "ValueError"}], schema=FAILURES
)


def write(entity: str, value: str) -> Written:
    return Written("keep", f"{entity}{value}", "0" * 32)


@pytest.mark.parametrize(
    "edits",
    [
        Edits(write=write),
        Edits(spans_of([(0, 1, 4), (2, 0, 9)], "PERSON", "name"), write),
        Edits(
            spans_of([(7, 0, 1)], "IP", "x").slice(0, 1),
            write,
            Precedence.ERASE,
            FAILED,
            Counter({"allowed.IP": 2}),
        ),
        Edits(spans_of([(0, 1, 4), (2, 0, 9)], "PERSON", "name").slice(1), write),
    ],
    ids=["none", "spans", "all", "a slice"],
)
def test_edits_come_back_as_they_were(edits: Edits) -> None:
    back = Edits.from_batch(edits.to_batch(), write)
    assert back.spans.equals(edits.spans)
    assert back.spans.schema == FOUND
    assert back.failures.equals(edits.failures)
    assert (back.precedence, back.counts) == (edits.precedence, edits.counts)
    assert back.write is write

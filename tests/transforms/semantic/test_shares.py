from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.tables import CLUSTER_SHARES
from isinglass.transforms.semantic.assigned import (
    Assigned,
    cluster_shares,
    merge_shares,
)

Line = tuple[str, str, str | None, str | None]


def _id(name: str) -> str:
    return name.rjust(32, "0")


def _ledger(lines: list[Line]) -> pa.Table:
    return pa.table(
        {
            "doc_id": pa.array([_id(line[0]) for line in lines], pa.string()),
            "outcome": pa.array([line[1] for line in lines], pa.string()),
            "reason": pa.array([line[2] for line in lines], pa.string()),
            "kept_doc_id": pa.array(
                [line[3] and _id(line[3]) for line in lines], pa.string()
            ),
            "chars_in": pa.array([10] * len(lines), pa.int64()),
            "chars_out": pa.array(
                [8 if line[1] == "kept" else None for line in lines], pa.int64()
            ),
        }
    )


def _assigned(kept: dict[str, int]) -> Assigned:
    names = sorted(kept, key=_id)
    return Assigned(
        np.array([_id(name) for name in names], "S32"),
        np.array([kept[name] for name in names], np.int32),
        np.ones(len(names), np.float32),
        np.zeros(len(names), np.bool_),
    )


def _shares(lines: list[Line], kept: dict[str, int]) -> list[dict[str, Any]]:
    table = cluster_shares(
        _ledger(lines),
        _assigned(kept),
        pa.array(["web"] * len(lines), pa.string()),
        pa.array([None] * len(lines), pa.string()),
    )
    assert table.schema == CLUSTER_SHARES
    return table.to_pylist()


NEAR = "near_duplicate"


@pytest.mark.parametrize(
    ("lines", "kept", "expected"),
    [
        ([("a", "kept", None, None)], {"a": 3}, [(3, None, 1, 1)]),
        (
            [("a", "kept", None, None), ("b", "dropped", NEAR, "a")],
            {"a": 3},
            [(3, None, 2, 1)],
        ),
        (
            # The kept document may be in any shard.
            [("d", "dropped", "exact_duplicate", "a")],
            {"0": 5, "a": 2, "z": 1},
            [(2, None, 1, 0)],
        ),
        ([("a", "dropped", "empty", None)], {}, [(None, "empty", 1, 0)]),
        (
            [("a", "quarantined", "invalid_utf8", None)],
            {},
            [(None, "invalid_utf8", 1, 0)],
        ),
        # Kept by an earlier run: not in this ledger.
        ([("b", "dropped", NEAR, "z")], {}, [(None, "kept_elsewhere", 1, 0)]),
        # Kept elsewhere, beside documents that are kept here.
        ([("b", "dropped", NEAR, "z")], {"a": 1}, [(None, "kept_elsewhere", 1, 0)]),
        # Kept, but without a vector.
        ([("a", "kept", None, None)], {}, [(None, "kept", 1, 1)]),
        ([], {}, []),
    ],
)
def test_where_documents_count(
    lines: list[Line],
    kept: dict[str, int],
    expected: list[tuple[int | None, str | None, int, int]],
) -> None:
    found = [
        (row["cluster"], row["reason"], row["documents_before"], row["documents_after"])
        for row in _shares(lines, kept)
    ]
    assert found == expected


def test_characters_are_counted_before_and_after() -> None:
    lines: list[Line] = [("a", "kept", None, None), ("b", "dropped", NEAR, "a")]
    assert _shares(lines, {"a": 1}) == [
        {
            "cluster": 1,
            "reason": None,
            "source": "web",
            "language": None,
            "documents_before": 2,
            "characters_before": 20,
            "documents_after": 1,
            "characters_after": 8,
        }
    ]


def test_rows_are_sorted_and_sums_are_the_ledger() -> None:
    rng = np.random.default_rng(0)
    names = [f"{number:x}" for number in range(200)]
    clusters = {name: int(rng.integers(5)) for name in names[:50]}
    lines: list[Line] = [(name, "kept", None, None) for name in names[:50]]
    lines += [
        (name, "dropped", NEAR, names[int(rng.integers(50))]) for name in names[50:]
    ]
    sources = pa.array(["web", "books", None, "web"] * 50, pa.string())
    table = cluster_shares(_ledger(lines), _assigned(clusters), sources, sources)
    assert sum(table["documents_before"].to_pylist()) == 200
    assert sum(table["documents_after"].to_pylist()) == 50
    keys = [(row["cluster"], row["source"] or "~") for row in table.to_pylist()]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys)) == 15
    doubled = merge_shares([table, table])
    assert sum(doubled["documents_before"].to_pylist()) == 400
    assert doubled["source"].equals(table["source"])

"""What a report shows of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from isinglass.pipelines.engine.workspace import Workspace
from isinglass.pipelines.report.distributions import Bin
from isinglass.pipelines.report.model import lengths
from isinglass.pipelines.stages.dedup.removals import near_removals
from isinglass.schemas.tables import LEDGER

if TYPE_CHECKING:
    from pathlib import Path


def write_ledger(workspace: Workspace, shard_id: str, *rows: dict[str, Any]) -> None:
    known: dict[str, Any] = dict.fromkeys(LEDGER.names)
    known |= {"doc_id": "0" * 32, "shard": shard_id, "path": "a", "row": 0}
    path = workspace.table("ledger", shard_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([known | row for row in rows], LEDGER), path)


def test_lengths_are_counted_in_doublings_before_and_after(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path))
    kept, gone, held = "kept", "dropped", "quarantined"
    write_ledger(
        workspace,
        "a",
        {"outcome": kept, "chars_in": 8, "chars_out": 7},
        {"outcome": kept, "chars_in": 15, "chars_out": 15},
        {"outcome": gone, "chars_in": 31, "chars_out": 0},
        {"outcome": held},
    )
    write_ledger(workspace, "b", {"outcome": kept, "chars_in": 32, "chars_out": 32})
    assert lengths(workspace, ["a", "b"]) == (
        Bin(4.0, 8.0, 1, 0),
        Bin(8.0, 16.0, 1, 2),
        Bin(16.0, 32.0, 0, 1),
        Bin(32.0, 64.0, 1, 1),
    )


def test_a_run_of_nothing_has_no_lengths(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path))
    write_ledger(workspace, "a")
    assert lengths(workspace, ["a"]) == ()
    assert near_removals(workspace, [("a", "docs")]) == ([], [])


def test_near_duplicates_are_counted_by_hundredths(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path))
    near = {"outcome": "dropped", "reason": "near_duplicate", "kept_doc_id": "1" * 32}
    # 0.29 * 100 is a little less than 29.
    similarities = (0.29, 0.305, 0.3, 1.0)
    rows = [near | {"similarity": similarity} for similarity in similarities]
    exact = near | {"reason": "exact_duplicate", "similarity": 0.1}
    write_ledger(workspace, "a", *rows, exact)
    found = near_removals(workspace, [("a", "docs")])
    assert [pair.similarity for pair in found.pairs] == sorted(similarities)
    assert {pair.source for pair in found.pairs} == {"docs"}
    counts = {low: number for low, _, number in found.by_similarity if number}
    assert counts == {0.29: 1, 0.3: 2, 0.99: 1}
    assert found.by_similarity[0][:2] == (0.29, 0.3)
    assert found.by_similarity[-1][:2] == (0.99, 1.0)

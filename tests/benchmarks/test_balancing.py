"""The solver's targets are reached on a small table, and a miss would be told."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from benchmarks.balancing import solver

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_small_table_reaches_its_targets(shared_data: Path) -> None:
    targets = solver.run(shared_data / "fairness", sys.executable, small=True)
    by_name = {target.what: target for target in targets}
    # With ipfn it is measured where that is installed, by the benchmark itself.
    by_name.pop("raking, ipfn", None)
    assert all(target.reached for target in by_name.values())
    assert len(by_name) >= 13


def test_another_corpus_misses_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"she": n % 7, "he": n % 5} for n in range(500)]
    (tmp_path / solver.COUNTS).write_text(json.dumps(rows), encoding="utf-8")
    targets = solver._reference(tmp_path / solver.COUNTS)
    missed = {target.what for target in targets if not target.reached}
    assert {"chi2, effective sample of 500", "parity within 0.5 to 2"} <= missed

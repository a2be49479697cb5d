"""What a dry run says of targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.report.text import grouped
from isinglass.pipelines.stages.balance.sample import sample_lines
from isinglass.schemas.config import BalanceConfig

if TYPE_CHECKING:
    from isinglass.schemas.manifest import Manifest

NOBODY = {"feminine": 0, "masculine": 0}
FEW = {"too_few": ["feminine"], "mentions": {"feminine": 3, "masculine": 90}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "reach its target."),
        ({"mentions": NOBODY, "reachable": {}}, "nothing to balance, and it warns"),
        (FEW, "too few mentions in the sample to say whether"),
        (
            {"feasible": False, "reachable": {"feminine": (0.1, 0.3)}},
            "(feminine 0.5, reachable 0.1000 to 0.3000). If that holds",
        ),
        (
            {
                "feasible": False,
                "target": {},
                "floor": {"feminine": 0.4},
                "reachable": {"feminine": (0.1, 0.3)},
            },
            "(feminine 0.4 to 1, reachable 0.1000 to 0.3000)",
        ),
        (
            {"feasible": False, "reachable": {"feminine": (0.1, 0.6)}},
            "(each group could alone, not all of them together)",
        ),
    ],
)
def test_a_sentence_for_each_axis(
    manifest: Manifest, changes: dict[str, Any], said: str
) -> None:
    known: dict[str, Any] = {"target": {"feminine": 0.5}, "together": {}, **changes}
    summary = manifest.balance["gender"].model_copy(update=known)
    (line,) = sample_lines(BalanceConfig(), {"gender": summary})
    assert line.startswith("balance of gender: ")
    assert said in line


def test_a_run_that_would_be_refused_is_told(manifest: Manifest) -> None:
    summary = manifest.balance["gender"].model_copy(update={"mentions": NOBODY})
    config = BalanceConfig(on_infeasible="refuse")
    (line,) = sample_lines(config, {"gender": summary})
    assert line.endswith("and the run is refused.")
    assert f"none of the {grouped(summary.documents)} sampled documents" in line

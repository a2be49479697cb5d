"""What report, summary line and warnings say of the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.report.html import render_report
from isinglass.pipelines.report.text import THIN_SPACE, grouped
from isinglass.pipelines.stages.balance.report import line
from isinglass.pipelines.stages.balance.warnings import warnings
from isinglass.schemas.weighting import AxisSummary
from tests.pages import section_of

if TYPE_CHECKING:
    import pyarrow as pa

    from isinglass.schemas.manifest import Manifest
    from tests.pipelines.conftest import Examples


SHARES = {"feminine": 0.3, "masculine": 0.7}
STILL = {"before": SHARES, "after": SHARES, "residual": 0.2}


def axis(manifest: Manifest, **changes: Any) -> AxisSummary:
    return manifest.balance["gender"].model_copy(update=changes)


def rendered(
    manifest: Manifest, statistics: pa.Table, examples: Examples, **changes: Any
) -> str:
    balance = {"gender": axis(manifest, **changes)}
    changed = manifest.model_copy(update={"balance": balance})
    return section_of(render_report(changed, statistics, *examples), "demographics")


def test_spill_over_stands_beside_what_is_balanced(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    said = rendered(manifest, statistics, examples)
    assert "What the weights do to the groups of all axes, balanced or not" in said
    # 29 mentions of one group: nothing is said of its shares.
    row = said[said.index("mandaean") :].partition("Shares are")[0]
    assert row.count("too few to say") == 3
    assert "0.43" not in row
    assert f"carry 3.1{THIN_SPACE}% of all weight" in said
    assert (
        f"Documents by weight: 0.31 to 2.12: {grouped(27_000)}; 2.12 to 3.94: 576"
        in said
    )
    drawn = f"{grouped(27_610)}; {grouped(27_576)} were to be expected"
    assert f"seed 7. Copies in all: {drawn}, with a spread of 60.2 (z 0.56)" in said


def test_what_rests_on_few_is_not_shown(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    few = {"too_few": ["feminine"], "mentions": {"feminine": 29, "masculine": 400}}
    said = rendered(manifest, statistics, examples, **few)
    table = said[said.index("Shares within the axis") :]
    row = table[table.index("feminine") :].partition("masculine")[0]
    assert row.count("too few to say") == 2
    assert "Do not rely on this balance" in said
    whole = rendered(manifest, statistics, examples)
    assert "Do not rely on this balance" not in whole


def test_a_group_that_is_few_is_not_shown_where_another_is_asked_for(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    known = {"feminine": 29, "masculine": 400}
    cap: dict[str, Any] = {"target": {}, "cap": {"masculine": 0.5}, "too_few": []}
    cap |= {"mentions": known, "mentioned_in": known}
    said = rendered(manifest, statistics, examples, **cap)
    table = said[said.index("Shares within the axis") :]
    row = table[table.index("feminine") :].partition("masculine")[0]
    assert row.count("too few to say") == 2
    assert row.count("29") == 2
    assert "%" not in row
    drawn = said[said.index("Shares of what was drawn") :].partition("Residual:")[0]
    assert drawn.count("too few to say") == 2


def test_limits_and_joint_intervals_are_told(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    said = rendered(
        manifest,
        statistics,
        examples,
        target={},
        cap={"masculine": 0.5},
        floor={"feminine": 0.4, "masculine": 0.1},
        together={"feminine": (0.1, 0.25)},
        feasible=False,
        missed_in=["web"],
    )
    percent = f"{THIN_SPACE}%"
    assert f"at most 50.0{percent}, at least 10.0{percent}" in said
    assert f"10.0{percent} to 25.0{percent}" in said
    assert "the other axes at their targets" in said
    assert "(in 1 part, among them web)" in said


def test_long_names_are_cut(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    """Groups are named by lexicons of users, and sources by their files."""
    long = "x" * 5_000
    assert manifest.weights is not None
    weights = manifest.weights.model_copy(
        update={
            "groups": [
                one.model_copy(update={"group": long, "axis": long})
                for one in manifest.weights.groups
            ],
            "slices": [
                one.model_copy(update={"name": long}) for one in manifest.weights.slices
            ],
        }
    )
    share = {long: 0.5}
    changed = axis(
        manifest,
        target=share,
        before=share,
        after=share,
        mentions={long: 2},
        mentioned_in={long: 2},
        too_few=[long],
        missed_in=[long],
        feasible=False,
    )
    whole = manifest.model_copy(update={"balance": {long: changed}, "weights": weights})
    said = section_of(render_report(whole, statistics, *examples), "demographics")
    assert max(map(len, said.split())) < 700
    assert max(map(len, warnings({"age": changed}, weights))) < 700


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "gender within 0.00 points of the target, effective"),
        ({"target": {}}, "gender within 0.00 points of the limits, effective"),
        (
            {"feasible": False, "residual": 0.109},
            "gender misses the target by 10.90 points, effective",
        ),
        (
            {"too_few": ["feminine"], "mentions": {"feminine": 3, "masculine": 30}},
            "gender too few to say (33 mentions), effective",
        ),
    ],
)
def test_the_line_of_a_command(
    manifest: Manifest, changes: dict[str, Any], expected: str
) -> None:
    balance = {"gender": axis(manifest, **changes)}
    assert expected in line(manifest.model_copy(update={"balance": balance}))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        (
            {"feasible": False, "residual": 0.1234},
            "the weights go as far as they can, and leave 12.34 percentage points.",
        ),
        (
            {"feasible": False, "missed_in": ["books", "web"]},
            "cannot be reached within the bounds in books, web; the weights",
        ),
        (
            {"feasible": False, **STILL},
            "it stays where it was, 20.00 percentage points off",
        ),
        (
            {"too_few": ["feminine"], "mentions": {"feminine": 29}},
            "feminine 29 in 1100 documents. Of each group 30 mentions in 30 documents",
        ),
        (
            {"too_few": ["feminine"], "mentions": {"feminine": 0, "masculine": 0}},
            "No kept document mentions the axis gender: it was not balanced.",
        ),
    ],
)
def test_warnings_of_an_axis(
    manifest: Manifest, changes: dict[str, Any], expected: str | None
) -> None:
    said = warnings({"gender": axis(manifest, **changes)}, manifest.weights)
    assert len(said) == (expected is not None)
    if expected is not None:
        assert expected in said[0].replace(grouped(1_100), "1100")


def test_warnings_of_the_table(manifest: Manifest) -> None:
    weights = manifest.weights
    assert weights is not None
    assert weights.drawn is not None
    assert warnings({}, weights) == []
    assert warnings({}, None) == []
    rough = weights.model_copy(update={"exact": False})
    assert "documents with similar ones" in warnings({}, rough)[0]
    drawn = weights.drawn.model_copy(update={"emit": "keep", "documents": 6_894})
    (said,) = warnings({}, weights.model_copy(update={"drawn": drawn}))
    assert said.startswith(f"balance_keep is true for 25.0{THIN_SPACE}% of the kept")

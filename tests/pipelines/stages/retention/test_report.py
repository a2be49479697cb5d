"""What the report says of who is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.report.html import render_report
from isinglass.pipelines.report.model import ReportData, read_slices
from isinglass.pipelines.stages.retention.meaning import Loss, title_of, what_it_is
from isinglass.pipelines.stages.retention.report import section
from isinglass.schemas.manifest import Manifest, StageSummary
from isinglass.schemas.reasons import DropReason, QuarantineReason
from isinglass.schemas.statistic import Statistic, statistics_table
from tests.pages import section_of

if TYPE_CHECKING:
    import pyarrow as pa

    from tests.pipelines.conftest import Examples

AT: dict[str, Any] = {"axis": "gender", "group": "female", "reason": "empty"}


def ratio(metric: str, value: float, low: float, **at: str) -> Statistic:
    ends: dict[str, Any] = {"low": low, "high": 2 * value - low}
    return Statistic(metric, value, "ratio", "output", **{**AT, **at}, **ends)


def share(metric: str, lost: int, documents: int, **at: str) -> Statistic:
    counts: dict[str, Any] = {"numerator": lost, "denominator": documents}
    value = lost / documents
    return Statistic(metric, value, "share", "output", **{**AT, **at}, **counts)


def told(manifest: Manifest, *rows: Statistic) -> str:
    """The words of the section."""
    table = statistics_table(rows)
    return section_of(render_report(manifest, table, (), {}), "retention")


def test_groups_that_lose_clearly_more_come_first_and_are_marked(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    html = render_report(manifest, statistics, *examples)
    assert "Flagged: feminine (gender) (Deduplication: near duplicate: 1.31)." in html
    assert '<td class="warn number">1.31 (1.12 to 1.51)</td>' in html
    assert '<td class="warn number">0.97' not in html
    assert html.count('class="dot marked"') == 1
    assert "Its shingle set reaches the Jaccard threshold" in html
    assert "interval: feminine 1.31 (1.12 to 1.51); masculine 0.97 (0.90" in html


@pytest.mark.parametrize(
    ("value", "low", "flagged"),
    [(1.25, 1.01, True), (1.24, 1.2, False), (1.25, 1.0, False), (9.0, 0.99, False)],
)
def test_near_misses_of_a_flag(
    manifest: Manifest,
    value: float,
    low: float,
    flagged: bool,  # noqa: FBT001
) -> None:
    page = told(
        manifest,
        share("group.removed_share", 9, 90),
        ratio("group.adjusted_removal_ratio", value, low),
    )
    assert ("Flagged: female (gender) (Reading: empty: " in page) == flagged
    assert ("No group is flagged; 1 comparison could be made." in page) != flagged


def whole(lost: int, documents: int, **at: str) -> Statistic:
    """Of all documents of the axis."""
    return replace(share("group.removed_share", lost, documents, **at), group=None)


@pytest.mark.parametrize(
    ("counts", "every", "said"),
    [
        ((20, 29), (20, 529), "20 of 29 0 of 500 50.00 (20.00 to 80.00) fewer than 30"),
        (
            (4, 50),
            (10, 550),
            "4 of 50 6 of 500 50.00 (20.00 to 80.00) fewer than 5 lost",
        ),
        (
            (20, 40),
            (20, 40),
            "20 of 40 0 of 0 50.00 (20.00 to 80.00) no other documents",
        ),
        (
            (20, 40),
            (21, 540),
            "20 of 40 1 of 500 50.00 (20.00 to 80.00) no others of the language",
        ),
    ],
)
def test_what_has_no_ratio_at_equal_length_has_counts_and_a_reason(
    manifest: Manifest, counts: tuple[int, int], every: tuple[int, int], said: str
) -> None:
    page = told(
        manifest,
        whole(*every),
        share("group.removed_share", *counts),
        ratio("group.removal_ratio", 50.0, 20.0),
    )
    assert f"female (gender) {said}" in page
    warned = "Lost clearly more by the plain ratio, and not flagged: female" in page
    assert warned == (counts[1] >= 30)


def test_what_is_not_clearly_more_is_in_the_table_alone(manifest: Manifest) -> None:
    page = told(
        manifest,
        whole(90, 900),
        share("group.removed_share", 3, 40),
        ratio("group.removal_ratio", 1.4, 0.8),
        *(share("group.removed_share", 0, 50, group=f"g{n:02}") for n in range(14)),
    )
    assert "3 of 40 87 of 860 1.40 (0.80 to 2.00) fewer than 5 lost" in page
    assert "not flagged:" not in page
    assert "Nothing was lost of: g00 (gender), g01 (gender), " in page
    assert "g11 (gender) and 2 more." in page


def test_flagged_losses_come_before_others(manifest: Manifest) -> None:
    page = told(
        manifest,
        share("group.removed_share", 90, 900),
        ratio("group.adjusted_removal_ratio", 1.0, 0.9),
        share("group.cut_share", 90, 900, reason="pii", entity="PERSON"),
        ratio("group.adjusted_cut_ratio", 1.5, 1.2, reason="pii", entity="PERSON"),
    )
    names = page.index("The name of a person was replaced")
    assert names < page.index("The text is empty, or all of it is white space")


def test_a_run_without_mentions_says_so(manifest: Manifest) -> None:
    data = ReportData(manifest, read_slices(statistics_table([])))
    assert not section(data).ran


@pytest.mark.parametrize("reason", [*DropReason, *QuarantineReason])
def test_every_reason_is_told_in_words(manifest: Manifest, reason: str) -> None:
    data = ReportData(manifest, read_slices(statistics_table([])))
    loss = Loss(cuts=False, reason=reason, entity="")
    assert "_" not in title_of(loss)
    assert what_it_is(data, loss).endswith(".")


def test_reasons_of_others_are_told_by_them(run_fields: dict[str, Any]) -> None:
    stage = StageSummary(
        use="m:C", sha256="0", edits=False, reasons={"loud.shout": "It shouts."}
    )
    manifest = Manifest(**{**run_fields, "stages": {"loud": stage}})
    data = ReportData(manifest, read_slices(statistics_table([])))
    gone = Loss(cuts=False, reason="loud.shout", entity="")
    assert (title_of(gone), what_it_is(data, gone)) == ("loud: shout", "It shouts.")
    cut = Loss(cuts=True, reason="loud", entity="")
    assert title_of(cut) == "loud: text changed"
    assert what_it_is(data, cut) == "The stage loud changed something in the document."

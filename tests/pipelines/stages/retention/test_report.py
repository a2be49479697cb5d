"""What the report says of who is lost."""

from __future__ import annotations

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


def test_too_few_are_named_in_one_line(manifest: Manifest) -> None:
    page = told(
        manifest,
        share("group.removed_share", 1, 29),
        *(share("group.removed_share", 4, 50, group=f"g{n:02}") for n in range(19)),
        share("group.removed_share", 4, 60, group="g19"),
    )
    assert "Too few to say (fewer than 30 documents, or than 5 lost" in page
    assert "compare with): g19 (gender), g00 (gender), g01 (gender), " in page
    assert "g10 (gender) and 9 more." in page
    assert "The numbers" not in page


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

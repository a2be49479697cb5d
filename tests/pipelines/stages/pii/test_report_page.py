"""Leftovers, places and the second scan, as they stand on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.report.html import render_report
from isinglass.pipelines.report.text import grouped
from isinglass.schemas.manifest import FindingCount, Manifest, Recall, RecallSlice
from tests.pages import section_of

if TYPE_CHECKING:
    import pyarrow as pa

    from tests.pipelines.conftest import Examples


def test_expected_leftovers_follow_from_recall(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    pii = section_of(render_report(manifest, statistics, *examples), "pii")
    # 9 866 * (1 - 0.795) / 0.795 = 2544.06; 212 * 0.0275 / 0.9725 = 5.99
    assert f"{grouped(9_866)} 2\u202f544.1" in pii
    assert "212 6.0" in pii
    assert "What it does not mean" in pii
    assert "110\u202f/\u202f133" in pii
    assert "keep (left in the text)" in pii


@pytest.mark.parametrize(("found", "planted"), [(0, 40), (0, 0)])
def test_no_estimate_without_recall(
    run_fields: dict[str, Any], statistics: pa.Table, found: int, planted: int
) -> None:
    run_fields["findings"] = {"CRYPTO": FindingCount(found=5, changed=5, kept=0)}
    recall = Recall(planted=planted, found=found, recall=0.0, low=0.0, high=0.09)
    run_fields["recall"] = {"CRYPTO": recall}
    html = render_report(Manifest(**run_fields), statistics, (), {})
    # Neither a division by zero nor a number of leftovers where r is 0.
    leftovers = html[html.index("Expected leftovers") :]
    row = leftovers[leftovers.index(">CRYPTO<") :].partition("</tr>")[0]
    assert row.endswith(2 * '<td class="number">\u2013</td>')


def test_leftovers_are_unbounded_where_the_interval_reaches_zero(
    run_fields: dict[str, Any], statistics: pa.Table
) -> None:
    run_fields["findings"] = {"CRYPTO": FindingCount(found=5, changed=5, kept=0)}
    recall = Recall(planted=2, found=1, recall=0.5, low=0.0, high=0.9)
    run_fields["recall"] = {"CRYPTO": recall}
    html = render_report(Manifest(**run_fields), statistics, (), {})
    assert "5.0 0.6 or more, unbounded" in section_of(html, "pii")


@pytest.mark.parametrize(
    ("axis", "name"), [("position", "table"), ("language", "de"), ("source", "mail")]
)
def test_recall_is_shown_by_slice_and_small_numbers_are_marked(
    run_fields: dict[str, Any], statistics: pa.Table, axis: Any, name: str
) -> None:
    measured = Recall(planted=4, found=3, recall=0.75, low=0.3, high=0.95)
    part = RecallSlice(entity="US_SSN", by=axis, name=name, **measured.model_dump())
    run_fields |= {"recall_slices": [part], "recall": {"US_SSN": measured}}
    html = render_report(Manifest(**run_fields), statistics, (), {})
    assert '<td class="muted number">3\u202f/\u202f4</td>' in html


@pytest.mark.parametrize(("found", "kind"), [(26, "warn "), (27, "")])
def test_a_weak_place_is_marked(
    run_fields: dict[str, Any], statistics: pa.Table, found: int, kind: str
) -> None:
    measured = Recall(planted=30, found=found, recall=0.9, low=0.7, high=0.95)
    values = measured.model_dump()
    part = RecallSlice(entity="US_SSN", by="position", name="table", **values)
    run_fields |= {"recall_slices": [part], "recall": {"US_SSN": measured}}
    html = render_report(Manifest(**run_fields), statistics, (), {})
    assert f'<td class="{kind}number">{found}\u202f/\u202f30</td>' in html


def test_the_second_scan_is_an_upper_bound(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    pii = section_of(render_report(manifest, statistics, *examples), "pii")
    assert "upper bound" in pii
    # Names have no shape that a wide pattern could take all of.
    assert f"PERSON 2\u202f544.1 0 \u2013 {grouped(3_511)}" in pii
    assert f"PHONE_NUMBER 9.2 88 912 {grouped(400)}" in pii
    assert "MY_OWN there are no invented values of this kind" in pii


@pytest.mark.parametrize(
    ("verb", "reason"), [("audit", "an audit writes no data"), ("run", "is off")]
)
def test_a_second_scan_that_did_not_run_says_so(
    run_fields: dict[str, Any], statistics: pa.Table, verb: str, reason: str
) -> None:
    run_fields |= {"second_scan": None, "verb": verb}
    html = render_report(Manifest(**run_fields), statistics, (), {})
    assert reason in section_of(html, "pii")

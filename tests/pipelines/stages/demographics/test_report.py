"""What the report says of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report.html import render_report
from isinglass.pipelines.report.text import grouped
from tests.pages import section_of

if TYPE_CHECKING:
    import pyarrow as pa

    from isinglass.schemas.manifest import Manifest
    from tests.pipelines.conftest import Examples


def test_groups_that_lost_clearly_more_are_marked(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    html = render_report(manifest, statistics, *examples)
    assert '<td class="warn number">1.31</td>' in html
    assert '<td class="number">0.97</td>' in html
    demographics = section_of(html, "demographics")
    assert "They do not measure who wrote a text" in demographics
    effective = f"Effective sample size {grouped(21_877)} of {grouped(27_576)}"
    assert effective in demographics

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


def test_shares_and_weights_stand_below_what_they_say_nothing_of(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    html = render_report(manifest, statistics, *examples)
    demographics = section_of(html, "demographics")
    assert "They do not measure who wrote a text" in demographics
    effective = f"Effective sample size {grouped(21_877)} of {grouped(27_576)}"
    assert effective in demographics

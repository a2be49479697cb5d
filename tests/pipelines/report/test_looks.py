"""What a reader sees of a report, in headless Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from isinglass.pipelines.report.html import render_report
from tests.browser import CHROMIUM, WITHOUT, Tab, browser

if TYPE_CHECKING:
    import pyarrow as pa

    from isinglass.schemas.manifest import Manifest
    from tests.pipelines.conftest import Examples

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WITHOUT)


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture
def report(
    tmp_path: Path, manifest: Manifest, statistics: pa.Table, examples: Examples
) -> Path:
    page = tmp_path / "report.html"
    page.write_text(render_report(manifest, statistics, *examples), encoding="utf-8")
    return page


@pytest.mark.parametrize("width", [1600, 800, 360])
def test_the_page_is_as_wide_as_the_window_and_asks_for_nothing(
    tab: Tab, report: Path, width: int
) -> None:
    tab.open(report, width)
    assert tab.run("document.documentElement.scrollWidth") == width
    assert tab.asked_for() == [report.as_uri()]

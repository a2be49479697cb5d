"""What a reader sees, hears and presses of a report, in headless Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from isinglass.pipelines.report.distributions import Bin
from isinglass.pipelines.report.html import render_report
from tests import reading
from tests.browser import CHROMIUM, WITHOUT, Tab, browser

if TYPE_CHECKING:
    import pyarrow as pa

    from isinglass.schemas.manifest import Manifest
    from tests.pipelines.conftest import Examples

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WITHOUT)

WIDTHS = (1600, 800, 360)
MOST_HIGH = 6000
"""Pixels of a page 1600 wide, before anything is opened."""

LENGTHS = tuple(Bin(2.0**n, 2.0 ** (n + 1), 40 - n, 41 - n) for n in range(5, 20))


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def test_a_run_with_much_to_tell_is_no_longer_to_look_at(
    tab: Tab, report: Path, manifest: Manifest, statistics: pa.Table
) -> None:
    many = {f"axis {number}": manifest.balance["gender"] for number in range(300)}
    changes = {"balance": many, "warnings": ["This is to be known. " * 20] * 300}
    html = render_report(manifest.model_copy(update=changes), statistics, (), {})
    report.write_text(html, encoding="utf-8")
    tab.open(report)
    assert tab.run("document.documentElement.scrollHeight") < MOST_HIGH
    assert reading.off_screen(tab) == []


@pytest.fixture
def report(
    tmp_path: Path, manifest: Manifest, statistics: pa.Table, examples: Examples
) -> Path:
    page = tmp_path / "report.html"
    html = render_report(manifest, statistics, *examples, (), LENGTHS)
    page.write_text(html, encoding="utf-8")
    return page


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_lies_beside_the_screen_and_nothing_is_asked_for(
    tab: Tab, report: Path, width: int
) -> None:
    tab.open(report, width)
    assert tab.run("document.documentElement.scrollHeight") < (
        MOST_HIGH if width == WIDTHS[0] else 3 * MOST_HIGH
    )
    assert reading.off_screen(tab) == []
    reading.unfold(tab)
    assert reading.off_screen(tab) == []
    assert tab.run("document.documentElement.scrollWidth") == width
    assert tab.asked_for() == [report.as_uri()]


def test_the_first_screen_says_what_matters(tab: Tab, report: Path) -> None:
    tab.open(report)
    below = tab.run(
        "[...document.querySelectorAll('header h2, header figure, header dl')]"
        ".filter(e => e.getBoundingClientRect().bottom > innerHeight).length"
    )
    assert below == 0
    heads = tab.run("[...document.querySelectorAll('header h2')].map(h => h.innerText)")
    assert heads == [
        "Passed with warnings",
        "What was not looked for",
        "What is probably left",
        "What to do next",
    ]
    steps = tab.run("document.querySelectorAll('header ol li').length")
    assert 1 < steps <= 5


def test_pictures_are_low_and_use_the_width(tab: Tab, report: Path) -> None:
    tab.open(report)
    sizes = tab.run(
        "[...document.querySelectorAll('main .pictures svg')]"
        ".map(e => e.getBoundingClientRect()).map(b => [b.height, b.right])"
    )
    assert len(sizes) >= 10
    assert max(height for height, _ in sizes) <= 300
    assert max(right for _, right in sizes) > 0.9 * WIDTHS[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_told_from_what_is_behind_it(
    tab: Tab, report: Path, scheme: Literal["light", "dark"]
) -> None:
    tab.open(report, 1600, scheme)
    reading.unfold(tab)
    for verdict in ("passed", "warned", "failed"):
        tab.run(f"document.querySelector('.verdict').className = 'verdict {verdict}'")
        assert reading.pale(tab) == []
    paper = tab.run("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_screen_reader_can_say_everything(tab: Tab, report: Path, width: int) -> None:
    tab.open(report, width)
    reading.unfold(tab)
    assert reading.unordered(tab) == []
    assert reading.unnamed(tab) == []
    roles = {node.get("role", {}).get("value") for node in tab.tree()}
    assert {"banner", "navigation", "main", "contentinfo", "table"} <= roles
    assert {"rowheader", "columnheader", "cell"} <= roles


def test_the_keyboard_reaches_and_opens_everything(tab: Tab, report: Path) -> None:
    tab.open(report)
    told, opened = reading.pressed(tab)
    assert told == []
    assert opened == tab.run("document.querySelectorAll('details').length") > 10


def test_paper_shows_what_is_folded(tab: Tab, report: Path, tmp_path: Path) -> None:
    tab.open(report, 760, media="print")
    last = "[...document.querySelectorAll('details td')].pop().getBoundingClientRect()"
    assert tab.run(f"{last}.height") > 0
    assert tab.run("getComputedStyle(document.querySelector('nav')).display") == "none"
    tab.paper(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("broken", "by", "finds", "told"),
    [
        ("color: var(--quiet)", "color: #999", reading.pale, "dt"),
        ("<h2 id=", "<h4 id=", reading.unordered, "h4 below h2"),
        ("<main>", "<main hidden></main><main>", reading.unordered, "not one main"),
        ('<th scope="col"', "<th", reading.unordered, "no scope"),
        ("<caption>", "<caption hidden></caption><i>", reading.unordered, "no caption"),
        ('role="img"><title>', 'role="img"><desc>', reading.unnamed, "without a name"),
        ("<td", '<td style="min-width: 50rem"', reading.off_screen, "scroll"),
    ],
)
def test_a_broken_page_is_found_out(
    tab: Tab,
    report: Path,
    broken: str,
    by: str,
    finds: Callable[[Tab], list[str]],
    told: str,
) -> None:
    html = report.read_text(encoding="utf-8")
    assert broken in html
    report.write_text(html.replace(broken, by), encoding="utf-8")
    tab.open(report)
    reading.unfold(tab)
    assert any(told in line for line in finds(tab)), finds(tab)


def test_focus_that_is_not_seen_is_found_out(tab: Tab, report: Path) -> None:
    html = report.read_text(encoding="utf-8")
    hidden = html.replace(":focus-visible { outline: 2px solid", ":focus { outline: 0")
    report.write_text(hidden, encoding="utf-8")
    tab.open(report)
    told, _ = reading.pressed(tab, 5)
    assert told

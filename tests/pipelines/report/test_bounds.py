"""However much there is to tell, the page stays small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.html import MOST_BYTES, render_report
from isinglass.pipelines.report.rows import bounded, part
from isinglass.schemas.manifest import Manifest, Records
from isinglass.schemas.statistic import Statistic, statistics_table
from tests.pages import Page, assert_inert

if TYPE_CHECKING:
    import pyarrow as pa

    from tests.pipelines.conftest import Examples

MANY = 400


def _name(number: int) -> str:
    return f"a name of <some> length that says little, number {number:06}"


def _grown(fields: dict[str, Any]) -> dict[str, Any]:
    """The run with hundreds of everything."""
    names = [_name(number) for number in range(MANY)]
    recall = fields["recall"]["PERSON"]
    part = fields["recall_slices"][0]
    return fields | {
        "inputs": [
            fields["inputs"][0].model_copy(update={"path": name}) for name in names
        ],
        "findings": dict.fromkeys(names, fields["findings"]["PERSON"]),
        "recall": dict.fromkeys(names, recall),
        "recall_slices": [
            part.model_copy(update={"entity": name, "by": by, "name": other})
            for name in names
            for by in ("position", "language", "source")
            for other in names[:12]
        ],
        "balance": dict.fromkeys(names, fields["balance"]["gender"]),
        "records": Records(
            total_in=MANY, kept=0, dropped=dict.fromkeys(names, 1), quarantined={}
        ),
        "warnings": [f"{name} is to be looked at." for name in names],
        "config": fields["config"] | {"allowed": names * 20},
    }


def test_a_page_of_hundreds_of_everything_stays_small(
    run_fields: dict[str, Any], examples: Examples
) -> None:
    rows = [Statistic("documents", 1, "documents", "input")]
    for number in range(MANY):
        group: dict[str, Any] = {"axis": _name(number // 4), "group": _name(number)}
        counts: dict[str, Any] = {"numerator": 50, "denominator": 100}
        ends: dict[str, Any] = {"low": 0.4, "high": 0.6}
        for when in ("input", "output"):
            name = _name(number)
            rows.append(Statistic("documents", 3, "documents", when, source=name))
            for metric in ("group.document_share", "group.mention_share"):
                told = group | counts | ends
                rows.append(Statistic(metric, 0.5, "share", when, **told))
        for reason in ("near_duplicate", _name(0)):
            lost = group | counts | {"reason": reason}
            rows.append(
                Statistic("group.removed_share", 0.5, "share", "output", **lost)
            )
            ratio = lost | {"low": 1.1, "high": 1.9}
            metric = "group.adjusted_removal_ratio"
            rows.append(Statistic(metric, 1.5, "ratio", "output", **ratio))
    manifest = Manifest(**_grown(run_fields))
    html = render_report(manifest, statistics_table(rows), *examples)
    assert len(html.encode()) < MOST_BYTES
    assert_inert(html)
    text = Page(html).content()
    assert "more rows are not shown" in text
    assert "more are in manifest.json" in text
    assert "more lines are in manifest.json" in text


def test_a_page_that_is_small_enough_leaves_nothing_out(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    html = render_report(manifest, statistics, *examples)
    assert len(html.encode()) < 200_000
    for said in ("left out here", "not shown", "more lines", "more reasons"):
        assert said not in html


def test_a_section_of_too_many_parts_says_so() -> None:
    parts = tuple(page.Paragraph(f"part {number}") for number in range(9))
    heads = page.columns("<Name", "Number")
    table = page.table("Numbers", heads, [[str(n), "1"] for n in range(9)])
    section = page.Section("a", "A", (table, *parts))
    (short,) = bounded([section], rows=4, blocks=3)
    first, *_, last = short.blocks
    assert isinstance(first, page.Table)
    assert (len(first.rows), first.left_out) == (4, 5)
    assert isinstance(last, page.Paragraph)
    assert last.text.startswith("7 more parts of this section are left out here.")
    assert bounded([section], rows=9, blocks=10) == [section]


def test_rows_that_say_all_are_folded() -> None:
    heads = page.columns("<Kind", "Share")

    def row(name: str, share: float | None) -> list[page.Cell | str]:
        return [name, page.Cell("told", share=share)]

    three = [row(name, 1.0) for name in "abc"]
    others = [row("d", 0.999_999), row("e", None)]
    made = page.table("Shares", heads, [*three, *others])
    assert [one[0].text for one in made.whole] == ["a", "b", "c"]
    assert [one[0].text for one in made.rows] == ["d", "e"]
    two = page.table("Shares", heads, [*three[:2], *others])
    assert not two.whole
    assert len(two.rows) == 4


def test_what_is_to_be_seen_stands_open() -> None:
    svg = page.Figure(Markup("<svg></svg>"), "a picture")
    blocks: tuple[page.Block, ...] = (
        page.Paragraph("long"),
        page.Heading("Pictures"),
        *[svg] * 4,
        page.Heading("Tables"),
        page.Paragraph("look at this", "warn"),
    )
    made = part(page.Section("a", "A", blocks))
    assert [one.title for one in made.pictures] == ["Pictures"] * 3
    assert [one.text for one in made.remarks] == ["look at this"]
    # The heading of the picture that found no room stays; one of nothing goes.
    assert made.details == (blocks[0], blocks[1], svg)
    long = page.Paragraph("look at this " * 99, "warn")
    cut = part(page.Section("a", "A", (long, svg)))
    assert len(cut.remarks[0].text) < 500
    assert cut.details == (long,)
    few = (page.Paragraph("all of it"),)
    assert part(page.Section("a", "A", few)).remarks == few

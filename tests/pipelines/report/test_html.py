from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.report import (
    NearDuplicate,
    Quarantined,
    ReportExamples,
    RuleCount,
    render_report,
)
from isinglass.pipelines.report.text import grouped
from isinglass.schemas.manifest import (
    FindingCount,
    GateResult,
    InputFile,
    Manifest,
    Recall,
    RecallSlice,
    Records,
)
from isinglass.schemas.statistic import Statistic, statistics_table

if TYPE_CHECKING:
    import pyarrow as pa

VOID = {"meta", "br", "hr", "img", "link", "input", "base"}
SHAPES = {"rect", "line", "circle", "path", "polyline"}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "evil\u202etxt.exe",
    "</style></title></svg><script>",
    "javascript:alert(1)",
    "n" * 10_240,
    "line\nbreak\x00\x1b[31m",
]


class Page(HTMLParser):
    """Reads a page and checks that tags are closed in the order they were opened."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"repeated attribute in {tag}"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SHAPES, tag
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> without a start"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    def content(self) -> str:
        return re.sub("[ \n]+", " ", " ".join(self.text)).strip()


def assert_inert(html: str) -> Page:
    """No code, no address, no reference to anything outside of the page."""
    page = Page(html)
    forbidden = {"script", "img", "iframe", "object", "embed", "link", "form", "base"}
    for tag, attributes in page.tags:
        assert tag not in forbidden
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in {"src", "srcset", "action", "style", "xlink:href"}
            if name == "href":
                assert re.fullmatch(r"#[a-z]+", value or "")
    for style in re.findall(r"<style>(.*?)</style>", html, re.DOTALL):
        assert "url(" not in style
        assert "@import" not in style
    assert "http://" not in html
    assert "https://" not in html
    hidden = [c for c in html if not c.isprintable() and c not in "\n\u202f"]
    assert hidden == []
    return page


def section(html: str, anchor: str) -> str:
    """Text of one section."""
    start = html.index(f'<section aria-labelledby="{anchor}">')
    return Page(html[start : html.index("</section>", start) + 10]).content()


def test_whole_run_is_one_inert_page(
    manifest: Manifest, statistics: pa.Table, examples: ReportExamples
) -> None:
    html = render_report(manifest, statistics, examples)
    page = assert_inert(html)
    assert html.startswith("<!DOCTYPE html>")
    assert len(html.encode()) < 200_000
    assert "Not run" not in page.content()
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert [f"#{anchor}" for anchor in ids] == links
    assert sum(tag == "h1" for tag, _ in page.tags) == 1
    tables = sum(tag == "table" for tag, _ in page.tags)
    assert tables == sum(tag == "caption" for tag, _ in page.tags) > 10
    pictures = [attributes for tag, attributes in page.tags if tag == "svg"]
    spoken = [picture for picture in pictures if picture.get("role") == "img"]
    assert len(spoken) == 5
    assert all("aria-hidden" in p for p in pictures if p.get("role") != "img")
    assert html.count('role="img"><title>') == 5


def test_verdict_comes_first_with_its_reasons(
    manifest: Manifest, statistics: pa.Table, examples: ReportExamples
) -> None:
    html = render_report(manifest, statistics, examples)
    head = Page(html[: html.index("<nav")] + "</body></html>").content()
    for part in (
        "Passed with warnings",
        "web-docs",
        "3f9c2ab1d0e47c55",
        "2026-11-24T18:02:11Z",
        "pii.recall for entity PERSON must be at least 0.8; it is 0.795.",
        "493 documents are in a language without a named-entity model.",
    ):
        assert part in head
    assert head.index("Passed with warnings") < head.index("pii.recall")


def test_sums_of_records_and_characters_are_shown_and_checked(
    manifest: Manifest, statistics: pa.Table, examples: ReportExamples
) -> None:
    accounting = section(render_report(manifest, statistics, examples), "accounting")
    assert f"✓ equals the {grouped(32_028)} records read" in accounting
    assert f"✓ equals the {grouped(46_706_370)} characters kept" in accounting
    line = (
        f"{grouped(32_028)} in = {grouped(27_576)} kept + {grouped(4_440)} dropped"
        " + 12 quarantined"
    )
    assert line in accounting
    assert f"= {grouped(46_706_370)} characters kept." in accounting
    assert "The bytes are not valid UTF-8." in accounting
    assert accounting.index("exact duplicate") < accounting.index("near duplicate")


def test_books_that_do_not_balance_are_called_out(
    run_fields: dict[str, Any], statistics: pa.Table, examples: ReportExamples
) -> None:
    run_fields["records"] = Records(
        total_in=100, kept=98, dropped={"empty": 1}, quarantined={}
    )
    html = render_report(Manifest(**run_fields), statistics, examples)
    text = Page(html).content()
    assert "✗ does not equal the 100 records read" in text
    assert "The records do not add up: 99 are accounted for, 100 were read." in text
    assert "100 in ≠ 98 kept + 1 dropped + 0 quarantined" in text


def test_parts_that_were_off_say_so_in_one_line(
    bare_manifest: Manifest, no_statistics: pa.Table
) -> None:
    html = render_report(bare_manifest, no_statistics, ReportExamples())
    assert_inert(html)
    for anchor in ("content", "duplicates", "pii", "demographics", "encode", "gates"):
        assert re.search(r"Not run: .*\.$", section(html, anchor)), anchor
    assert "no text was written" in section(html, "accounting")


def test_a_part_that_the_verb_leaves_out_is_not_blamed_on_the_configuration(
    run_fields: dict[str, Any], statistics: pa.Table, examples: ReportExamples
) -> None:
    run_fields |= {"encode": None, "verb": "clean"}
    html = render_report(Manifest(**run_fields), statistics, examples)
    assert "Not run: isinglass clean does not encode." in section(html, "encode")


def test_largest_losses_come_first(
    manifest: Manifest, statistics: pa.Table, examples: ReportExamples
) -> None:
    content = section(render_report(manifest, statistics, examples), "content")
    places = [content.index(name) for name in ("licences", "readmes", "guides")]
    assert places == sorted(places)
    assert f"licences {grouped(9_412)} {grouped(5_120)} {grouped(4_292)}" in content
    assert f"sum {grouped(32_016)} {grouped(27_576)} {grouped(4_440)}" in content
    assert "0.5 811 840 words" in content


def test_many_sources_are_added_up_below_the_first(
    manifest: Manifest, examples: ReportExamples
) -> None:
    rows = [Statistic("documents", 1000, "documents", "input")]
    for index in range(1000):
        name = f"source-{index:04}"
        for stage, value in (("input", 10), ("output", 9)):
            rows.append(Statistic("documents", value, "documents", stage, source=name))
    html = render_report(manifest, statistics_table(rows), examples)
    content = section(html, "content")
    assert f"(961 others) {grouped(9_610)} {grouped(8_649)} 961" in content
    assert f"sum {grouped(10_000)} {grouped(9_000)} {grouped(1_000)}" in content


def test_expected_leftovers_follow_from_recall(
    manifest: Manifest, statistics: pa.Table, examples: ReportExamples
) -> None:
    pii = section(render_report(manifest, statistics, examples), "pii")
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
    html = render_report(Manifest(**run_fields), statistics, ReportExamples())
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
    html = render_report(Manifest(**run_fields), statistics, ReportExamples())
    assert "5.0 0.6 or more, unbounded" in section(html, "pii")


@pytest.mark.parametrize(
    ("axis", "name"), [("position", "table"), ("language", "de"), ("source", "mail")]
)
def test_recall_is_shown_by_slice_and_small_numbers_are_marked(
    run_fields: dict[str, Any], statistics: pa.Table, axis: Any, name: str
) -> None:
    measured = Recall(planted=4, found=3, recall=0.75, low=0.3, high=0.95)
    part = RecallSlice(entity="US_SSN", by=axis, name=name, **measured.model_dump())
    run_fields |= {"recall_slices": [part], "recall": {"US_SSN": measured}}
    html = render_report(Manifest(**run_fields), statistics, ReportExamples())
    assert '<td class="muted number">3\u202f/\u202f4</td>' in html


@pytest.mark.parametrize(("found", "kind"), [(26, "warn "), (27, "")])
def test_a_weak_place_is_marked(
    run_fields: dict[str, Any], statistics: pa.Table, found: int, kind: str
) -> None:
    measured = Recall(planted=30, found=found, recall=0.9, low=0.7, high=0.95)
    values = measured.model_dump()
    part = RecallSlice(entity="US_SSN", by="position", name="table", **values)
    run_fields |= {"recall_slices": [part], "recall": {"US_SSN": measured}}
    html = render_report(Manifest(**run_fields), statistics, ReportExamples())
    assert f'<td class="{kind}number">{found}\u202f/\u202f30</td>' in html


def test_the_second_scan_is_an_upper_bound(
    manifest: Manifest, statistics: pa.Table, examples: ReportExamples
) -> None:
    pii = section(render_report(manifest, statistics, examples), "pii")
    assert "upper bound" in pii
    assert f"PERSON 2\u202f544.1 0 {grouped(8_004)} {grouped(3_511)}" in pii
    assert f"PHONE_NUMBER 9.2 88 912 {grouped(400)}" in pii
    assert "MY_OWN there are no invented values of this kind" in pii


@pytest.mark.parametrize(
    ("verb", "reason"), [("audit", "an audit writes no data"), ("run", "is off")]
)
def test_a_second_scan_that_did_not_run_says_so(
    run_fields: dict[str, Any], statistics: pa.Table, verb: str, reason: str
) -> None:
    run_fields |= {"second_scan": None, "verb": verb}
    html = render_report(Manifest(**run_fields), statistics, ReportExamples())
    assert reason in section(html, "pii")


def test_groups_that_lost_clearly_more_are_marked(
    manifest: Manifest, statistics: pa.Table, examples: ReportExamples
) -> None:
    html = render_report(manifest, statistics, examples)
    assert '<td class="warn number">1.31</td>' in html
    assert '<td class="number">0.97</td>' in html
    demographics = section(html, "demographics")
    assert "They do not measure who wrote a text" in demographics
    effective = f"Effective sample size {grouped(21_877)} of {grouped(27_576)}"
    assert effective in demographics


def test_failed_gates_without_a_statistic_are_explained(
    run_fields: dict[str, Any], statistics: pa.Table, examples: ReportExamples
) -> None:
    gate = GateResult(
        metric="pii.recal",
        slice={},
        op=">=",
        value=0.9,
        actual=None,
        severity="error",
        passed=False,
    )
    run_fields |= {"gates": [*run_fields["gates"], gate], "verdict": "failed"}
    text = Page(render_report(Manifest(**run_fields), statistics, examples)).content()
    reason = "Gate failed: pii.recal must be at least 0.9; there is no such statistic"
    assert reason in text
    assert text.index(reason) < text.index("Gate not met (warning)")
    assert "Gates: 1 of 3 met" in text


def _hostile(fields: dict[str, Any], name: str) -> Manifest:
    first = fields["inputs"][0].model_copy(
        update={"path": name, "source": name, "problem": name, "sha256": name}
    )
    return Manifest(
        **fields
        | {
            "name": name,
            "run_id": name,
            "config": fields["config"] | {"name": name, name: [name]},
            "inputs": [first],
            "models": [m.model_copy(update={"name": name}) for m in fields["models"]],
            "packages": {name: name},
            "records": Records(
                total_in=3, kept=1, dropped={name: 1}, quarantined={name: 1}
            ),
            "findings": {name: FindingCount(found=1, changed=1, kept=0)},
            "recall": {name: fields["recall"]["PERSON"]},
            "balance": {name: fields["balance"]["gender"]},
            "gates": [
                gate.model_copy(update={"metric": name, "slice": {name: name}})
                for gate in fields["gates"]
            ],
            "warnings": [name],
            "outputs": [o.model_copy(update={"path": name}) for o in fields["outputs"]],
            "passes": [p.model_copy(update={"name": name}) for p in fields["passes"]],
        }
    )


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_data(run_fields: dict[str, Any], name: str) -> None:
    slices: dict[str, Any] = {"source": name}
    rows = [
        Statistic("documents", 3, "documents", "input"),
        *(
            Statistic("documents", 3, "documents", s, **slices)
            for s in ("input", "output")
        ),
        Statistic("group.retention", 1, name, "run", axis=name, group=name),
        Statistic("group.document_share", 1, name, "input", axis=name, group=name),
        Statistic("axis.coverage", 1, name, "input", axis=name),
        Statistic("length." + name, 1, name, "input", position=name),
        Statistic(
            "pii.recall",
            1,
            name,
            "run",
            entity=name,
            position=name,
            numerator=1,
            denominator=1,
        ),
    ]
    examples = ReportExamples(
        near_duplicates=(NearDuplicate(name, name, 0.8, name),),
        findings_by_rule=(RuleCount(name, name, 1, 1),),
        quarantined=(Quarantined(name, 1, name, name),),
    )
    html = render_report(_hostile(run_fields, name), statistics_table(rows), examples)
    page = assert_inert(html)
    assert "{{ 7 * 7 }}" in page.content() or "7 * 7" not in name
    assert max(len(word) for word in page.content().split()) < 700
    assert len(html) < 300_000
    if "\u202e" in name:
        assert "evil⟨U+202E⟩txt.exe" in page.content()


def test_equal_input_gives_equal_bytes(
    manifest: Manifest, statistics: pa.Table, examples: ReportExamples
) -> None:
    html = render_report(manifest, statistics, examples)
    backwards = statistics.take(list(range(statistics.num_rows))[::-1])
    again = Manifest.model_validate_json(manifest.to_json())
    assert render_report(again, backwards, dataclasses.replace(examples)) == html


def test_many_files_are_cut_and_counted(
    run_fields: dict[str, Any], statistics: pa.Table, examples: ReportExamples
) -> None:
    template: InputFile = run_fields["inputs"][0]
    run_fields["inputs"] = [
        template.model_copy(update={"path": f"{index:06}.jsonl"})
        for index in range(5_000)
    ]
    html = render_report(Manifest(**run_fields), statistics, examples)
    provenance = section(html, "provenance")
    assert "000199.jsonl" in provenance
    assert "000200.jsonl" not in provenance
    assert f"{grouped(4_800)} more rows" in provenance
    assert f"sum of {grouped(5_000)}" in provenance
    assert len(html) < 300_000


def test_forbidden_claim_is_never_made(
    manifest: Manifest, statistics: pa.Table, examples: ReportExamples
) -> None:
    html = render_report(manifest, statistics, examples).lower()
    assert "anonymi" not in html
    assert "compliant" not in html

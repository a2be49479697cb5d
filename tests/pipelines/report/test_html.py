from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.report.blocks import Paragraph, Section, joined, not_run
from isinglass.pipelines.report.html import render_report
from isinglass.pipelines.report.model import KeyFigure, Quarantined
from isinglass.pipelines.report.text import grouped
from isinglass.pipelines.stage import Stage
from isinglass.pipelines.stages.dedup.removals import NearDuplicate, NearRemovals
from isinglass.pipelines.stages.pii import counts as pii
from isinglass.schemas.manifest import (
    FindingCount,
    GateResult,
    InputFile,
    Manifest,
    Records,
)
from isinglass.schemas.statistic import Statistic, statistics_table
from tests.pages import Page, assert_inert, section_of

if TYPE_CHECKING:
    import pyarrow as pa

    from isinglass.pipelines.report.model import ReportData
    from tests.pipelines.conftest import Examples

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "evil\u202etxt.exe",
    "</style></title></svg><script>",
    "javascript:alert(1)",
    "=HYPERLINK(1)",
    "n" * 10_240,
    "line\nbreak\x00\x1b[31m",
]


def test_whole_run_is_one_inert_page(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    html = render_report(manifest, statistics, *examples)
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
    assert len(spoken) == html.count('role="img"><title>') == 15
    assert all("aria-hidden" in p for p in pictures if p.get("role") != "img")


def test_verdict_comes_first_with_its_reasons(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    html = render_report(manifest, statistics, *examples)
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
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    accounting = section_of(
        render_report(manifest, statistics, *examples), "accounting"
    )
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
    run_fields: dict[str, Any], statistics: pa.Table, examples: Examples
) -> None:
    run_fields["records"] = Records(
        total_in=100, kept=98, dropped={"empty": 1}, quarantined={}
    )
    html = render_report(Manifest(**run_fields), statistics, *examples)
    text = Page(html).content()
    assert "✗ does not equal the 100 records read" in text
    assert "The records do not add up: 99 are accounted for, 100 were read." in text
    assert "100 in ≠ 98 kept + 1 dropped + 0 quarantined" in text


def test_parts_that_were_off_say_so_in_one_line(
    bare_manifest: Manifest, no_statistics: pa.Table
) -> None:
    html = render_report(bare_manifest, no_statistics, (), {})
    assert_inert(html)
    for anchor in (
        "content",
        "duplicates",
        "pii",
        "demographics",
        "retention",
        "encode",
        "gates",
    ):
        assert re.search(r"Not run: .*\.$", section_of(html, anchor)), anchor
    assert "no text was written" in section_of(html, "accounting")


def test_a_part_that_the_verb_leaves_out_is_not_blamed_on_the_configuration(
    run_fields: dict[str, Any], statistics: pa.Table, examples: Examples
) -> None:
    run_fields |= {"encode": None, "verb": "clean"}
    html = render_report(Manifest(**run_fields), statistics, *examples)
    assert "Not run: isinglass clean does not encode." in section_of(html, "encode")


def test_largest_losses_come_first(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    content = section_of(render_report(manifest, statistics, *examples), "content")
    content = content[content.index("before and after") :]
    places = [content.index(name) for name in ("licences", "readmes", "guides")]
    assert places == sorted(places)
    assert f"licences {grouped(9_412)} {grouped(5_120)} {grouped(4_292)}" in content
    assert f"sum {grouped(32_016)} {grouped(27_576)} {grouped(4_440)}" in content
    assert "0.5 811 840 words" in content


def test_many_sources_are_added_up_below_the_first(
    manifest: Manifest, examples: Examples
) -> None:
    rows = [Statistic("documents", 1000, "documents", "input")]
    for index in range(1000):
        name = f"source-{index:04}"
        for stage, value in (("input", 10), ("output", 9)):
            rows.append(Statistic("documents", value, "documents", stage, source=name))
    html = render_report(manifest, statistics_table(rows), *examples)
    content = section_of(html, "content")
    assert f"(961 others) {grouped(9_610)} {grouped(8_649)} 961" in content
    assert f"sum {grouped(10_000)} {grouped(9_000)} {grouped(1_000)}" in content


def test_failed_gates_without_a_statistic_are_explained(
    run_fields: dict[str, Any], statistics: pa.Table, examples: Examples
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
    text = Page(render_report(Manifest(**run_fields), statistics, *examples)).content()
    reason = "Gate failed: pii.recal must be at least 0.9; there is no such statistic"
    assert reason in text
    assert text.index(reason) < text.index("Gate not met (warning)")
    assert "Gates 1 of 3 met." in text


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
    lost: dict[str, Any] = {"axis": name, "group": name, "reason": name}
    rows = [
        Statistic("documents", 3, "documents", "input"),
        *(
            Statistic("documents", 3, "documents", s, **slices)
            for s in ("input", "output")
        ),
        Statistic("group.retention", 1, name, "run", axis=name, group=name),
        *(
            Statistic(metric, 1.5, name, "run", **lost, low=1.2, high=2, numerator=5)
            for metric in ("group.removed_share", "group.adjusted_removal_ratio")
        ),
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
    shown = {
        "dedup": NearRemovals([NearDuplicate(name, name, 0.8, name)], []),
        "pii": (pii.RuleCount(name, name, 1, 1),),
    }
    quarantined = (Quarantined(name, 1, name, name),)
    hostile = _hostile(run_fields, name)
    html = render_report(hostile, statistics_table(rows), quarantined, shown)
    page = assert_inert(html)
    assert "{{ 7 * 7 }}" in page.content() or "7 * 7" not in name
    assert max(len(word) for word in page.content().split()) < 700
    assert len(html) < 300_000
    if name.startswith("="):
        assert not re.search(r"<t[hd][^>]*>\s*=", html)
        assert "'=HYPERLINK(1)" in page.content()
    if "\u202e" in name:
        assert "evil⟨U+202E⟩txt.exe" in page.content()


def test_equal_input_gives_equal_bytes(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    html = render_report(manifest, statistics, *examples)
    backwards = statistics.take(list(range(statistics.num_rows))[::-1])
    again = Manifest.model_validate_json(manifest.to_json())
    assert render_report(again, backwards, *examples) == html


def test_many_files_are_cut_and_counted(
    run_fields: dict[str, Any], statistics: pa.Table, examples: Examples
) -> None:
    template: InputFile = run_fields["inputs"][0]
    run_fields["inputs"] = [
        template.model_copy(update={"path": f"{index:06}.jsonl"})
        for index in range(5_000)
    ]
    html = render_report(Manifest(**run_fields), statistics, *examples)
    provenance = section_of(html, "provenance")
    assert "000039.jsonl" in provenance
    assert "000040.jsonl" not in provenance
    assert f"{grouped(4_960)} more rows" in provenance
    assert f"sum of {grouped(5_000)}" in provenance
    assert len(html) < 300_000


def test_forbidden_claim_is_never_made(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    html = render_report(manifest, statistics, *examples).lower()
    assert "anonymi" not in html
    assert "compliant" not in html


class Words(Stage):
    """A stage of somebody else's."""

    name = "words"
    place = 45

    @classmethod
    def section(cls, data: ReportData) -> Section:
        said = f"{data.shown[cls.name]} words of {data.manifest.name}"
        return Section("words", "Words", (Paragraph(said),))

    @classmethod
    def figure(cls, manifest: Manifest) -> KeyFigure:
        del manifest
        return KeyFigure("words", "12", "all")

    @classmethod
    def deed(cls, manifest: Manifest) -> str:
        del manifest
        return "counting words"


def test_a_further_stage_has_its_place_in_the_report(
    manifest: Manifest, statistics: pa.Table, examples: Examples
) -> None:
    shown = examples.shown | {"words": "<i>many</i>"}
    html = render_report(manifest, statistics, (), shown, (Words,))
    page = assert_inert(html)
    assert section_of(html, "words") == "Words <i>many</i> words of web-docs"
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert (
        ids.index("decontamination") + 1 == ids.index("words") == ids.index("pii") - 1
    )
    assert "cleaning and counting words and encoding" in page.content()
    assert "records in" in page.content().partition("words 12 all")[0]


ONE, OTHER = (Section("a", title, (Paragraph(title),)) for title in ("one", "other"))
OFF = not_run("a", "off", "it is off.")


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ((ONE, OTHER), ("one", "other")),
        ((OFF, ONE), ("one",)),
        ((OFF, ONE, OTHER), ("one", "other")),
        ((ONE, OFF), ("one", "Not run: it is off.")),
        ((OFF, OFF), ("Not run: it is off.",)),
    ],
)
def test_sections_of_one_anchor_are_one(
    sections: tuple[Section, ...], said: tuple[str, ...]
) -> None:
    beside = Section("b", "beside", ())
    made, other = joined((sections[0], beside, *sections[1:]))
    assert made.title == sections[0].title
    assert [b.text for b in made.blocks if isinstance(b, Paragraph)] == list(said)
    assert other is beside

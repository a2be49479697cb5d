"""What the report, the statistics and the warnings say of an erased concept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.report.blocks import Figure, Paragraph, Table
from isinglass.pipelines.report.html import render_report
from isinglass.pipelines.report.model import ReportData, Slices
from isinglass.pipelines.stages.leace import report
from isinglass.pipelines.stages.leace.measure import statistics_of
from isinglass.schemas.config import RunConfig
from isinglass.schemas.encoding import ErasedGroup, LeaceSummary
from isinglass.schemas.statistic import statistics_table

if TYPE_CHECKING:
    from isinglass.schemas.manifest import Manifest

HOSTILE = "<script>alert(1)</script>"
THIN = "\u202f"
CONFIG = RunConfig.model_validate({"inputs": [{"path": "a.jsonl"}], "output": "run"})


def group(name: str = "female", **values: Any) -> ErasedGroup:
    probed: dict[str, Any] = {
        "probed": 200,
        "linear_before": 190,
        "linear_after": 100,
        "nearest_before": 180,
        "nearest_after": 150,
    }
    whole: dict[str, Any] = {"group": name, "rows": 700, "erased": True, **probed}
    return ErasedGroup(**whole | values)


def summary(**values: Any) -> LeaceSummary:
    whole: dict[str, Any] = {
        "axis": "gender",
        "groups": [group(), group("male", linear_after=104)],
        "rows": 3_000,
        "fitted_on": 2_900,
        "held_out": 700,
        "dimensions": 384,
        "rank": 2,
        "covariance_before": 4.0e-3,
        "covariance_after": 2.0e-10,
        "variance_taken": 0.018,
        "neighbours": 7_000,
        "neighbours_kept": 6_300,
        "associations": [
            {"test": "own-1", "title": "Words", "before": 1.25, "after": -0.1}
        ],
    }
    return LeaceSummary(**whole | values)


def section_of(manifest: Manifest, told: LeaceSummary | None) -> Any:
    changed = manifest.model_copy(update={"leace": told})
    return report.section(ReportData(changed, Slices(())))


def test_it_tells_what_a_probe_finds_before_and_after(manifest: Manifest) -> None:
    section = section_of(manifest, summary())
    assert section.said == (
        f"gender was erased from copies of 3{THIN}000 vectors, 2 of 384 dimensions; "
        f"90.0{THIN}% of the nearest neighbours stayed."
    )
    linear, nearest = (one for one in section.blocks if isinstance(one, Figure))
    assert f"female 95.0{THIN}% to 50.0{THIN}%" in linear.svg
    assert f"female 90.0{THIN}% to 75.0{THIN}%" in nearest.svg
    groups, facts, words = (one for one in section.blocks if isinstance(one, Table))
    cells = [[cell.text for cell in row] for row in groups.rows]
    assert cells[0] == [
        "female",
        "700",
        "yes",
        "200",
        f"95.0{THIN}%",
        f"50.0{THIN}%",
        f"90.0{THIN}%",
        f"75.0{THIN}%",
    ]
    told = {row[0].text: (row[1].text, row[2].text) for row in facts.rows}
    assert told["greatest covariance of a value with a mention"] == (
        "2.0e-10",
        "before 4.0e-03",
    )
    (row,) = words.rows
    assert [one.text for one in row] == ["own-1", "Words", "1.25", "\N{MINUS SIGN}0.10"]


def test_groups_that_are_not_probed_have_no_picture(manifest: Manifest) -> None:
    bare = ErasedGroup(group="female", rows=12, erased=True)
    section = section_of(manifest, summary(groups=[bare], neighbours=0))
    assert not [one for one in section.blocks if isinstance(one, Figure)]


@pytest.mark.parametrize(
    ("encode", "told"),
    [
        ({}, "the configuration has no encode.erase_concept"),
        ({"erase_concept": {"axis": "gender"}}, "does not encode"),
    ],
)
def test_a_run_without_it_says_why(
    manifest: Manifest, encode: dict[str, Any], told: str
) -> None:
    config = {**manifest.config, "encode": encode}
    off = manifest.model_copy(update={"config": config})
    section = section_of(off, None)
    assert not section.ran
    (line,) = section.blocks
    assert isinstance(line, Paragraph)
    assert told in line.text


def test_hostile_names_are_escaped(manifest: Manifest) -> None:
    hostile = summary(axis=HOSTILE, groups=[group(HOSTILE)])
    changed = manifest.model_copy(update={"leace": hostile})
    page = render_report(changed, statistics_table([]), (), {})
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)" in page


def test_every_number_is_a_statistic() -> None:
    rows = {(row.metric, row.when, row.group): row for row in statistics_of(summary())}
    assert len(rows) == 4 + 2 * 2 * 3 + 2
    assert rows["leace.association", "input", "own-1"].value == 1.25
    assert rows["leace.covariance", "input", None].value == 4.0e-3
    assert rows["leace.recall_at_10", "output", None].value == 0.9
    before = rows["leace.probe_accuracy", "input", "female"]
    assert (before.value, before.numerator, before.denominator) == (0.95, 190, 200)
    assert before.low is not None
    assert 0.90 < before.low < 0.95
    gain = rows["leace.probe_gain", "output", "male"]
    assert gain.value == pytest.approx(0.02)
    assert rows["leace.neighbour_accuracy", "output", "male"].value == 0.75
    assert {row.axis for row in rows.values()} == {"gender"}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, []),
        ({"fitted_on": 384}, []),
        ({"fitted_on": 383}, ["by 383 vectors of 384 dimensions"]),
        (
            {"groups": [group(), group("male", erased=False, probed=None)]},
            ["male of gender: not erased"],
        ),
        ({"groups": [group(linear_after=113)]}, []),
        ({"groups": [group(linear_after=115)]}, ["still tells female"]),
    ],
)
def test_what_a_reader_must_know_is_said(
    values: dict[str, Any], told: list[str]
) -> None:
    said = report.warns(CONFIG, {"leace": summary(**values)}, [])
    assert len(said) == len(told)
    assert all(part in line for part, line in zip(told, said, strict=True))
    assert report.warns(CONFIG, {}, []) == []

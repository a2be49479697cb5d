from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.report.blocks import Paragraph, Table
from isinglass.pipelines.report.model import ReportData, read_slices
from isinglass.pipelines.stages.pii.report_hits import hit_blocks
from isinglass.schemas.manifest import FindingCount, FrequentValue
from isinglass.schemas.statistic import Statistic, statistics_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from isinglass.pipelines.report.blocks import Block
    from isinglass.schemas.manifest import Manifest

NAMES, MAIL = "PERSON", "EMAIL_ADDRESS"


def blocks(
    manifest: Manifest,
    found: Mapping[str, int],
    words: Mapping[str, float],
    *values: FrequentValue,
    kind: str = NAMES,
) -> list[Block]:
    """Blocks about findings of one kind and words by source."""
    rows = [
        Statistic("pii.found", number, "spans", "run", entity=kind, source=source)
        for source, number in found.items()
    ]
    rows += [
        Statistic("words", number, "words", "output", source=source)
        for source, number in words.items()
    ]
    all_found = sum(found.values())
    count = FindingCount(found=all_found, changed=all_found, kept=0)
    findings = {kind: count} if all_found else {}
    update: dict[str, Any] = {"findings": findings, "frequent_values": [*values]}
    data = ReportData(
        manifest.model_copy(update=update), read_slices(statistics_table(rows))
    )
    return hit_blocks(data, [MAIL, NAMES])


def rows_of(made: list[Block], number: int = 0) -> list[list[str]]:
    tables = [block for block in made if isinstance(block, Table)]
    return [[cell.text for cell in row] for row in tables[number].rows]


def said(made: list[Block]) -> str:
    return " ".join(block.text for block in made if isinstance(block, Paragraph))


def test_the_highest_rate_comes_first(manifest: Manifest) -> None:
    made = blocks(
        manifest, {"a": 2, "": 4, "b": 3}, {"a": 4e3, "": 2e3, "b": 1e3, "c": 9}
    )
    assert rows_of(made) == [
        ["b", "1\u202f000", "3.000"],
        ["(none)", "2\u202f000", "2.000"],
        ["a", "4\u202f000", "0.500"],
        ["c", "9", "0.000"],
    ]
    assert not said(made)


@pytest.mark.parametrize(
    ("found", "words", "named"),
    [
        ({"a": 500, "b": 100}, {"a": 1e5, "b": 1e5}, "PERSON in a (5.00, 5.0 times)"),
        ({"a": 499, "b": 100}, {"a": 1e5, "b": 1e5}, ""),
        ({"a": 100}, {"a": 1e5, "b": 1e5}, "PERSON in a (1.00, none elsewhere)"),
        # Too few findings, too few words elsewhere, no other source.
        ({"a": 99}, {"a": 1e5, "b": 1e5}, ""),
        ({"a": 500}, {"a": 1e5, "b": 9_999}, ""),
        ({"a": 500}, {"a": 1e5}, ""),
    ],
)
def test_a_source_far_above_the_rest_is_named(
    manifest: Manifest, found: dict[str, int], words: dict[str, float], named: str
) -> None:
    made = blocks(manifest, found, words)
    assert named in said(made)
    assert bool(said(made)) == bool(named)


@pytest.mark.parametrize(("found", "shown"), [(30, True), (29, False)])
def test_rare_kinds_have_no_column(
    manifest: Manifest, found: int, *, shown: bool
) -> None:
    made = blocks(manifest, {"a": found}, {"a": 1e3}, kind=MAIL)
    assert bool(made) == shown


def test_nothing_found_says_nothing(manifest: Manifest) -> None:
    assert blocks(manifest, {}, {"a": 1e3}) == []


def frequent(key: str, found: int, entity: str = NAMES, **signs: int) -> FrequentValue:
    return FrequentValue(
        entity=entity,
        value_key=key * 32,
        found=found,
        documents=found,
        share=0.5,
        signs=signs,
    )


def test_values_like_words_come_first(manifest: Manifest) -> None:
    values = [
        frequent("a", 900, MAIL),
        frequent("b", 800),
        frequent("c", 300, small=50, article=200, label=0),
    ]
    made = blocks(manifest, {"a": 2000}, {"a": 1e5}, *values)
    assert rows_of(made, 1) == [
        [
            "c" * 12,
            NAMES,
            "300",
            "300",
            "50.0\u202f%",
            "83.3\u202f%",
            "behind an article",
        ],
        ["a" * 12, MAIL, "900", "900", "50.0\u202f%", "\u2013", "\u2013"],
        ["b" * 12, NAMES, "800", "800", "50.0\u202f%", "0.0\u202f%", "\u2013"],
    ]
    assert "One value that is written like a word was replaced 300 times" in said(made)

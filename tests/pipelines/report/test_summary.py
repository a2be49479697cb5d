from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report.verdict import summary_lines
from isinglass.pipelines.stage import Stage
from isinglass.schemas.manifest import Manifest, Records

if TYPE_CHECKING:
    import pytest


class Loud(Stage):
    name = "loud"
    place = 65

    @classmethod
    def line(cls, manifest: Manifest) -> str:
        return f"Loud: {manifest.name}"


class Low(Loud):
    place = 66

    @classmethod
    def line(cls, manifest: Manifest) -> str:
        return f"low: {manifest.records.kept:,}"


def test_five_lines_of_a_whole_run(manifest: Manifest) -> None:
    assert summary_lines(manifest) == [
        (
            "Passed with warnings: Gate not met (warning): pii.recall for entity "
            "PERSON must be at least 0.8; it is 0.795. (and 2 more)"
        ),
        "Records: 32,028 in, 27,576 kept (86.1 %), 4,440 dropped, 12 quarantined",
        (
            "Duplicates: 3,031 exact and 1,391 near removed; 5,207 of 8,440 candidate "
            "pairs verified"
        ),
        (
            "Identifiers: 14,286 found, 14,198 changed; 1,469 of 1,600 planted ones "
            "found, least of PERSON (79.5 %); about 2,559 probably left"
        ),
        (
            "Balance: gender within 0.00 points of the target, effective sample 79.3 % "
            "of 27,576 documents; tokens: 10,733,410 in 27,576 documents"
        ),
    ]


def test_five_lines_of_a_bare_run(bare_manifest: Manifest) -> None:
    lines = summary_lines(bare_manifest)
    assert lines[2:] == [
        "Duplicates: not run",
        "Identifiers: not run",
        "Balance: not run; tokens: not run",
    ]
    assert lines[0].startswith("Passed: Every record is accounted for.")


def test_a_quarantine_rate_above_the_limit_leads(run_fields: dict[str, Any]) -> None:
    run_fields |= {
        "verdict": "failed",
        "records": Records(
            total_in=1_000, kept=900, dropped={}, quarantined={"too_long": 100}
        ),
        "warnings": [],
        "gates": [],
    }
    assert summary_lines(Manifest(**run_fields))[0] == (
        "Failed: 100 of 1,000 records (10.00 %) were quarantined, above the limit of "
        "1.00 %."
    )


def test_terminal_control_characters_do_not_get_through(
    run_fields: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    run_fields |= {"warnings": ["\x1b[2Jgone\r\n\u202e"], "gates": []}
    lines = summary_lines(Manifest(**run_fields))
    assert len(lines) == 5
    assert all(line.isprintable() for line in lines)
    assert "⟨U+001B⟩[2Jgone⟨U+000D⟩⟨U+000A⟩⟨U+202E⟩" in lines[0]
    print(*lines, sep="\n")  # noqa: T201 - what a command does with them
    assert capsys.readouterr().out.count("\n") == 5


def test_further_stages_have_a_line_or_a_part_of_one(bare_manifest: Manifest) -> None:
    lines = summary_lines(bare_manifest, (Low, Loud))
    assert lines[4:] == ["Balance: not run", "Loud: bare; low: 0; tokens: not run"]
    assert summary_lines(bare_manifest, (Stage,)) == summary_lines(bare_manifest)

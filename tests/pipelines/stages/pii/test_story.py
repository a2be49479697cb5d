"""What is said of the findings of a record."""

from __future__ import annotations

from typing import Any

import pytest

from isinglass.pipelines.stages.pii.story import (
    evidence_of,
    finding_lines,
)

YES, NO = True, False
NAMES = (
    "start",
    "end",
    "entity",
    "operator",
    "detector",
    "rule",
    "validated",
    "base_score",
    "score",
    "context",
)


def finding(*values: Any) -> dict[str, Any]:
    return dict(zip(NAMES, values, strict=True))


MAIL = finding(
    1003, 1020, "EMAIL_ADDRESS", "replace", "presidio", "e-mail", YES, 1.0, 1.0, None
)
NUMBER = finding(5, 15, "UK_NHS", "replace", "presidio", "spaced", NO, 0.4, 0.75, "nhs")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            MAIL,
            (
                "EMAIL_ADDRESS at 1,003-1,020: presidio, e-mail, checksum holds, score "
                "1.00, no context word"
            ),
        ),
        (
            NUMBER,
            (
                "UK_NHS at 5-15: presidio, spaced, checksum fails, score 0.40 and 0.75 "
                'after the word "nhs"'
            ),
        ),
        (
            {**NUMBER, "validated": None, "base_score": None},
            "UK_NHS at 5-15: presidio, spaced, score 0.75, no context word",
        ),
    ],
)
def test_where_it_is_and_how_its_score_came_about(
    found: dict[str, Any], said: str
) -> None:
    assert evidence_of(found) == said


def test_kinds_are_counted_and_each_finding_is_told() -> None:
    spans = (MAIL, NUMBER, {**MAIL, "start": 2_000})
    lines = finding_lines(spans, kept=True, full=False)
    assert list(lines) == [
        ("findings", "2 x EMAIL_ADDRESS, replace"),
        ("", "1 x UK_NHS, replace"),
        ("evidence", evidence_of(spans[0])),
        ("", evidence_of(spans[1])),
        ("", evidence_of(spans[2])),
    ]


def test_a_finding_sets_no_brackets_and_no_line_of_its_own() -> None:
    context = {
        "before": "a\n⟧",
        "value": "x" * 5_000,
        "after": "\x1b[2J",
        "became": "⟦",
    }
    span = {**MAIL, "in_context": context}
    *_, (_, line) = finding_lines((span,), kept=True, full=False)
    assert line.startswith("  ...a ⟨U+27E7⟩⟦xxx")
    assert line.endswith(" characters)⟧⟨U+001B⟩[2J...  ->  ⟨U+27E6⟩")
    assert len(line) < 1_200
    *_, (_, whole) = finding_lines((span,), kept=True, full=True)
    assert "x" * 5_000 in whole


@pytest.mark.parametrize(
    ("kept", "lines"), [(True, [("findings", "none")]), (False, [])]
)
def test_none_is_worth_a_line_where_the_text_was_kept(
    kept: bool,  # noqa: FBT001
    lines: list[tuple[str, str]],
) -> None:
    assert list(finding_lines((), kept=kept, full=False)) == lines


@pytest.mark.parametrize(("full", "shown"), [(False, 20), (True, 25)])
def test_many_findings_are_shown_on_request(
    full: bool,  # noqa: FBT001
    shown: int,
) -> None:
    spans = tuple({**MAIL, "start": n} for n in range(25))
    lines = list(finding_lines(spans, kept=True, full=full))
    assert sum("EMAIL_ADDRESS at" in value for _, value in lines) == shown
    assert (lines[-1] == ("", "and 5 more; --full shows all")) != full

"""What every run is judged by: tables of gates, warnings and records."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from isinglass.pipelines.stage import Stage
from isinglass.pipelines.stages.pii.stage import Pii
from isinglass.pipelines.verdict import (
    all_gates,
    general_gates,
    general_warnings,
    verdict,
)
from isinglass.schemas.config import GateConfig, RunConfig
from isinglass.schemas.manifest import GateResult, InputFile, Records
from isinglass.schemas.statistic import Statistic


def gate(severity: Literal["error", "warning"], *, passed: bool) -> GateResult:
    return GateResult(
        metric="records.kept",
        slice={},
        op=">=",
        value=1.0,
        actual=1.0 if passed else 0.0,
        severity=severity,
        passed=passed,
    )


GOOD, BETTER = gate("error", passed=True), gate("warning", passed=True)
BAD, ODD = gate("error", passed=False), gate("warning", passed=False)


@pytest.mark.parametrize(
    ("gates", "warnings", "expected"),
    [
        ([], [], "passed"),
        ([GOOD, BETTER], [], "passed"),
        ([GOOD], ["Careful."], "warned"),
        ([GOOD, ODD], [], "warned"),
        ([ODD, BAD], [], "failed"),
        ([BAD], ["Careful."], "failed"),
    ],
)
def test_verdict(gates: list[GateResult], warnings: list[str], expected: str) -> None:
    assert verdict(gates, warnings) == expected


def records(kept: int = 1, **quarantined: int) -> Records:
    total = kept + sum(quarantined.values())
    return Records(total_in=total, kept=kept, dropped={}, quarantined=quarantined)


def file(problem: str) -> InputFile:
    return InputFile(
        path="a.jsonl",
        source="web",
        format="jsonl",
        bytes=1,
        rows=1,
        sha256="",
        problem=problem,
    )


@pytest.mark.parametrize(
    ("problems", "told", "expected"),
    [
        ([""], records(), []),
        (
            ["no gzip", "", "empty"],
            records(),
            ["2 input files could not be read; see inputs."],
        ),
        (
            [],
            records(truncated_file=3),
            ["3 compressed files end early: what followed is missing."],
        ),
        (
            [],
            records(duplicate_id=2),
            ["2 records use an id of another text; they are in quarantine."],
        ),
        ([], records(nul_character=2), []),
        ([], records(kept=0, nul_character=2), []),
        ([], records(kept=0), ["The inputs hold no records."]),
    ],
)
def test_general_warnings(
    problems: list[str], told: Records, expected: list[str]
) -> None:
    assert general_warnings(map(file, problems), told, ()) == expected


def test_sources_of_which_nothing_is_left_are_named() -> None:
    shares = {"web": 0.4, "mail": 0.0, "chat": 0.0, "": 0.0}
    rows = [
        Statistic("documents.retention", share, "share", "run", source=source)
        for source, share in shares.items()
    ]
    # In one language there may well be nothing.
    rows.append(Statistic("documents.retention", 0, "share", "run", language="en"))
    assert general_warnings([], records(), rows) == [
        "Nothing is left of these sources: chat, mail."
    ]
    # If nothing is left at all, a gate fails.
    assert general_warnings([], records(kept=0, nul_character=2), rows) == []


SAID = (
    "Fewer than nine of ten that somebody looked at are right: PERSON (80.0 % of 30), "
    "near_duplicate (72.5 % of 40)."
)


def looked_at(value: float, number: int, **slices: Any) -> Statistic:
    metric = "review.precision"
    return Statistic(metric, value, "share", "run", denominator=number, **slices)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([looked_at(0.9, 50, entity="PERSON")], []),
        ([looked_at(0.5, 29, entity="PERSON")], []),
        ([Statistic("review.recall", 0.5, "share", "run", denominator=50)], []),
        (
            [
                looked_at(0.8, 30, entity="PERSON"),
                looked_at(0.725, 40, reason="near_duplicate"),
            ],
            [SAID],
        ),
    ],
)
def test_precision_is_warned_of_where_it_was_measured(
    rows: list[Statistic], expected: list[str]
) -> None:
    assert general_warnings([], records(), rows) == expected


def config(**sections: object) -> RunConfig:
    given = {"inputs": [{"path": "a.jsonl", "source": "web"}], "output": "run"}
    return RunConfig.model_validate(given | sections)


def test_every_run_has_a_limit_and_must_keep_something() -> None:
    limits = config(limits={"max_quarantine_rate": 0.25})
    limit, kept = general_gates(limits, records(kept=0, nul_character=2))
    assert (limit.metric, limit.op, limit.value) == ("quarantine.rate", "<=", 0.25)
    assert (kept.metric, kept.op, kept.value) == ("records.kept", ">=", 1)
    assert limit.severity == kept.severity == "error"
    # Inputs without records are told by a warning.
    assert general_gates(limits, records(kept=0)) == (limit,)


class Asks(Stage):
    """A stage with a warning and a stop of its own."""

    name = "asks"

    @classmethod
    def asks(cls, config: RunConfig) -> tuple[GateConfig, ...]:
        del config
        return OWN, STOP


OWN = GateConfig(metric="a.b", slice={"x": "*"}, op="<=", value=1, severity="warning")
STOP = OWN.model_copy(update={"severity": "error"})


@pytest.mark.parametrize(
    ("changes", "replaced"),
    [
        ({"value": 5}, True),
        ({"op": "<", "severity": "error"}, True),
        ({"op": ">="}, False),
        ({"slice": {"x": "y"}}, False),
        ({"metric": "a.c"}, False),
        ({"baseline": "earlier"}, False),
    ],
)
def test_a_gate_of_the_configuration_takes_the_place_of_a_warning(
    *, changes: dict[str, object], replaced: bool
) -> None:
    gate = GateConfig.model_validate(OWN.model_dump() | changes)
    settings = config(gates=[gate.model_dump()])
    rows = [Statistic("a.b", 1, "share", "run")]
    found = all_gates(settings, [Asks], records(), rows)
    assert found[:-2] == ([gate, STOP] if replaced else [gate, OWN, STOP])
    # What nobody asked for is no warning where nothing was measured.
    assert all_gates(settings, [Asks], records(), [])[:-2] == [gate, STOP]


def test_a_run_without_a_scan_says_so() -> None:
    assert Pii.warns(config(pii={}), {}, ()) == []
    assert Pii.warns(config(), {}, ()) == [
        "Texts were not scanned for PII (no `pii` section)."
    ]

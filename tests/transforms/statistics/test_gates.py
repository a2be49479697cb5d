from __future__ import annotations

from typing import Any

import pytest

from isinglass.schemas.config.run import GateConfig
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.statistics.gates import evaluate_gates

STATISTICS = [
    Statistic("documents", 10, "documents", "input"),
    Statistic("documents", 8, "documents", "output"),
    Statistic("documents", 3, "documents", "input", source="web"),
    Statistic("pii.recall", 0.99, "share", "run", entity="EMAIL_ADDRESS"),
    Statistic("pii.recall", 0.5, "share", "run", entity="PERSON", language="en"),
    Statistic("broken", float("nan"), "share", "run"),
]


def evaluate(metric: str, op: Any, value: float, **slices: str) -> tuple[Any, bool]:
    gate = GateConfig(metric=metric, op=op, value=value, slice=slices)
    (result,) = evaluate_gates((gate,), STATISTICS)
    assert (result.metric, result.op, result.value) == (metric, op, value)
    assert result.slice == slices
    return result.actual, result.passed


@pytest.mark.parametrize(
    ("op", "value", "passed"),
    [
        (">=", 0.99, True),
        (">=", 0.9901, False),
        (">", 0.99, False),
        (">", 0.98, True),
        ("<=", 0.99, True),
        ("<=", 0.98, False),
        ("<", 0.99, False),
        ("<", 1.0, True),
        ("==", 0.99, True),
        ("==", 0.9, False),
    ],
)
def test_comparisons(op: str, value: float, passed: bool) -> None:  # noqa: FBT001
    found = evaluate("pii.recall", op, value, entity="EMAIL_ADDRESS")
    assert found == (0.99, passed)


def test_what_was_not_measured_did_not_pass() -> None:
    assert evaluate("pii.recall", ">=", 0.0) == (None, False)
    assert evaluate("pii.recall", ">=", 0.0, entity="PERSON") == (None, False)
    assert evaluate("no.such", "<=", 1.0) == (None, False)
    assert evaluate("broken", "<=", 1.0) == (None, False)


def test_several_stages_must_all_hold() -> None:
    assert evaluate("documents", ">=", 9) == (8, False)
    assert evaluate("documents", "<=", 9) == (10, False)
    assert evaluate("documents", "==", 8) == (10, False)
    assert evaluate("documents", ">=", 9, stage="input") == (10, True)
    assert evaluate("documents", "==", 3, source="web") == (3, True)


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="slice column entitty; known columns: source"
    ):
        evaluate("pii.recall", ">=", 0.9, entitty="PERSON")


def test_order_and_severity_are_kept() -> None:
    gates = (
        GateConfig(metric="documents", op=">", value=0, severity="warning"),
        GateConfig(metric="no.such", op=">", value=0),
    )
    found = evaluate_gates(gates, STATISTICS)
    assert [(x.metric, x.severity, x.passed) for x in found] == [
        ("documents", "warning", True),
        ("no.such", "error", False),
    ]


PEOPLE = [
    Statistic("pii.recall", 0.9, "share", "run", entity="IBAN_CODE"),
    Statistic("pii.recall", 0.7, "share", "run", entity="PERSON"),
    Statistic("pii.recall", 0.1, "share", "run", entity="PERSON", language="de"),
    Statistic("pii.recall", 0.2, "share", "run"),
]


@pytest.mark.parametrize(
    ("slices", "op", "value", "actual", "where"),
    [
        ({"entity": "*"}, ">=", 0.8, 0.7, {"entity": "PERSON"}),
        ({"entity": "*"}, "<=", 0.8, 0.9, {"entity": "IBAN_CODE"}),
        (
            {"entity": "*", "language": "*"},
            ">=",
            0.8,
            0.1,
            {"entity": "PERSON", "language": "de"},
        ),
        ({"entity": "PERSON", "language": "*"}, ">=", 0.1, 0.1, {"language": "de"}),
        ({"source": "*"}, ">=", 0.1, None, {}),
        ({}, ">=", 0.2, 0.2, {}),
    ],
)
def test_a_star_stands_for_each_value(
    slices: dict[str, str],
    op: Any,
    value: float,
    actual: float | None,
    where: dict[str, str],
) -> None:
    gate = GateConfig(metric="pii.recall", op=op, value=value, slice=slices)
    (result,) = evaluate_gates((gate,), PEOPLE)
    assert (result.actual, result.where) == (actual, where)
    assert result.passed == (actual is not None and actual == value)


def test_a_baseline_is_held_against_the_same_slices() -> None:
    before = [
        Statistic("pii.recall", 0.95, "share", "run", entity="IBAN_CODE"),
        Statistic("pii.recall", 0.6, "share", "run", entity="PERSON"),
        Statistic("pii.recall", 0.9, "share", "run", entity="CRYPTO"),
    ]
    base: dict[str, Any] = {"metric": "pii.recall", "op": ">=", "baseline": "earlier"}
    gates = [
        GateConfig(value=-0.1, slice={"entity": "*"}, **base),
        GateConfig(value=-0.01, slice={"entity": "*"}, **base),
        GateConfig(value=0.0, slice={"entity": "PERSON"}, **base),
        # Only in one of the two runs.
        GateConfig(value=0.0, slice={"entity": "CRYPTO"}, **base),
        GateConfig(value=0.0, **base),
    ]
    found = evaluate_gates(gates, PEOPLE, {"earlier": before})
    assert [round(x.actual, 9) if x.actual is not None else None for x in found] == [
        -0.9,
        -0.9,
        0.1,
        None,
        None,
    ]
    assert [x.passed for x in found] == [False, False, True, False, False]
    # What is gone since counts as nothing, if there is anything left of its like.
    assert found[0].where == {"entity": "CRYPTO"}
    assert not any(x.passed for x in evaluate_gates(gates, PEOPLE))
    (alone,) = evaluate_gates(gates[:1], PEOPLE[3:], {"earlier": before})
    assert (alone.actual, alone.passed) == (None, False)
    held = [*PEOPLE, Statistic("pii.recall", 0.9, "share", "run", entity="CRYPTO")]
    near, *_ = evaluate_gates(gates, held, {"earlier": before})
    assert (round(near.actual or 0, 9), near.where) == (-0.05, {"entity": "IBAN_CODE"})

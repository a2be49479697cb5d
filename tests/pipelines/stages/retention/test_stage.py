"""What gates may ask of retention, and what the stage leaves where it is off."""

from __future__ import annotations

from typing import Any

import pytest

from isinglass.pipelines.stages.retention.stage import Retention
from isinglass.schemas.config import RunConfig

BARE: dict[str, Any] = {"inputs": [{"path": "-"}], "output": "-"}
GENDER = {"axes": ["gender"]}


def config(**changes: Any) -> RunConfig:
    return RunConfig.model_validate(BARE | changes)


@pytest.mark.parametrize(
    ("changes", "has_dialect"),
    [
        ({}, False),
        ({"retention": {}}, False),
        ({"retention": {"dialect": "model.tsv.gz"}}, True),
    ],
)
def test_gates_may_ask_of_the_dialect_where_it_is_looked_for(
    changes: dict[str, Any],
    has_dialect: bool,  # noqa: FBT001
) -> None:
    parts = Retention.slices(config(demographics=GENDER, **changes))
    axes = parts["group.adjusted_removal_ratio"]["axis"]
    assert axes is not None
    assert ("dialect" in axes) == has_dialect
    assert set(parts["group.retention"]["axis"] or ()) == {"gender"}


def test_groups_of_lexicons_of_the_user_are_not_known_before_a_run() -> None:
    own = {"lexicons": ["own.yaml"]}
    changes = {"retention": {"dialect": "model.tsv.gz"}}
    parts = Retention.slices(config(demographics=own, **changes))
    assert parts["group.adjusted_cut_ratio"]["group"] is None


@pytest.mark.parametrize(
    ("changes", "on", "gates"),
    [
        ({}, True, 1),
        ({"survey": {"count_mentions": False}}, False, 0),
        ({"survey": {"count_mentions": False}, "retention": {}}, True, 0),
    ],
)
def test_it_is_on_where_mentions_are_counted(
    changes: dict[str, Any],
    on: bool,  # noqa: FBT001
    gates: int,
) -> None:
    made = Retention.of(config(**changes))
    assert (made is not None) == on
    assert len(Retention.asks(config(**changes))) == gates
    if made is not None:
        assert made.fields("survey") == made.fields("data") == ()
        assert made.files() == ((), ())

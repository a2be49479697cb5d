"""What can be erased: groups of counted axes; all else is refused by its name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from isinglass.pipelines.stages.demographics.kept import lexicons_of
from isinglass.pipelines.stages.leace.concept import concept_of, usable
from isinglass.pipelines.stages.leace.stage import Leace
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import ConfigError


def config_of(section: dict[str, Any], **changes: Any) -> RunConfig:
    """A configuration that erases what the section says."""
    values = {
        "inputs": [{"path": "a.jsonl"}],
        "output": "run",
        "encode": {"erase_concept": section},
        **changes,
    }
    return RunConfig.model_validate(values)


def found(section: dict[str, Any], **changes: Any) -> Any:
    config = config_of(section, **changes)
    stage = Leace.of(config)
    assert stage is not None
    return concept_of(stage.config, config)


def test_groups_are_those_that_can_be_compared() -> None:
    concept = found({"axis": "gender"})
    assert (concept.axis, concept.groups) == ("gender", ("female", "male"))
    groups = lexicons_of(config_of({"axis": "gender"})).groups
    assert [groups[column] for column in concept.columns] == [
        ("gender", "female"),
        ("gender", "male"),
    ]
    named = found({"axis": "gender", "groups": ["nonbinary", "male", "male"]})
    assert named.groups == ("nonbinary", "male")


@pytest.mark.parametrize(
    ("section", "changes", "told"),
    [
        ({"axis": "gendre"}, {}, "no mentions of gendre are counted; .*gender"),
        (
            {"axis": "religion"},
            {"demographics": {"axes": ["gender"]}},
            "no mentions of religion are counted.* demographics.axes",
        ),
        ({"axis": "gender", "groups": ["femal"]}, {}, "gender has no femal; .*female"),
        (
            {"axis": "gender", "groups": ["male"]},
            {},
            "male is the only group of gender",
        ),
        ({"axis": "gender"}, {"survey": {"count_mentions": False}}, "count_mentions"),
    ],
)
def test_what_cannot_be_erased_is_refused(
    section: dict[str, Any], changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        found(section, **changes)


@pytest.mark.parametrize(
    ("encode", "told"),
    [
        (
            {"embeddings": "none", "erase_concept": {"axis": "gender"}},
            "erase_concept needs the encoder: set embeddings to pooled",
        ),
        ({"erase_concept": {}}, "axis"),
        ({"erase_concept": {"axis": "gender", "group": []}}, "group"),
    ],
)
def test_sections_that_say_nothing_are_refused(
    encode: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValidationError, match=told):
        config_of({}, encode=encode)


def test_it_is_off_without_its_section() -> None:
    assert Leace.of(config_of({}, encode={})) is None
    assert Leace.of(config_of({}, encode=None)) is None
    known = Leace.slices(config_of({}, encode={}))
    assert known["leace.probe_gain"] == {"axis": (), "group": ()}


@pytest.mark.parametrize(
    ("rows", "of", "usable_ones"),
    [
        ([9, 10, 11], 100, [False, True, True]),
        ([90, 91, 100], 100, [True, False, False]),
        ([0, 0, 0], 0, [False, False, False]),
    ],
)
def test_groups_of_few_rows_are_left_alone(
    rows: list[int], of: int, usable_ones: list[bool]
) -> None:
    assert usable(np.array(rows), of).tolist() == usable_ones


def test_gates_may_ask_for_its_axis_and_groups() -> None:
    every = Leace.slices(config_of({"axis": "gender"}))
    assert every["leace.covariance"] == {"axis": ("gender",)}
    assert every["leace.probe_gain"] == {"axis": ("gender",), "group": None}
    named = Leace.slices(config_of({"axis": "gender", "groups": ["male", "female"]}))
    assert named["leace.probe_accuracy"]["group"] == ("male", "female")

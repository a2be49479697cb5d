"""Gates that no run can tell of are refused, with what was probably meant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from isinglass.pipelines.gates import check_gates
from isinglass.pipelines.stage import Stage
from isinglass.pipelines.stages import STAGES
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.statistics.characteristics import CHARACTERISTICS


class Ours(Stage):
    """A stage of somebody else's, with a statistic of which nothing is known."""

    name = "ours"
    metrics = ("ours.lines",)


def check(metric: str, slices: dict[str, str], **sections: Any) -> None:
    gate = {"metric": metric, "slice": slices, "op": ">=", "value": 0}
    given: dict[str, Any] = {"inputs": [{"path": "x"}], "output": "o", "gates": [gate]}
    config = RunConfig.model_validate(given | {"dedup": {}, "pii": {}} | sections)
    (found,) = check_gates(config, (*STAGES, Ours), Path())
    assert found.slice == slices


IDENTIFIERS = {"pii": {"mode": "identifiers"}}
DENY = {"entity": "PERSON", "values": ["Ada"]}
LISTED = {"pii": {"mode": "identifiers", "recognizers": {"deny": [DENY]}}}
PATTERN = {"entity": "STAFF_ID", "name": "staff", "regex": "E-[0-9]{6}"}


@pytest.mark.parametrize(
    ("metric", "slices", "sections"),
    [
        ("pii.recall", {"entity": "PERSON", "position": "table"}, {}),
        ("pii.recall", {"entity": "*", "source": "anything", "language": "xx"}, {}),
        ("pii.leftovers.rate", {"entity": "US_SSN"}, IDENTIFIERS),
        (
            "pii.found",
            {"entity": "STAFF_ID", "source": "web"},
            {"pii": {"recognizers": {"patterns": [PATTERN]}}},
        ),
        ("pii.found", {"entity": "ours.kind"}, {}),
        (
            "pii.found",
            {"entity": "US_PASSPORT"},
            {"pii": {"countries": ["us"]}},
        ),
        ("pii.unread", {"language": "zh"}, {}),
        ("pii.found", {"entity": "PERSON"}, LISTED),
        ("documents", {"source": "web", "stage": "output"}, {}),
        ("documents", {"source": "*", "characteristic": "Completeness"}, {}),
        ("length.quantile", {"position": "0.5"}, {}),
        ("records.dropped", {"reason": "near_duplicate"}, {}),
        ("records.dropped", {"reason": "ours.dump"}, {}),
        (
            "dedup.recall",
            {"axis": "edit", "group": "order", "position": "0.75-0.8"},
            {},
        ),
        (
            "dedup.recall",
            {"axis": "similarity", "group": "0.9-0.95"},
            {"dedup": {"threshold": 0.9}},
        ),
        ("dedup.clusters", {"axis": "cluster_size", "group": "1001+"}, {}),
        ("group.retention_parity", {"axis": "gender", "group": "female"}, {}),
        ("group.removed_share", {"axis": "*", "group": "*", "reason": "empty"}, {}),
        ("repeats.share", {"position": "*"}, {}),
        ("review.precision", {"reason": "near_duplicate"}, {}),
        ("ours.lines", {"reason": "whatever"}, {}),
    ],
)
def test_what_a_run_can_tell_is_taken(
    metric: str, slices: dict[str, str], sections: dict[str, Any]
) -> None:
    check(metric, slices, **sections)


@pytest.mark.parametrize(
    ("metric", "slices", "sections", "said"),
    [
        ("pii.recal", {}, {}, "called pii.recal; did you mean pii.recall?"),
        ("pii.recall", {"entitty": "*"}, {}, "slice column entitty; known columns: "),
        ("documents", {"stage": "inpt"}, {}, "documents has the stage inpt"),
        (
            "pii.recall",
            {"entity": "PERSONS"},
            {},
            "has no entity PERSONS; did you mean PERSON?",
        ),
        (
            "pii.recall",
            {"entity": "PERSON"},
            IDENTIFIERS,
            "has no entity PERSON; known",
        ),
        (
            "pii.leftovers",
            {"entity": "LOCATION"},
            {},
            "has no entity LOCATION; known: ",
        ),
        ("pii.found", {"entity": "PERSON"}, IDENTIFIERS, "has no entity PERSON; "),
        ("pii.recall", {"entity": "PERSON"}, LISTED, "has no entity PERSON; "),
        (
            "pii.leftovers",
            {"entity": "US_SSN"},
            {"pii": {"canaries": {"documents": 0}}},
            "has no entity US_SSN; there is no entity to tell.",
        ),
        (
            "pii.found",
            {"entity": "US_SSN"},
            {"pii": None},
            "has no entity US_SSN; there is no entity to tell.",
        ),
        ("pii.recall", {"position": "strat"}, {}, "strat; did you mean start?"),
        (
            "documents",
            {"entity": "PERSON"},
            {},
            "documents is not told by entity; it is told by source, language.",
        ),
        ("quarantine.rate", {"source": "a"}, {}, "told by source; it has no parts."),
        (
            "records.dropped",
            {"reason": "near_duplicat"},
            {},
            "has no reason near_duplicat; did you mean near_duplicate?",
        ),
        (
            "records.dropped",
            {"reason": "their.dump"},
            {},
            "no reason their.dump; known",
        ),
        (
            "dedup.recall",
            {"axis": "edit", "group": "truncatoin"},
            {},
            "has no group truncatoin; did you mean truncation?",
        ),
        (
            "dedup.recall",
            {"axis": "similarity", "group": "0.75-0.8"},
            {"dedup": {"threshold": 0.9}},
            "has no group 0.75-0.8; ",
        ),
        ("dedup.most_removed", {"position": "sorce"}, {}, "did you mean source?"),
        (
            "group.retention_parity",
            {"axis": "gender", "group": "females"},
            {},
            "has no group females; did you mean female?",
        ),
        ("length.quantile", {"position": "0.55"}, {}, "has no position 0.55; did you"),
    ],
)
def test_what_no_run_can_tell_is_refused(
    metric: str, slices: dict[str, str], sections: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        check(metric, slices, **sections)


def test_the_columns_of_every_statistic_are_declared() -> None:
    config = RunConfig.model_validate({"inputs": [{"path": "x"}], "output": "o"})
    own = [metric for stage in STAGES for metric in stage.metrics]
    for metric in (*CHARACTERISTICS, *own):
        with pytest.raises(ConfigError, match=r"is not told by|has no"):
            check(metric, {"axis": "none"}, dedup=config.dedup)

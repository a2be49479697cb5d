from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from isinglass.schemas.config.recognizers import RecognizersConfig
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.plugins.allow import Allowed
from tests.findings import Found, findings_batch

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = pa.array(["Call Ann or ann.", "", "\U0001f600 Ann, Annex 12"])
SPANS = [(0, 5, 8, "PERSON"), (0, 12, 15, "PERSON"), (2, 2, 5, "NAME"), (2, 7, 12, "X")]


def found() -> pa.RecordBatch:
    return findings_batch([Found(*span, 0.9, "presidio", "r", None) for span in SPANS])


def config(**entry: Any) -> RecognizersConfig:
    return RecognizersConfig.model_validate({"allow": [entry]})


@pytest.mark.parametrize(
    ("entry", "kept", "suppressed"),
    [
        ({"values": ["Ann"]}, [1, 3], {"PERSON": 1, "NAME": 1}),
        ({"values": ["An", "Annex 12", "Call"]}, [0, 1, 2, 3], {}),
        ({"values": ["Ann"], "entities": ["NAME"]}, [0, 1, 3], {"NAME": 1}),
        ({"values": ["Ann"], "entities": ["EMAIL"]}, [0, 1, 2, 3], {}),
        ({"values": ["ann"], "match": "regex"}, [], {"PERSON": 2, "NAME": 1, "X": 1}),
        ({"values": ["^ann$"], "match": "regex"}, [3], {"PERSON": 2, "NAME": 1}),
        ({"values": ["zz", r"ex\b"], "match": "regex"}, [0, 1, 2], {"X": 1}),
    ],
)
def test_allowed_values_are_no_findings(
    entry: dict[str, Any], kept: list[int], suppressed: dict[str, int]
) -> None:
    left, allowed = Allowed.of(config(**entry)).keep(found(), TEXTS)
    assert left.equals(found().take(pa.array(kept, pa.int32())))
    assert allowed == suppressed


def test_values_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "allowed.txt"
    path.write_text("\ufeffAnn\n\n  ann \r\n", "utf-8")
    left, _ = Allowed.of(config(file=str(path))).keep(found(), TEXTS)
    assert left.num_rows == 1


def test_nothing_is_done_without_lists_or_findings() -> None:
    assert Allowed.of(RecognizersConfig()).keep(found(), TEXTS)[0] == found()
    empty = found().slice(0, 0)
    assert Allowed.of(config(values=["Ann"])).keep(empty, TEXTS)[0] == empty


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"values": []}, r"allow\.0: no value"),
        ({"values": ["a", "(b"], "match": "regex"}, r"allow\.0\.values\.1: .*position"),
        ({"file": "/no/such/file"}, r"allow\.0\.file: /no/such/file cannot be read"),
    ],
)
def test_a_bad_list_is_refused(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Allowed.of(config(**entry))

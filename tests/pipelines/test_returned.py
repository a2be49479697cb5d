"""What stages from outside return is held to what they declared."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pytest

from isinglass.pipelines.returned import (
    blamed,
    check_closed,
    check_columns,
    check_declared,
    check_record,
    check_verdict,
    own_edits,
)
from isinglass.pipelines.seam import Closed, Record, Verdict
from isinglass.pipelines.stage import Stage
from isinglass.pipelines.stages.dedup.stage import Dedup
from isinglass.schemas.config import DedupConfig
from isinglass.schemas.errors import ConfigError, IsinglassError, RetryError
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.edits import NO_KEY, Edits, Precedence, Written, spans_of

NUMBER = pa.array([1, 2], pa.int64())
EMPTY = pa.schema([])
TEXTS = pa.array(["éab"])


class Mine(Stage):
    """Adds one column, to both tables."""

    name: ClassVar[str] = "mine"
    field: ClassVar[pa.Field] = pa.field("mine_number", pa.int64(), nullable=False)

    def fields(self, table: Literal["survey", "data"]) -> tuple[pa.Field, ...]:
        del table
        return (self.field,)


class Loose(Mine):
    field: ClassVar[pa.Field] = pa.field("number", pa.int64())


class Tabled(Mine):
    def tables(self) -> dict[str, pa.Schema]:
        return {"mine": EMPTY}


OURS = Dedup(DedupConfig())


@pytest.mark.parametrize(
    ("stage", "carried", "message"),
    [
        (Mine(), [], ""),
        (Mine(), ["mines", "my_number"], ""),
        (Mine(), ["a", "mine_number"], "have a column mine_number"),
        (Mine(), ["mine_other"], "have a column mine_other"),
        (Loose(), [], "column number must begin with mine_"),
        (Tabled(), [], "declares tables"),
    ],
)
def test_declared(stage: Stage, carried: list[str], message: str) -> None:
    schema = pa.schema([(name, pa.string()) for name in carried])
    if not message:
        check_declared(stage, schema)
        return
    with pytest.raises(ConfigError, match=f"stage mine: .*{message}"):
        check_declared(stage, schema)


RULE, SCORE = pa.array(["r", None]), pa.array([0.5, None])


@pytest.mark.parametrize(
    ("verdict", "message"),
    [
        (Verdict(np.array([-1, 0], np.int8), ("mine.a",)), ""),
        (Verdict(np.array([1, -1]), ("mine.a", "mine.b"), {"rule": RULE}), ""),
        (Verdict(np.array([-1, -1])), ""),
        (Verdict(np.array([-1, -1]), (), {"similarity": SCORE}), ""),
        (Verdict(np.array([True, False]), ("mine.a",)), "they are bool"),
        (Verdict(np.array([0.0, -1.0]), ("mine.a",)), "they are float64"),
        (Verdict(np.array([0, 1], np.uint8), ("mine.a", "mine.b")), "uint8"),
        (Verdict(np.array([-1]), ("mine.a",)), "2 signed integers"),
        (Verdict(np.array([[-1, -1]]), ("mine.a",)), "of shape"),
        (Verdict(np.array([-1, 1]), ("mine.a",)), "from -1 to 1"),
        (Verdict(np.array([-2, 0]), ("mine.a",)), "from -2 to 0"),
        (Verdict(np.array([-1, 0])), "0 reasons"),
        (Verdict(np.array([-1, 0]), ("empty",)), "must begin with mine"),
        (Verdict(np.array([-1, -1]), (), {"weight": SCORE}), r"not \['weight'\]"),
        (Verdict(np.array([-1, -1]), (), {}, {"weight": SCORE}), "not .'weight'"),
        (Verdict(np.array([-1, -1]), (), {"rule": SCORE}), "rule must be string"),
        (Verdict(np.array([-1, -1]), (), {"rule": RULE[:1]}), "1 of 2 entries"),
    ],
)
def test_verdicts(verdict: Verdict, message: str) -> None:
    if not message:
        check_verdict(Mine(), verdict, 2)
        return
    with pytest.raises(ConfigError, match=f"stage mine: .*{message}"):
        check_verdict(Mine(), verdict, 2)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"mine_number": NUMBER}, ""),
        ({}, "returned .. and declared"),
        ({"mine_number": NUMBER, "text": RULE}, "returned .'mine_number', 'text'"),
        ({"mine_number": [1, 2]}, "must be int64, not list"),
        ({"mine_number": NUMBER.cast(pa.int32())}, "must be int64, not int32"),
        ({"mine_number": NUMBER[:1]}, "1 of 2 entries"),
        ({"mine_number": pa.array([1, None])}, "has nulls"),
    ],
)
def test_columns(columns: dict[str, Any], message: str) -> None:
    if not message:
        check_columns(Mine(), "data", columns, 2)
        check_record(Mine(), Record(columns, counts={"mine.seen": 2}), 2)
        return
    with pytest.raises(ConfigError, match=f"stage mine: .*{message}"):
        check_columns(Mine(), "data", columns, 2)


def test_counts_are_its_own() -> None:
    record = Record({"mine_number": NUMBER}, counts={"kept": 2})
    with pytest.raises(ConfigError, match="count kept must begin with mine"):
        check_record(Mine(), record, 2)


def edits_of(entity: str, detector: str, *written: str) -> Edits:
    spans = spans_of([(0, 1, 3)], entity, detector)
    return Edits(spans, lambda _kind, _value: Written(*written), Precedence.ERASE)


def test_edits_never_go_before_ours() -> None:
    edits = edits_of("mine.word", "mine", "mine.cut", "", NO_KEY)
    own = own_edits(Mine(), edits, TEXTS)
    assert own.precedence is Precedence.SWAP
    assert own.write("mine.word", "ab") == Written("mine.cut", "", NO_KEY)
    assert own_edits(OURS, edits, TEXTS) is edits


@pytest.mark.parametrize(
    ("entity", "detector", "message"),
    [
        ("EMAIL_ADDRESS", "mine", "kind EMAIL_ADDRESS must begin with mine"),
        ("mine.", "mine", "kind 'mine.' may hold"),
        ("mine.A b", "mine", "may hold small letters"),
        ("mine.a.b", "mine", "may hold small letters"),
        ("mine.a", "pii", "detector pii must begin with mine"),
    ],
)
def test_spans_are_its_own(entity: str, detector: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        own_edits(Mine(), edits_of(entity, detector), TEXTS)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ((0, 1, 4), "outside of its text; offsets are code points"),
        ((0, -1, 2), "outside of its text"),
        ((0, 2, 1), "outside of its text"),
        ((1, 0, 1), "a row that is none of 1"),
        ((-1, 0, 1), "a row that is none of 1"),
    ],
)
def test_spans_lie_in_their_text(place: tuple[int, int, int], message: str) -> None:
    edits = Edits(spans_of([place], "mine.word", "mine"))
    with pytest.raises(ConfigError, match=f"stage mine: .*{message}"):
        own_edits(Mine(), edits, TEXTS)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (("mine.cut", "", "key"), "32 of 0-9a-f"),
        (("mask", "", NO_KEY), "operator mask must begin with mine"),
        (("keep", "b", NO_KEY), "says `keep` of what it changes"),
    ],
)
def test_what_is_written_is_told(written: tuple[str, ...], message: str) -> None:
    own = own_edits(Mine(), edits_of("mine.word", "mine", *written), TEXTS)
    with pytest.raises(ConfigError, match=message):
        own.write("mine.word", "ab")


def number(name: str, value: float) -> Statistic:
    return Statistic(name, value, "records", "run")


@pytest.mark.parametrize(
    ("closed", "message"),
    [
        (Closed([number("mine.gone", 1)], {"a": [1, None]}, {"mine.t": EMPTY}), ""),
        (Closed([number("documents", 1)]), "statistic documents must begin"),
        (Closed([number("mine.gone", math.nan)]), "mine.gone is nan"),
        (Closed([number("mine.gone", math.inf)]), "mine.gone is inf"),
        (Closed(audit={"mine.a/../b": EMPTY}), "table 'mine.a/../b' may hold"),
        (Closed(audit={"statistics": EMPTY}), "table statistics must begin"),
        (Closed(manifest={"a": {1, 2}}), "are no JSON"),
        (Closed(manifest={"a": math.nan}), "are no JSON"),
    ],
)
def test_closed(closed: Closed, message: str) -> None:
    if not message:
        check_closed(Mine(), closed)
        return
    with pytest.raises(ConfigError, match=f"stage mine: .*{message}"):
        check_closed(Mine(), closed)


def test_an_error_names_stage_method_and_place_but_no_text() -> None:
    with pytest.raises(IsinglassError) as told, blamed(Mine(), "survey"):
        raise ValueError("somebody's secret")
    message = str(told.value)
    start = "stage mine: survey raised ValueError at test_returned.py"
    assert message.startswith(start)
    assert "secret" not in message


def test_errors_that_say_how_to_react_stay_and_those_of_ours() -> None:
    with pytest.raises(RetryError), blamed(Mine(), "survey"):
        raise RetryError("the disk is full")
    with pytest.raises(ValueError, match="ours"), blamed(OURS, "survey"):
        raise ValueError("ours")

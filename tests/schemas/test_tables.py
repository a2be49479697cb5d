"""Tables, shards and statistics keep their contracts."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from isinglass.schemas import errors, reasons, tables
from isinglass.schemas.documents import Piece, Shard
from isinglass.schemas.manifest import Manifest
from isinglass.schemas.statistic import Statistic, statistics_table


@pytest.mark.parametrize(
    "name",
    ["data", "findings", "ledger", "quarantine", "tokens", "statistics", "documents"],
)
def test_a_table_names_itself_and_its_version(name: str) -> None:
    schema = getattr(tables, name.upper())
    assert schema.metadata[b"isinglass.table"] == name.encode()
    assert schema.metadata[b"isinglass.schema_version"] == b"1"
    assert len(set(schema.names)) == len(schema.names)


def test_carried_columns_follow_and_metadata_stays() -> None:
    carried = pa.schema([("stars", pa.int64())])
    schema = tables.with_carried(tables.DATA, carried)
    assert schema.names[-1] == "stars"
    assert schema.metadata == tables.DATA.metadata


def test_a_shard_survives_its_journey() -> None:
    piece = Piece("/x/é.jsonl", "é.jsonl", "jsonl", 10, 20, 3, None, 10, "ab")
    shard = Shard("web-1", "web", 0, (piece, piece))
    assert Shard.from_json(shard.to_json()) == shard
    assert Shard.from_json(shard.to_json().encode()) == shard


def test_every_reason_has_its_sentence() -> None:
    known = {*reasons.DropReason, *reasons.QuarantineReason}
    assert set(reasons.REASON_TEXT) == known


def test_statistics_are_sorted_whatever_the_order() -> None:
    rows = [
        Statistic("b", 1.0, "x", "run"),
        Statistic("a", 2.0, "x", "run", source="s"),
        Statistic("a", 3.0, "x", "run"),
    ]
    one, two = statistics_table(rows), statistics_table(reversed(rows))
    assert one.equals(two)
    assert one["value"].to_pylist() == [3.0, 2.0, 1.0]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.ConfigError, 2),
        (errors.InputError, 2),
        (errors.OutputError, 2),
        (errors.MissingExtraError, 2),
        (errors.GateError, 3),
        (errors.RetryError, 75),
        (errors.ReconcileError, 1),
    ],
)
def test_errors_carry_their_exit_code(
    kind: type[errors.IsinglassError], code: int
) -> None:
    assert kind("x").exit_code == code


def test_the_committed_manifest_contract_is_the_one_in_the_code(
    repository: Path,
) -> None:
    """A change of the manifest is a change of a file that people build on."""
    committed = json.loads(
        (repository / "schemas" / "manifest.schema.json").read_text()
    )
    assert committed == Manifest.model_json_schema()

"""`verify` finds what was tampered with; a proof that cannot fail proves nothing."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.proof.check import Check
from isinglass.pipelines.proof.prove import open_run, prove, prove_run
from isinglass.pipelines.proof.source import rebuilt
from isinglass.pipelines.stage import Stage
from isinglass.schemas.config import StageConfig
from isinglass.schemas.manifest import StageSummary
from isinglass.transforms.statistics.intervals import wilson
from tests.forgeries import (
    both,
    encode_nothing_again,
    finish,
    in_cell,
    in_manifest,
    in_note,
    in_rows,
    in_statistic,
    in_table,
    increase,
    lose_a_row,
    of_reason,
    other_type,
    remove,
    reseal,
    swap_findings,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from isinglass.pipelines.proof.check import FinishedRun
    from isinglass.pipelines.seam import Rebuilt
    from tests.forgeries import Change, Row


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sections = {
        "dedup": {},
        "pii": {"mode": "identifiers"},
        "encode": {},
        "balance": {"axes": {"gender": {}}},
        "gates": [{"metric": "records.kept", "op": ">=", "value": 90}],
    }
    return finish(tmp_path_factory.mktemp("proof"), "run", sections, "run")


@pytest.fixture
def run(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to tamper with; vectors are tampered with in `test_encoding_proof`."""
    encode_nothing_again(monkeypatch)
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def test_the_untouched_run_is_proved(finished: Path) -> None:
    checks = {check.name: check for check in prove(finished)}
    assert {n: c.detail for n, c in checks.items() if c.status != "passed"} == {}
    assert len(checks) == 18


def test_an_audit_is_proved_without_texts(finished: Path) -> None:
    sections = {"dedup": {}, "pii": {"mode": "identifiers"}}
    audit = finish(finished.parent, "audit", sections, "audit")
    status = {check.name: check.status for check in prove(audit)}
    assert "failed" not in status.values()
    skipped = {name for name, value in status.items() if value == "skipped"}
    assert skipped == {
        "findings",
        "balance",
        "source texts",
        "tokens",
        "embeddings",
    }


def _more_planted(recall: Row) -> Row:
    return recall | {"planted": 60, "found": 60, "recall": 1.0, "low": LOW_OF_60}


def _exchange_lengths(table: pa.Table) -> pa.Table:
    """The sum stays, but two documents get each other's length."""
    rows = table.to_pylist()
    one, *others = [row for row in rows if row["outcome"] == "kept"]
    other = next(row for row in others if row["chars_out"] != one["chars_out"])
    one["chars_out"], other["chars_out"] = other["chars_out"], one["chars_out"]
    return pa.Table.from_pylist(rows, table.schema)


LOW_OF_60 = wilson(60, 60)[0]
MORE_PLANTED = {"numerator": 60.0, "denominator": 60.0, "value": 1.0, "low": LOW_OF_60}
ALL: Row = {"source": None, "language": None, "entity": None, "position": None}
EXACT, NEAR = of_reason("exact_duplicate"), of_reason("near_duplicate")
EMAIL = "EMAIL_ADDRESS"
FORGERIES: dict[str, tuple[Change, str]] = {
    # Rows and types.
    "a lost ledger row": (in_table("ledger", lose_a_row), "conservation"),
    "a lost document": (in_table("data", lose_a_row), "conservation"),
    "another shard": (in_rows("ledger", bool, {"shard": "web"}), "conservation"),
    "another length": (in_table("ledger", _exchange_lengths), "conservation"),
    "another weight": (
        in_cell("data", "balance_weight", lambda weight: weight * 9),
        "balance",
    ),
    "a lost weight": (in_cell("data", "balance_weight", None), "balance"),
    "weights without balance": (
        in_manifest("config", "balance", value=None),
        "balance",
    ),
    "balance left out": (in_manifest("balance", value={}), "balance"),
    "another type": (in_table("ledger", other_type), "schemas"),
    # Findings.
    "a moved finding": (in_cell("findings", "clean_start", increase), "findings"),
    "a lost finding": (in_table("findings", lose_a_row), "counts"),
    "an exchanged finding": (in_table("findings", swap_findings), "findings"),
    "a finding nowhere": (in_cell("findings", "doc_id", "0" * 32), "counts"),
    "an operator not asked for": (in_cell("findings", "operator", "redact"), "counts"),
    "a value for its key": (in_cell("findings", "value_key", "someone"), "counts"),
    "a long value key": (in_cell("findings", "value_key", "0" * 33), "counts"),
    "a key in capitals": (in_cell("findings", "value_key", "A" * 32), "counts"),
    "a changed span more": (in_cell("ledger", "spans_changed", increase), "counts"),
    "findings more": (
        in_manifest("findings", EMAIL, "found", value=increase),
        "counts",
    ),
    "findings kept": (
        in_manifest("findings", EMAIL, value=lambda n: n | {"changed": 0, "kept": 14}),
        "counts",
    ),
    "operators hidden": (in_manifest("operators", value={}), "counts"),
    "a kinder class": (
        in_manifest("operators", EMAIL, "privacy_class", value="kept"),
        "counts",
    ),
    "findings hidden": (in_manifest("findings", value={}), "counts"),
    "findings of statistics": (in_statistic("pii.found", {"value": 1.0}), "counts"),
    "fewer left": (in_statistic("pii.leftovers.rate", {"value": -1.0}), "counts"),
    "less unread": (in_statistic("pii.unread", {"value": 0.5}), "counts"),
    "more stays": (
        in_statistic("documents.retention", {"numerator": 7.0}, **ALL),
        "statistics",
    ),
    # Sources.
    "a shortened source span": (
        in_cell("findings", "end", lambda end: end - 1),
        "source texts",
    ),
    "a changed text": (
        in_cell("data", "text", lambda text: text[:-1] + "?"),
        "source texts",
    ),
    "another source": (in_cell("data", "source", "books"), "source texts"),
    "another source id": (in_cell("data", "source_id", "n9999"), "source texts"),
    "another carried value": (in_cell("data", "stars", 9), "source texts"),
    "an invented url": (
        in_rows("data", bool, {"url": "https://example.org/"}),
        "source texts",
    ),
    "another row": (in_cell("ledger", "row", lambda row: row + 1000), "source texts"),
    "another path": (in_rows("ledger", bool, {"path": "b.parquet"}), "source texts"),
    "another configuration": (
        in_note(config={"seed": 8}),
        "source texts",
    ),
    # Evidence.
    "false evidence": (in_rows("ledger", NEAR, {"kept_doc_id": "0" * 32}), "evidence"),
    "no evidence": (in_rows("ledger", EXACT, {"kept_doc_id": None}), "evidence"),
    "other similarity": (in_rows("ledger", NEAR, {"similarity": 0.8}), "similarity"),
    "weak evidence": (in_rows("ledger", NEAR, {"similarity": 0.74}), "evidence"),
    "impossible evidence": (in_rows("ledger", NEAR, {"similarity": 1.01}), "evidence"),
    "inexact evidence": (in_rows("ledger", EXACT, {"similarity": 0.99}), "evidence"),
    "no similarity": (in_rows("ledger", EXACT, {"similarity": None}), "evidence"),
    "no number": (in_rows("ledger", NEAR, {"similarity": float("nan")}), "evidence"),
    # Tokens and vectors.
    "a changed token": (
        in_cell("tokens", "input_ids", lambda ids: [ids[0], ids[1] + 1, *ids[2:]]),
        "tokens",
    ),
    "a stretched vector": (
        in_cell("embeddings", "embedding", lambda row: [2 * x for x in row]),
        "embeddings",
    ),
    "tokens more": (in_manifest("encode", "tokens", value=increase), "counts"),
    "encoded more": (in_manifest("encode", "documents", value=increase), "counts"),
    # Tables that are missing, or were not asked for.
    "one data file less": (remove("data/first"), "tables"),
    "no data": (remove("data"), "tables"),
    "one quarantine file less": (remove("quarantine/first"), "tables"),
    "no findings": (remove("findings"), "tables"),
    "no tokens": (remove("tokens"), "tables"),
    "no embeddings": (remove("embeddings"), "tables"),
    "no statistics": (remove("audit"), "tables"),
    "nothing encoded": (
        both(remove("tokens"), remove("embeddings"), in_manifest("encode", value=None)),
        "tables",
    ),
    "findings without a scan": (in_manifest("config", "pii", value=None), "tables"),
    "data of an audit": (in_manifest("verb", value="audit"), "tables"),
    "no summary of dedup": (in_manifest("dedup", value=None), "tables"),
    # The manifest and the statistics.
    "input rows": (in_manifest("inputs", 0, "rows", value=increase), "counts"),
    "duplicates": (in_manifest("dedup", "near_removed", value=increase), "counts"),
    "recall": (in_manifest("recall", "US_SSN", "recall", value=0.5), "counts"),
    "recall of a source": (in_manifest("recall_slices", value=[]), "counts"),
    "nothing expected": (in_manifest("expected_leftovers", value={}), "counts"),
    "no second scan": (in_manifest("second_scan", value=None), "counts"),
    "recall hidden": (
        in_manifest("recall", value=lambda recall: {EMAIL: recall[EMAIL]}),
        "counts",
    ),
    "recall everywhere": (
        both(
            in_manifest("recall", EMAIL, value=_more_planted),
            in_statistic("pii.recall", MORE_PLANTED, entity=EMAIL, position=None),
        ),
        "counts",
    ),
    "recall of edited copies": (
        in_statistic("dedup.recall", {"value": 0.5}, axis=None),
        "counts",
    ),
    "edited copies of one kind": (
        in_statistic("dedup.recall", {"denominator": 10_000.0}, group="order"),
        "counts",
    ),
    "records of statistics": (
        in_statistic("records.dropped", {"value": 11.0}, reason="near_duplicate"),
        "counts",
    ),
    "words": (in_statistic("words", {"value": 1.0}, **ALL), "statistics"),
    "words of a source": (
        in_statistic("words", {"value": 1.0}, source="web"),
        "statistics",
    ),
    "documents of a language": (
        in_statistic("documents", {"language": "fr"}, language="en"),
        "statistics",
    ),
    "characters": (in_statistic("characters", {"value": 1.0}, **ALL), "statistics"),
    "share": (
        in_statistic("documents.share", {"value": 0.5}, source="web"),
        "statistics",
    ),
    # Gates and verdict.
    "a gate left out": (in_manifest("gates", value=lambda gates: gates[1:]), "gates"),
    "no gate of quarantine": (
        in_manifest("gates", value=lambda gates: gates[:1]),
        "gates",
    ),
    "an easier gate": (in_manifest("gates", 0, "value", value=1.0), "gates"),
    "another actual value": (in_manifest("gates", 0, "actual", value=120.0), "gates"),
    "a gate not met": (
        both(
            in_manifest("gates", 0, "value", value=97.0),
            in_manifest("config", "gates", 0, "value", value=97.0),
        ),
        "gates",
    ),
    "another verdict": (in_manifest("verdict", value="passed"), "gates"),
    "a verdict without warning": (in_manifest("warnings", value=["Careful."]), "gates"),
    "a hidden warning": (
        in_manifest("inputs", 0, "problem", value="It could not be read."),
        "gates",
    ),
}


@pytest.mark.parametrize("name", sorted(FORGERIES))
def test_a_resealed_forgery_is_found(run: Path, name: str) -> None:
    forge, caught_by = FORGERIES[name]
    forge(run)
    reseal(run)
    failed = {check.name for check in prove(run) if check.status == "failed"}
    assert caught_by in failed
    assert not failed & {"seal", "hashes"}


def test_resealing_alone_changes_nothing(run: Path) -> None:
    reseal(run)
    assert {check.status for check in prove(run)} == {"passed"}


class Right(Stage):
    """Knows what became of the spans of its own."""

    name: ClassVar[str] = "mine"
    output: ClassVar[str] = f"<{EMAIL}>"

    @classmethod
    def prove(cls, run: FinishedRun) -> list[Check]:
        return [Check("mine", "passed", run.manifest.name)]

    @classmethod
    def rebuild(cls, run: FinishedRun, shard_id: str) -> dict[str, list[Rebuilt]]:
        spans: dict[str, list[Rebuilt]] = {}
        findings = run.read("findings", shard_id)
        assert findings is not None
        for row in findings.to_pylist():
            if row["entity"] == f"mine.{EMAIL}":
                own = rebuilt(row, lambda _: cls.output)
                spans.setdefault(row["doc_id"], []).append(own)
        return spans


class Wrong(Right):
    output: ClassVar[str] = f"<{EMAIL.lower()}>"


def _prove_foreign(
    run: Path, stages: Sequence[type[Stage]] = (), use: str = f"{__name__}:Right"
) -> dict[str, Check]:
    opened = open_run(run)
    config = opened.config.model_copy(update={"stages": (StageConfig(use=use),)})
    told = {"mine": StageSummary(use=use, sha256="")}
    manifest = opened.manifest.model_copy(update={"stages": told})
    found = prove_run(replace(opened, config=config, manifest=manifest), stages)
    return {check.name: check for check in found}


@pytest.fixture
def foreign(run: Path) -> Path:
    """A run whose e-mail addresses were found by somebody else's stage."""

    def rename(table: pa.Table) -> pa.Table:
        rows = table.to_pylist()
        for row in rows:
            for span in row.get("pii", [row]):
                if span["entity"] == EMAIL:
                    span["entity"] = f"mine.{EMAIL}"
        return pa.Table.from_pylist(rows, table.schema)

    for name in ("findings", "data"):
        for path in (run / name).iterdir():
            pq.write_table(rename(pq.read_table(path)), path)
    reseal(run)
    return run


def test_spans_of_a_stage_that_is_not_at_hand_are_taken_as_they_are(
    foreign: Path,
) -> None:
    checks = _prove_foreign(foreign)
    assert checks["findings"].status == checks["source texts"].status == "passed"
    assert checks["source texts"].detail.endswith(
        " texts equal their source but for findings; "
        "14 spans of other stages were not made again"
    )
    skipped = checks[f"stage {__name__}:Right"]
    assert skipped.status == "skipped"
    assert "--stage" in skipped.detail


def test_a_run_without_such_a_stage_has_no_such_spans(foreign: Path) -> None:
    failed = {check.name for check in prove(foreign) if check.status == "failed"}
    assert {"counts", "source texts"} <= failed


def test_nothing_else_may_differ_for_such_a_span(foreign: Path) -> None:
    in_cell("data", "text", lambda text: text[:-1] + "?")(foreign)
    reseal(foreign)
    assert _prove_foreign(foreign)["source texts"].status == "failed"


def test_a_stage_that_is_given_is_asked(foreign: Path) -> None:
    checks = _prove_foreign(foreign, [Right])
    assert not [name for name in checks if name.startswith("stage ")]
    assert checks["mine"].status == checks["source texts"].status == "passed"
    assert checks["source texts"].detail.endswith("equal their source but for findings")


def test_a_stage_that_tells_of_something_else_is_found_out(foreign: Path) -> None:
    checks = _prove_foreign(foreign, [Wrong])
    assert checks["source texts"].status == "failed"
    assert checks[f"stage {__name__}:Right"].status == "skipped"


def test_no_code_is_imported_because_a_manifest_names_it(run: Path) -> None:
    name = "turtledemo"
    sys.modules.pop(name, None)
    checks = _prove_foreign(run, use=f"{name}:Stage")
    assert checks[f"stage {name}:Stage"].status == "skipped"
    assert name not in sys.modules

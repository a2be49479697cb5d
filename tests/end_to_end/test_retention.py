"""Who is lost: a filter that is biased, one that goes by length, and a dialect."""

from __future__ import annotations

import gzip
import json
import random
import re
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
import yaml

from isinglass.pipelines.engine.workspace import map_arrow
from isinglass.pipelines.proof.prove import prove
from isinglass.pipelines.stages.retention.stage import Retention
from isinglass.schemas.config import RetentionConfig, RunConfig
from isinglass.schemas.errors import ConfigError
from tests.corpora import sentence, write_jsonl
from tests.end_to_end.test_verbs import start

if TYPE_CHECKING:
    from pathlib import Path

STAGE = """
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.stage import Stage, Verdict, no_drops


@dataclass(frozen=True)
class Marked(Stage):
    name = "marked"
    reasons = {"marked.bad": "A filter did not like it."}

    def fields(self, table):
        return (pa.field("marked_bad", pa.bool_()),) if table == "survey" else ()

    def survey(self, state, seen):
        return {"marked_bad": pc.match_substring(seen.texts, "unliked")}

    def decide(self, driver, standing):
        drops = no_drops(len(standing.open))
        found = driver.survey("marked_bad")["marked_bad"]
        drops[np.asarray(found.to_numpy(zero_copy_only=False), bool)] = 0
        return Verdict(drops, ("marked.bad",))
"""
GATE = {
    "metric": "group.removal_ratio",
    "slice": {"axis": "gender", "group": "womn", "reason": "*"},
    "op": "<=",
    "value": 2,
}
BARE: dict[str, Any] = {"inputs": [{"path": "-"}], "output": "-"}
SHORT, LONG = 2, 12
"""Sentences of a document."""

Kind = tuple[str, int]
"""A word that every document has, and its sentences."""


def corpus(folder: Path, sizes: dict[Kind, int], bad: dict[Kind, float]) -> Path:
    """Documents of each kind, of which a share is bad; mixed, in four files."""
    chance = random.Random(11)  # noqa: S311 - test data
    rows = []
    for (word, length), size in sizes.items():
        for number in range(size):
            lines = [sentence(chance) for _ in range(length)]
            unliked = number < bad[word, length] * size
            # What tells kinds apart must not make them longer.
            mail = "@" if word == "She" and number % 3 == 0 else " at "
            ends = f"{word} came. {'unliked' if unliked else 'liked'}"
            text = f"{' '.join(lines)} {ends}. Write to a{number}{mail}mail.com"
            rows.append({"text": text, "language": "en"})
    chance.shuffle(rows)
    (folder / "corpus").mkdir()
    for part in range(4):
        write_jsonl(folder / f"corpus/{part}.jsonl", rows[part::4])
    (folder / "marking.py").write_text(STAGE)
    return folder


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Path:
    monkeypatch.chdir(folder)
    base: dict[str, Any] = {
        "dedup": None,
        "pii": None,
        "balance": None,
        "encode": None,
        "stages": [{"use": "marking:Marked"}],
    }
    start(folder, "clean", **(base | changes))
    return folder / "run"


def statistics(folder: Path) -> dict[tuple[str, Any, Any], dict[str, Any]]:
    """By metric, reason and group; rows about names alone are left out."""
    rows = pq.read_table(folder / "audit/statistics.parquet").to_pylist()
    return {
        (row["metric"].removeprefix("group."), row["reason"], row["group"]): row
        for row in rows
        if row["metric"].startswith("group.")
        and {row["source"], row["language"], row["entity"]} == {None}
        and row["stage"] == "output"
    }


def test_a_filter_that_is_biased_is_flagged_at_equal_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = dict.fromkeys(
        [("She", SHORT), ("She", LONG), ("It", SHORT), ("It", LONG)], 100
    )
    bad = {kind: 0.3 if kind[0] == "She" else 0.1 for kind in sizes}
    folder = run(
        corpus(tmp_path, sizes, bad),
        monkeypatch,
        pii={"mode": "identifiers", "canaries": {"documents": 0}},
    )
    told = statistics(folder)
    crude = told["removal_ratio", "marked.bad", "female"]
    adjusted = told["adjusted_removal_ratio", "marked.bad", "female"]
    assert crude["value"] == pytest.approx(3.0)
    assert adjusted["value"] == pytest.approx(3.0, rel=0.1)
    assert adjusted["low"] > 1.5
    assert ("adjusted_removal_ratio", "marked.bad", "male") not in told
    # A third of their documents hold an address, and none of the others.
    kept, cut = (told[f"cut_{x}", "pii", "female"] for x in ("characters", "share"))
    assert cut["denominator"] == kept["denominator"] == 140
    assert cut["value"] == pytest.approx(1 / 3, abs=0.05)
    assert 0.0 < kept["low"] < kept["value"] < kept["high"] < 0.1
    for ratio in ("cut_ratio", "adjusted_cut_ratio"):
        assert told[ratio, "pii", "female"]["low"] > 2.0
    page = (folder / "report.html").read_text()
    assert "Flagged: female (gender) (marked: bad: " in page
    assert "A filter did not like it." in page
    failed = [check for check in prove(folder) if check.status == "failed"]
    assert failed == []


def test_what_length_explains_is_not_flagged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {("She", SHORT): 60, ("She", LONG): 240, ("It", SHORT): 240}
    sizes["It", LONG] = 60
    bad = {kind: 0.5 if kind[1] == LONG else 0.1 for kind in sizes}
    folder = run(corpus(tmp_path, sizes, bad), monkeypatch)
    told = statistics(folder)
    crude = told["removal_ratio", "marked.bad", "female"]
    adjusted = told["adjusted_removal_ratio", "marked.bad", "female"]
    assert crude["value"] == pytest.approx(0.42 / 0.18)
    assert crude["low"] > 1.25
    assert adjusted["value"] == pytest.approx(1.0, abs=0.15)
    assert adjusted["low"] < 1.0 < adjusted["high"]
    page = (folder / "report.html").read_text()
    assert "No group is flagged; 1 comparison could be made." in page


def test_a_dialect_is_told_of_in_sums_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken, written = "Finna gon finna gon finna gon", "The meeting of the board ended"
    sizes = {(spoken, 0): 60, (written, 0): 240}
    folder = corpus(tmp_path, sizes, {(spoken, 0): 0.5, (written, 0): 0.1})
    terms = [f"{word}\t9000\t1\t1\t1" for word in ("finna", "gon")]
    terms += [f"{w}\t1\t1\t1\t4500" for w in ("the", "meeting", "of", "board")]
    head = "term\taae\thispanic\tother\twhite"
    terms += ["x\t1\t9000\t1\t1", "y\t1\t1\t9000\t1"]
    model = folder / "model.tsv.gz"
    model.write_bytes(gzip.compress("\n".join([head, *terms]).encode(), mtime=0))
    settings = {
        "retention": {"dialect": "model.tsv.gz"},
        "survey": {"detect_languages": False},
    }
    out = run(folder, monkeypatch, **settings)
    told = {key: row for key, row in statistics(out).items() if key[2] == "aae"}
    assert {row["axis"] for row in told.values()} == {"dialect"}
    surveys = [map_arrow(p) for p in sorted((out / "work/survey").glob("*.arrow"))]
    flags = [flag for table in surveys for flag in table["dialect_aae"].to_pylist()]
    assert (flags.count(True), flags.count(False)) == (60, 240)
    share = told["removed_share", "marked.bad", "aae"]
    assert (share["numerator"], share["denominator"]) == (30, 60)
    adjusted = told["adjusted_removal_ratio", "marked.bad", "aae"]
    assert adjusted["value"] == pytest.approx(5.0)
    page = (out / "report.html").read_text()
    assert "aae (dialect) (marked: bad: 5.00)" in page
    assert "read like African-American English by the model" in page
    for name in ("data", "ledger", "quarantine"):
        for path in (out / name).glob("*.parquet"):
            assert "dialect" not in str(pq.read_schema(path)), name
    manifest = json.loads((out / "manifest.json").read_text())
    (entry,) = [m for m in manifest["models"] if m["role"] == "dialect"]
    assert entry["name"] == "model.tsv.gz"
    # A model of other terms is another run, and the survey is made anew.
    model.write_bytes(gzip.compress("\n".join([head, *terms[2:]]).encode(), mtime=0))
    run(folder, monkeypatch, **settings)
    again = json.loads((out / "manifest.json").read_text())
    assert again["run_id"] != manifest["run_id"]
    assert ("removed_share", "marked.bad", "aae") not in statistics(out)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"survey": {"count_mentions": False}}, "retention needs survey.count"),
        ({"retention": {"dialect": "no.tsv.gz"}}, "retention.dialect: .*No such file"),
        ({"retention": {"names": 5}}, "retention.names needs a `pii` section"),
        (
            {"retention": {"names": 5}, "pii": {"mode": "identifiers"}},
            "set retention.names: 0",
        ),
        ({"gates": [GATE]}, "has no group womn"),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_pass(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    why: str,
) -> None:
    folder = corpus(tmp_path, {("It", SHORT): 3}, {("It", SHORT): 0.0})
    with pytest.raises(ConfigError, match=why):
        run(folder, monkeypatch, **({"retention": {}} | changes))
    assert not (folder / "run/work/survey").exists()


def test_the_examples_of_the_page_are_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path
) -> None:
    page = (repository / "docs/retention.md").read_text()
    gates, dialect, names = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    sections = [yaml.safe_load(block)["retention"] for block in (dialect, names)]
    RetentionConfig.model_validate(sections[0] | sections[1])
    folder = corpus(tmp_path, {("It", SHORT): 3}, {("It", SHORT): 0.0})
    out = run(folder, monkeypatch, **yaml.safe_load(gates))
    told = json.loads((out / "manifest.json").read_text())["gates"]
    assert "group.adjusted_removal_ratio" in [gate["metric"] for gate in told]
    named = set(re.findall(r"`(group\.[a-z_]+)`", page))
    assert named == set(Retention.slices(RunConfig.model_validate(BARE)))


@pytest.mark.slow
def test_names_are_told_of_by_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = corpus(tmp_path, {("She", SHORT): 3}, {("She", SHORT): 0.0})
    out = run(
        folder,
        monkeypatch,
        retention={"names": 1},
        pii={"confirm_names": False, "canaries": {"documents": 0}},
    )
    rows = pq.read_table(out / "audit/statistics.parquet").to_pylist()
    found = [row for row in rows if row["metric"] == "group.names_found"]
    assert sum(row["denominator"] for row in found) == 100
    assert sum(row["numerator"] for row in found) > 60
    page = (out / "report.html").read_text()
    assert "Planted names that were found, by where they come from" in page

"""Gates for each part of a run and against an earlier one, and what `verify` says."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from isinglass.cli.init import profile_text
from isinglass.pipelines.proof.prove import prove
from isinglass.schemas.config import load_config
from isinglass.schemas.config.pii import EntityConfig, default_entities
from isinglass.schemas.errors import ConfigError
from tests.corpora import write_jsonl
from tests.end_to_end.test_verbs import start

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Check

DOCS = Path(__file__).parents[2] / "docs/verdicts.md"
COUNT: dict[str, Any] = {
    "metric": "documents",
    "slice": {"source": "*", "stage": "output"},
    "op": ">=",
}


def write(folder: Path, name: str, count: int) -> None:
    rows = [{"text": f"{name} text number {n} of some words"} for n in range(count)]
    (folder / "corpus" / name).mkdir(parents=True, exist_ok=True)
    write_jsonl(folder / "corpus" / name / "a.jsonl", rows)


def run(folder: Path, output: str, *gates: dict[str, Any]) -> dict[str, Any]:
    """A run of two sources; its manifest."""
    start(
        folder,
        "audit",
        inputs=[
            {"path": str(folder / "corpus" / name), "source": name}
            for name in ("web", "mail")
        ],
        output=str(folder / output),
        gates=list(gates),
    )
    told: dict[str, Any] = json.loads((folder / output / "manifest.json").read_text())
    return told


def gates_check(folder: Path) -> Check:
    return next(check for check in prove(folder) if check.name == "gates")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five documents of each source in a run, and two fewer of one now."""
    write(tmp_path, "web", 5)
    write(tmp_path, "mail", 5)
    run(tmp_path, "before")
    write(tmp_path, "mail", 3)
    return tmp_path


def test_each_source_must_hold_and_the_worst_is_named(folder: Path) -> None:
    told = run(folder, "after", COUNT | {"value": 4, "reason": "Too few to use."})
    (gate, *_) = told["gates"]
    assert (gate["actual"], gate["where"]) == (3, {"source": "mail"})
    assert told["verdict"] == "failed"
    page = (folder / "after" / "report.html").read_text()
    said = (
        "Gate failed: documents for each source, stage output must be at least 4; it "
        "is 3 for source mail. Too few to use."
    )
    assert said in page


@pytest.mark.parametrize(("least", "verdict"), [(-2, "warned"), (-1, "failed")])
def test_a_run_is_held_against_an_earlier_one(
    folder: Path, least: int, verdict: str
) -> None:
    gate = COUNT | {"value": least, "baseline": str(folder / "before")}
    told = run(folder, "after", gate)
    assert told["gates"][0]["actual"] == -2
    assert told["verdict"] == verdict
    assert gates_check(folder / "after").status == "passed"
    # Without the baseline, what was told of it stands.
    (folder / "before").rename(folder / "gone")
    check = gates_check(folder / "after")
    assert check.status == "passed"
    assert "a baseline is not at hand" in check.detail


def bad(folder: Path) -> None:
    """Women in copies of one text, names, Chinese, and a source of copies alone."""
    rng = random.Random(5)  # noqa: S311 - test data
    words = (DOCS.parent / "review.md").read_text().split()

    def some(count: int) -> str:
        return " ".join(w for w in rng.choices(words, k=count) if w.isalpha())

    same = f"She told her mother that the woman left. {some(200)}"
    men = [
        f"{some(60)}. He met Maria Gonzalez; call +49 30 901820. {some(20)}."
        for _ in range(80)
    ]
    copies = [f"{same} {some(4)}" for _ in range(80)]
    write_jsonl(
        folder / "a.jsonl", [{"text": t, "language": "en"} for t in men + copies]
    )
    chinese = [
        {"text": f"她说{n}今天天气很好。" * 9, "language": "zh"} for n in range(9)
    ]
    write_jsonl(folder / "zh.jsonl", chinese)
    write_jsonl(folder / "b.jsonl", [{"text": t, "language": "en"} for t in copies[:3]])


def test_a_run_that_is_bad_on_purpose_is_told_to_be(tmp_path: Path) -> None:
    bad(tmp_path)
    gates = load_config(profile_text("web-en")).gates
    start(
        tmp_path,
        "clean",
        inputs=[
            {"path": str(tmp_path / name), "source": name[:-6]}
            for name in ("a.jsonl", "zh.jsonl", "b.jsonl")
        ],
        dedup={"bands": 1, "rows": 10, "keep": "first"},
        pii={
            "confirm_names": False,
            "canaries": {"documents": 150},
            # Numbers without a word such as "call" are less sure than that.
            "entities": default_entities()
            | {"PHONE_NUMBER": EntityConfig(threshold=0.9)},
        },
        balance=None,
        encode=None,
        gates=[gate.model_dump() for gate in gates],
    )
    told = json.loads((tmp_path / "run/manifest.json").read_text())
    assert told["verdict"] == "warned"
    where = {
        gate["metric"]: gate["where"] for gate in told["gates"] if not gate["passed"]
    }
    assert where["group.retention_parity"] == {"axis": "gender", "group": "female"}
    assert where["pii.leftovers.rate"] == {"entity": "PHONE_NUMBER"}
    assert {"dedup.missed", "pii.unread"} <= where.keys()
    for said in (
        "Nothing is left of these sources: b.",
        "of the text is in languages without a model of names (zh ",
        "Too few were planted of ",
    ):
        assert any(said in warning for warning in told["warnings"]), said
    assert gates_check(tmp_path / "run").status == "passed"


NONE: list[dict[str, Any]] = [
    {"metric": "pii.kept", "slice": {"entity": "*"}},
    {"metric": "records.quarantined", "slice": {"reason": "detector_timeout"}},
    {"metric": "dedup.clusters", "slice": {"axis": "*", "group": "1001+"}},
]
"""Counts that are 0, and no less known for it."""


def test_too_few_copies_and_no_part_of_that_name_are_told(folder: Path) -> None:
    gate = {"metric": "documents", "slice": {"source": "mial"}, "op": "<=", "value": 9}
    told = run(
        folder, "after", gate, *(none | {"op": "<=", "value": 0} for none in NONE)
    )
    assert told["verdict"] == "failed"
    assert [one["actual"] for one in told["gates"][: 1 + len(NONE)]] == [None, 0, 0, 0]
    page = (folder / "after" / "report.html").read_text()
    assert "documents for source mial must be at most 9; there is no such" in page
    assert any("edited copies were alike enough" in one for one in told["warnings"])


def test_a_gate_about_no_kind_is_refused_before_the_first_pass(folder: Path) -> None:
    gate = {
        "metric": "pii.recall",
        "slice": {"entity": "PERSN"},
        "op": ">=",
        "value": 1,
    }
    with pytest.raises(ConfigError, match="has no entity PERSN; "):
        run(folder, "after", gate)
    assert not (folder / "after").exists()


def test_the_example_of_the_page_is_a_configuration(folder: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)
    gates = yaml.safe_load(block)["gates"]
    gates[1]["baseline"] = str(folder / "before")
    recall, documents, *_ = run(folder, "after", *gates)["gates"]
    assert recall["where"].keys() == {"entity"}
    assert recall["passed"] == (recall["actual"] >= 0.9)
    assert (documents["actual"], documents["passed"]) == (-2, True)

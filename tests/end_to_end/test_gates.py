"""Gates for each part of a run and against an earlier one, and what `verify` says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from isinglass.pipelines.proof.prove import prove
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


@pytest.mark.parametrize(("least", "verdict"), [(-2, "passed"), (-1, "failed")])
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


def test_the_example_of_the_page_is_a_configuration(folder: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)
    gates = yaml.safe_load(block)["gates"]
    gates[1]["baseline"] = str(folder / "before")
    recall, documents, *_ = run(folder, "after", *gates)["gates"]
    assert recall["where"].keys() == {"entity"}
    assert recall["passed"] == (recall["actual"] >= 0.9)
    assert (documents["actual"], documents["passed"]) == (-2, True)

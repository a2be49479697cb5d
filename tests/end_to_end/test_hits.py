"""A word that is found as a name hundreds of times, beside a name that is one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
import yaml
from rich.console import Console

from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.proof.prove import prove
from isinglass.pipelines.read_again import read_manifest
from isinglass.pipelines.run import Request, execute
from isinglass.schemas.config import RunConfig
from tests.corpora import write_jsonl
from tests.forgeries import in_cell, in_manifest, in_statistic, increase, reseal

if TYPE_CHECKING:
    from isinglass.schemas.manifest import Manifest
    from tests.forgeries import Change

WORD, NAME = "Frobnication", "Ottilie van Rossum"
TIMES = 210


def corpus(folder: Path) -> None:
    """Notes with a heading of one word, and changes that end with the maintainer."""
    folder.mkdir()
    rows = []
    for number in range(TIMES):
        also = "It needs some frobnication. " if number % 5 == 0 else ""
        notes = f"Part {number} Of Our Notes.\n\n## {WORD}\n\nDone by Hand. {also}"
        change = f"Release {number}: all of it is New.\n\n-- {NAME}, who keeps it up"
        for source, text in (("notes", notes), ("changes", change)):
            rows.append({"id": f"{source}{number}", "text": text, "source": source})
    write_jsonl(folder / "a.jsonl", rows[:TIMES])
    write_jsonl(folder / "b.jsonl", rows[TIMES:])


def settings(folder: Path) -> dict[str, Any]:
    """Both are on a list, so that no model has a say."""
    deny = {"entity": "PERSON", "file": "names.txt", "ignore_case": False}
    return {
        "inputs": [{"path": str(folder / "corpus")}],
        "output": str(folder / "run"),
        "pii": {
            "mode": "identifiers",
            "canaries": {"documents": 0},
            "recognizers": {"deny": [deny]},
        },
        "limits": {"shard_bytes": 20_000},
        "beam": {"workers": 2},
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a run from the command line, and what that printed."""
    folder = tmp_path_factory.mktemp("hits")
    corpus(folder / "corpus")
    (folder / "names.txt").write_text(f"{WORD}\n{NAME}\n")
    (folder / "run.yaml").write_text(yaml.safe_dump(settings(folder)))
    command = [sys.executable, "-m", "isinglass", "clean", "--config", "run.yaml"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "run", done.stdout


@pytest.fixture
def run(finished: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy to tamper with."""
    shutil.copytree(finished[0], tmp_path / "run")
    return tmp_path / "run"


def frequent(manifest: Manifest) -> list[tuple[int, int, dict[str, int]]]:
    values = manifest.frequent_values
    return [(value.found, value.documents, value.signs) for value in values]


def test_the_word_is_warned_of_and_the_name_is_not(finished: tuple[Path, str]) -> None:
    folder, printed = finished
    manifest = read_manifest(folder)
    said = f"One value that is written like a word was replaced {TIMES} times as PERSON"
    assert [warning.startswith(said) for warning in manifest.warnings] == [True]
    assert manifest.verdict == "warned"
    assert f"Passed with warnings: {said}" in printed
    assert said in (folder / "report.html").read_text()
    signs = {"small": TIMES // 5, "article": 0, "label": TIMES - TIMES // 5}
    assert sorted(frequent(manifest), key=lambda row: len(row[2])) == [
        (TIMES, TIMES, {}),
        (TIMES, TIMES, signs),
    ]


def test_the_books_agree(finished: tuple[Path, str]) -> None:
    folder, _ = finished
    assert {check.status for check in prove(folder)} <= {"passed", "skipped"}
    rows = pq.read_table(folder / "audit" / "statistics.parquet").to_pylist()
    names = (r for r in rows if r["entity"] == "PERSON")
    found = {r["source"]: r for r in names if r["metric"] == "pii.rate"}
    words = {
        row["source"]: row["value"]
        for row in rows
        if row["metric"] == "words" and row["stage"] == "output" and row["source"]
    }
    assert found[None]["numerator"] == 2 * TIMES
    for source in ("notes", "changes"):
        assert found[source]["value"] == 1000 * TIMES / words[source]


def test_the_report_has_sources_and_values(finished: tuple[Path, str]) -> None:
    text = (finished[0] / "report.html").read_text()
    assert "words, by source" in text
    keys = [value.value_key for value in read_manifest(finished[0]).frequent_values]
    assert all(key[:12] in text for key in keys)


def test_no_value_leaves_the_texts(finished: tuple[Path, str]) -> None:
    folder, printed = finished
    assert WORD not in printed
    looked_at = 0
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder).parts[0]
        if not path.is_file() or within in {"data", "quarantine"}:
            continue
        data = path.read_bytes()
        if path.suffix == ".parquet":
            data += str(pq.read_table(path).to_pydict()).encode()
        assert WORD.encode() not in data, path
        assert NAME.encode() not in data, path
        looked_at += 1
    assert looked_at > 10


def test_an_audit_warns_as_well(finished: tuple[Path, str]) -> None:
    folder = finished[0].parent
    values = settings(folder) | {"output": str(folder / "audit"), "beam": {}}
    values["inputs"] = [{"path": str(folder / "corpus")}]
    config = RunConfig.model_validate(values)
    request = Request(config, "audit", folder, Execution(config.beam))
    manifest = execute(request, Console(stderr=True, quiet=True)).manifest
    before = read_manifest(finished[0])
    assert manifest.warnings == before.warnings
    assert sorted(map(str, frequent(manifest))) == sorted(map(str, frequent(before)))
    assert {check.status for check in prove(folder / "audit")} <= {"passed", "skipped"}


FORGERIES: dict[str, Change] = {
    "another count": in_manifest("frequent_values", 0, "found", value=increase),
    "fewer documents": in_manifest("frequent_values", 0, "documents", value=7),
    "a value left out": in_manifest("frequent_values", value=lambda all_: all_[1:]),
    "signs more": in_manifest("frequent_values", 1, "signs", value={"small": 9999}),
    "an exchanged key": in_cell("findings", "value_key", "a" * 32),
    "a source less": in_statistic("pii.found", {"value": 1.0}, source="notes"),
    "another rate": in_statistic("pii.rate", {"value": 0.1}, source="notes"),
    "another rate of all": in_statistic("pii.rate", {"value": 0.1}, source=None),
}


@pytest.mark.parametrize("name", sorted(FORGERIES))
def test_a_forgery_is_found(run: Path, name: str) -> None:
    FORGERIES[name](run)
    reseal(run)
    failed = {check.name for check in prove(run) if check.status == "failed"}
    assert "counts" in failed


def test_a_hidden_warning_is_found(run: Path) -> None:
    in_manifest("warnings", value=[])(run)
    reseal(run)
    failed = {check.name for check in prove(run) if check.status == "failed"}
    assert failed == {"gates"}

"""A stage from outside, on real workers: one of ours, but trusted by name alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from benchmarks.soak import hashes
from tests.corpora import write_corpus

USE = "capitals:Capitals"
WORD = "copper"
KEY = {"ISINGLASS_TEST_KEY": "a key of more than sixteen characters"}
RECORDS = 60


def settings(output: str, **changes: Any) -> dict[str, Any]:
    return {
        "inputs": [{"path": "corpus", "source": "web"}],
        "output": output,
        "dedup": {},
        "pii": {
            "mode": "identifiers",
            "key_env": "ISINGLASS_TEST_KEY",
            "canaries": {"documents": 5},
        },
        "stages": [{"use": USE, "options": {"word": WORD}}],
        "limits": {"shard_bytes": 4_000},
        "beam": {"mode": "in_memory"},
        **changes,
    }


def isinglass(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command as a person types it: its own process, its own folder."""
    return subprocess.run(
        [sys.executable, "-m", "isinglass", *arguments],
        check=False,
        cwd=folder,
        env=os.environ | KEY,
        capture_output=True,
        text=True,
    )


def start(folder: Path, verb: str, *more: str, **changes: Any) -> Any:
    """Run a verb into a folder of its name; returns its manifest."""
    config = folder / f"{verb}.yaml"
    config.write_text(yaml.safe_dump(settings(verb, **changes)))
    name = "--config"
    ran = isinglass(folder, verb, name, config.name, "--format", "json", *more)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """A corpus, the module of the stage, and a run by two worker processes."""
    made = tmp_path_factory.mktemp("outside")
    write_corpus(made / "corpus", RECORDS)
    shutil.copy(repository / "tests" / "outside" / "capitals.py", made)
    start(made, "clean", beam={"mode": "multi_processing", "workers": 2})
    return made


@pytest.fixture(scope="module")
def manifest(folder: Path) -> Any:
    return json.loads((folder / "clean" / "manifest.json").read_text())


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    paths = sorted((folder / table).glob("*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


@pytest.mark.slow
def test_it_drops_cuts_and_adds_a_column(folder: Path, manifest: Any) -> None:
    ledger, data = rows(folder / "clean", "ledger"), rows(folder / "clean", "data")
    gone = [row for row in ledger if row["reason"] == "capitals.shouting"]
    # Every tenth text is in capitals; its copy in small letters stays.
    assert len(gone) == RECORDS // 10
    assert {row["rule"] for row in gone} == {"capitals>0.5"}
    assert manifest["records"]["dropped"]["capitals.shouting"] == len(gone)
    assert "exact_duplicate" not in manifest["records"]["dropped"]
    assert not any(WORD in row["text"] for row in data)
    assert all(0.0 < row["capitals_share"] < 0.5 for row in data)
    found = [r for r in rows(folder / "clean", "findings") if "." in r["entity"]]
    assert {row["entity"] for row in found} == {"capitals.word"}
    assert manifest["findings"]["capitals.word"]["changed"] == len(found) > 0
    assert all(row["clean_start"] == row["clean_end"] for row in found)


@pytest.mark.slow
def test_statistic_gate_manifest_report_and_summary(
    folder: Path, manifest: Any
) -> None:
    gate = next(g for g in manifest["gates"] if g["metric"] == "capitals.dropped")
    assert (gate["passed"], gate["actual"]) == (True, 0.1)
    told = manifest["stages"]["capitals"]
    assert told["use"] == USE
    assert told["values"] == {"dropped": 6, "loud": 0}
    assert "capitals.word" not in manifest["operators"]
    page = (folder / "clean" / "report.html").read_text()
    assert "6 documents were dropped because they shout." in page
    assert "Most of its letters are capitals." in page
    again = isinglass(folder, "clean", "--config", "clean.yaml")
    assert again.returncode == 0, again.stderr
    assert "Capitals: 6 dropped" in again.stdout.splitlines()


@pytest.mark.slow
def test_verify_asks_it_only_by_name(folder: Path) -> None:
    plain = isinglass(folder, "verify", "clean")
    assert plain.returncode == 0, plain.stdout
    assert f"skip stage {USE}" in plain.stdout
    assert re.search(r"ok +source texts: .* not made again", plain.stdout)
    named = isinglass(folder, "verify", "clean", "--stage", USE)
    assert named.returncode == 0, named.stdout
    assert "ok   capitals: " in named.stdout
    assert "skip stage" not in named.stdout


@pytest.mark.slow
def test_explain_asks_it_only_by_name(folder: Path) -> None:
    kept = rows(folder / "clean", "data")[0]
    told = isinglass(folder, "explain", "clean", kept["doc_id"], "--stage", USE)
    line = f"capitals      {kept['capitals_share']:.3f} of its letters"
    assert line in told.stdout
    plain = isinglass(folder, "explain", "clean", kept["doc_id"])
    assert plain.returncode == 0
    assert "of its letters" not in plain.stdout
    ledger = rows(folder / "clean", "ledger")
    gone = next(row for row in ledger if row["reason"] == "capitals.shouting")
    shouted = isinglass(folder, "explain", "clean", gone["doc_id"])
    assert "Most of its letters are capitals." in shouted.stdout


@pytest.mark.slow
def test_a_strangers_run_runs_no_code(folder: Path, tmp_path: Path) -> None:
    """A module of that name that lies about is not imported either."""
    shutil.copytree(folder / "clean", tmp_path / "clean")
    mark = tmp_path / "mark"
    (tmp_path / "capitals.py").write_text(f"open({str(mark)!r}, 'w')\n")
    values = tmp_path / "values.txt"
    values.write_text("person0@mailbox.io\n")
    doc_id = rows(folder / "clean", "data")[0]["doc_id"]
    assert isinglass(tmp_path, "verify", "clean").returncode == 0
    assert isinglass(tmp_path, "explain", "clean", doc_id).returncode == 0
    refused = isinglass(tmp_path, "forget", "clean", "--value-file", str(values))
    assert refused.returncode == 2
    assert f"--stage {USE}" in refused.stderr
    assert not mark.exists()


@pytest.mark.slow
def test_forget_runs_it_if_it_is_named(folder: Path) -> None:
    (folder / "values.txt").write_text("person0@mailbox.io\n")
    given = ("--value-file", "values.txt", "--output", "forgotten", "--stage", USE)
    done = isinglass(folder, "forget", "clean", *given)
    assert done.returncode == 0, done.stderr
    again = json.loads((folder / "forgotten" / "manifest.json").read_text())
    assert again["records"]["dropped"]["capitals.shouting"] == 6
    assert again["records"]["dropped"]["erased"] == 1


@pytest.mark.slow
def test_an_audit_counts_the_same_and_writes_no_text(
    folder: Path, manifest: Any
) -> None:
    audit = start(folder, "audit")
    assert audit["records"] == manifest["records"]
    assert audit["findings"] == manifest["findings"]
    assert not (folder / "audit" / "data").exists()


@pytest.mark.slow
def test_killed_and_resumed_it_has_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for name in ("capitals.py", "corpus"):
        (tmp_path / name).symlink_to(folder / name)
    config = tmp_path / "clean.yaml"
    config.write_text(yaml.safe_dump(settings("clean")))
    command = [sys.executable, "-m", "isinglass", "clean", "-c", config.name]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=os.environ | KEY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while process.poll() is None:
        if list((tmp_path / "clean" / "work").glob("clean/*.commit.json")):
            os.killpg(process.pid, signal.SIGKILL)
            break
        time.sleep(0.005)
    process.wait()
    again = start(tmp_path, "clean")
    assert hashes(tmp_path / "clean") == hashes(folder / "clean")
    assert sum(one["reused"] for one in again["passes"]) > 0


@pytest.mark.slow
def test_a_changed_file_or_option_is_another_run(
    folder: Path, tmp_path: Path, manifest: Any
) -> None:
    shutil.copytree(folder / "corpus", tmp_path / "corpus")
    source = (folder / "capitals.py").read_text()
    (tmp_path / "capitals.py").write_text(source)
    first = start(tmp_path, "clean")
    assert first["run_id"] == manifest["run_id"]
    (tmp_path / "capitals.py").write_text(source + "\n# Another one.\n")
    second = start(tmp_path, "clean")
    assert second["run_id"] != first["run_id"]
    assert {p["name"]: p["reused"] for p in second["passes"]}["survey"] == 0
    other = [{"use": USE, "options": {"word": "silver"}}]
    third = start(tmp_path, "clean", "--replace", stages=other)
    assert third["run_id"] != second["run_id"]
    assert {p["name"]: p["reused"] for p in third["passes"]}["survey"] == 0


@pytest.mark.slow
def test_the_filter_of_the_documentation(repository: Path, tmp_path: Path) -> None:
    text = (repository / "docs" / "stages.md").read_text()
    module = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    assert len(module.splitlines()) <= 42
    (tmp_path / "long_lines.py").write_text(module)
    (tmp_path / "corpus").mkdir()
    lines = [{"text": "a line " * 200}, {"text": "a short\nline\n" * 200}]
    made = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "corpus" / "a.jsonl").write_text(made)
    given = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0]
    told = start(tmp_path, "clean", **yaml.safe_load(given))
    assert told["records"]["dropped"] == {"long_lines.dump": 1}
    assert told["gates"][0]["actual"] == 1
    shown = isinglass(tmp_path, "review", "clean", "--filtered", "--format", "jsonl")
    measured = {"long_lines_longest": 1400, "long_lines_longest limit": 1000.0}
    assert json.loads(shown.stdout)["evidence"] == measured
    command = re.findall(r"```sh\nisinglass (.*?)\n```", text)[0]
    arguments = command.replace("runs/web-en", "clean").split()
    verified = isinglass(tmp_path, *arguments)
    assert verified.returncode == 0, verified.stdout


@pytest.mark.slow
def test_a_stage_that_edits_without_a_pii_section(
    repository: Path, tmp_path: Path
) -> None:
    text = (repository / "docs" / "stages.md").read_text()
    module = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[1]
    (tmp_path / "shout.py").write_text(module)
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.jsonl").write_text('{"text": "élan: please STOP"}\n')
    stages = [{"use": "shout:Shout"}]
    start(tmp_path, "clean", stages=stages, pii=None, dedup=None)
    assert [row["text"] for row in rows(tmp_path / "clean", "data")] == [
        "élan: please stop"
    ]
    page = (tmp_path / "clean" / "report.html").read_text()
    assert "removed as identifiers or by shout" in page
    for more in ([], ["--stage", "shout:Shout"]):
        verified = isinglass(tmp_path, "verify", "clean", *more)
        assert verified.returncode == 0, verified.stdout


@pytest.mark.slow
def test_personal_data_goes_before_what_a_stage_edits(
    repository: Path, tmp_path: Path
) -> None:
    """Neither a wide span of a stage nor what it writes hides an address."""
    text = (repository / "docs" / "stages.md").read_text()
    module = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[1]
    (tmp_path / "shout.py").write_text(module)
    (tmp_path / "corpus").mkdir()
    line = '{"text": "write to jo.smith@mail.com and CALL now"}\n'
    (tmp_path / "corpus" / "a.jsonl").write_text(line)
    word = "to jo.smith@mail.com and"
    stages = [{"use": "shout:Shout", "options": {"word": word}}]
    start(tmp_path, "clean", stages=stages, dedup=None)
    (row,) = rows(tmp_path / "clean", "data")
    assert "smith" not in row["text"]
    found = rows(tmp_path / "clean", "findings")
    assert [f["entity"] for f in found] == [
        "shout.word",
        "EMAIL_ADDRESS",
        "shout.word",
    ]
    verified = isinglass(tmp_path, "verify", "clean", "--stage", "shout:Shout")
    assert verified.returncode == 0, verified.stdout

"""Invariant 3 under kill -9: whenever it comes, the resumed run has the same bytes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from benchmarks.soak import hashes
from tests.corpora import write_corpus

KEY = {"ISINGLASS_TEST_KEY": "a key of more than sixteen characters"}
KILLS = 10


def write_config(path: Path, corpus: Path, output: Path) -> None:
    settings = {
        "inputs": [{"path": str(corpus), "source": "web"}],
        "output": str(output),
        "dedup": {},
        "pii": {"mode": "identifiers", "key_env": "ISINGLASS_TEST_KEY"},
        "balance": {},
        "limits": {"shard_bytes": 4_000},
        "beam": {"mode": "in_memory"},
    }
    path.write_text(yaml.safe_dump(settings))


def start(config: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "isinglass", "clean", "--config", str(config)]
    return subprocess.Popen(
        [*command, "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | KEY,
        start_new_session=True,
    )


def finish(config: Path) -> tuple[dict[str, object], str]:
    process = start(config)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err.decode()
    return json.loads(out), err.decode()


def commits(run: Path) -> int:
    return len(list((run / "work").glob("*/*.commit.json")))


def kill_after(config: Path, run: Path, more: int, pause: float) -> bool:
    """Kill a run when it has made `more` commits; False if it was quicker."""
    goal = commits(run) + more
    process = start(config)
    while process.poll() is None and commits(run) < goal:
        time.sleep(0.002)
    time.sleep(pause)
    alive = process.poll() is None
    if alive:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return alive


@pytest.mark.slow
def test_ten_kills_at_random_moments(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    write_corpus(corpus, 600)
    write_config(tmp_path / "whole.yaml", corpus, tmp_path / "whole")
    finish(tmp_path / "whole.yaml")
    expected = hashes(tmp_path / "whole")
    step = commits(tmp_path / "whole") // (2 * KILLS)

    run, config = tmp_path / "killed", tmp_path / "killed.yaml"
    write_config(config, corpus, run)
    chance = random.Random(20261124)  # noqa: S311 - when to kill
    killed = 0
    for _ in range(3 * KILLS):
        more, pause = chance.randint(0, 2 * step), chance.uniform(0, 0.05)
        killed += kill_after(config, run, more, pause)
        if killed == KILLS:
            break
        if (run / "_SUCCESS").exists():
            # It came through before its kill: take work away and go on.
            for path in sorted((run / "work" / "clean").glob("*.commit.json"))[::2]:
                path.unlink()
    assert killed == KILLS
    if (run / "_SUCCESS").exists():
        max((run / "data").iterdir()).unlink()
    manifest, _ = finish(config)
    assert hashes(run) == expected
    passes = {record["name"]: record for record in manifest["passes"]}  # type: ignore[attr-defined]
    assert passes["survey"]["reused"] > 0


@pytest.mark.slow
def test_a_half_made_run_is_not_visible(tmp_path: Path) -> None:
    """Invariant 9: before the seal there is neither manifest nor _SUCCESS."""
    corpus = tmp_path / "corpus"
    write_corpus(corpus, 600)
    write_config(tmp_path / "c.yaml", corpus, tmp_path / "run")
    process = start(tmp_path / "c.yaml")
    seen_commit = False
    while process.poll() is None:
        if list((tmp_path / "run" / "work").glob("survey/*.commit.json")):
            seen_commit = True
            os.killpg(process.pid, signal.SIGKILL)
            break
        time.sleep(0.01)
    process.communicate()
    assert seen_commit
    assert not (tmp_path / "run" / "_SUCCESS").exists()
    assert not (tmp_path / "run" / "manifest.json").exists()
    assert not (tmp_path / "run" / "report.html").exists()

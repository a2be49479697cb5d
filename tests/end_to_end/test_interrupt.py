"""Ctrl-C and SIGTERM: one line, nothing left running, and the next run goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks.soak import hashes
from isinglass.pipelines.engine import parts
from isinglass.pipelines.stages.pii import stage as pii_stage
from isinglass.schemas.errors import IsinglassError
from isinglass.transforms.pii import scan
from tests.corpora import write_corpus
from tests.end_to_end.test_kill_and_resume import KEY, finish, write_config
from tests.end_to_end.test_verbs import start as start_here

MOST_SECONDS = 3.0
"""Until a stopped run is over, on a machine with nothing else to do."""

BUSY = 5.0
"""How many times as long it may take on one that runs other tests."""

SAID = "Stopped. What was finished is kept in {}; the same command goes on from there."


def start(config: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "isinglass", "clean", "--config", str(config)]
    command += options
    command += ["--set", "beam.mode=multi_processing", "--set", "beam.workers=2"]
    # Tests that run in the background ignore Ctrl-C, and would hand that down.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | KEY | {"TMPDIR": str(temporary(config))},
            start_new_session=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)


def temporary(config: Path) -> Path:
    """Where the runs of a configuration have their temporary files."""
    folder = config.parent / "temporary"
    folder.mkdir(exist_ok=True)
    return folder


def workers(driver: subprocess.Popen[str]) -> list[psutil.Process]:
    try:
        return psutil.Process(driver.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def still_running(processes: list[psutil.Process], seconds: float) -> list[int]:
    """Which do not end; who has no parent left may wait to be buried."""
    psutil.wait_procs(processes, timeout=seconds)
    return [
        one.pid for one in processes if one.is_running() and one.status() != "zombie"
    ]


def wait_for_work(driver: subprocess.Popen[str], run: Path, passes: str) -> None:
    """Until a pass has worker processes, and has committed something."""
    while driver.poll() is None:
        if workers(driver) and any((run / "work" / passes).glob("*.commit.json")):
            return
        time.sleep(0.01)


@pytest.mark.slow
def test_a_stopped_run_says_one_line_and_goes_on(tmp_path: Path) -> None:
    corpus, run = tmp_path / "corpus", tmp_path / "stopped"
    write_corpus(corpus, 600)
    for name in ("whole", "stopped"):
        write_config(tmp_path / f"{name}.yaml", corpus, tmp_path / name)
    finish(tmp_path / "whole.yaml")
    stopped = 0
    for number, group, passes in (
        (signal.SIGINT, True, "survey"),
        (signal.SIGTERM, True, "clean"),
        (signal.SIGINT, False, "clean"),
        (signal.SIGTERM, False, "clean"),
        (signal.SIGINT, True, "survey"),
        (signal.SIGTERM, True, "survey"),
    ):
        # A stop may come when all is done, on a machine that does much besides.
        if stopped == 4:
            break
        driver = start(tmp_path / "stopped.yaml")
        wait_for_work(driver, run, passes)
        started = workers(driver)
        before = time.monotonic()
        for _ in range(2):
            # Who presses Ctrl-C presses it twice.
            if driver.poll() is None:
                (os.killpg if group else os.kill)(driver.pid, number)
        _, said = driver.communicate(timeout=60)
        if driver.returncode == 0:
            # Nothing would be left to do for the next one.
            shutil.rmtree(run)
            continue
        stopped += 1
        assert time.monotonic() - before < BUSY * MOST_SECONDS
        assert driver.returncode == 128 + number
        own = [line for line in said.splitlines() if " INFO " not in line]
        assert own == [SAID.format(run)]
        assert still_running(started, 1.0) == []
        assert not (run / "_SUCCESS").exists()
        assert list(temporary(tmp_path / "stopped.yaml").iterdir()) == []
    assert stopped >= 2
    finish(tmp_path / "stopped.yaml")
    assert hashes(run) == hashes(tmp_path / "whole")


@pytest.mark.slow
def test_a_sample_leaves_nothing_however_it_ends(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", 150)
    config = tmp_path / "c.yaml"
    write_config(config, tmp_path / "corpus", tmp_path / "run")
    ends = set()
    for stop in (*[True] * 8, False):
        # A stop may come when all is done; one of several does not.
        if stop and 143 in ends:
            continue
        driver = start(config, "--dry-run")
        while stop and driver.poll() is None:
            if any(temporary(config).glob("isinglass-*/*/work/*/*.commit.json")):
                driver.terminate()
                break
            time.sleep(0.01)
        told, said = driver.communicate(timeout=300)
        ends.add(driver.returncode)
        stopped = driver.returncode == 143
        assert stopped or driver.returncode == 0, said
        assert ("Stopped. Nothing was changed.\n" in said) == stopped
        assert ("all passes: about" in told) != stopped
        assert list(temporary(config).iterdir()) == []
        assert not (tmp_path / "run").exists()
    assert ends == {0, 143}


@pytest.mark.slow
def test_workers_of_a_killed_driver_end(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", 150)
    write_config(tmp_path / "c.yaml", tmp_path / "corpus", tmp_path / "run")
    driver = start(tmp_path / "c.yaml")
    wait_for_work(driver, tmp_path / "run", "survey")
    started = workers(driver)
    driver.kill()
    driver.communicate()
    assert started
    assert still_running(started, 5.0) == []


def test_what_was_found_of_a_stopped_shard_is_not_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "KEEP_SECONDS", 0.0)
    monkeypatch.setenv("ISINGLASS_TEST_KEY", KEY["ISINGLASS_TEST_KEY"])
    write_corpus(tmp_path / "corpus", 300)
    sections: dict[str, Any] = {
        "dedup": None,
        "balance": None,
        "encode": None,
        "pii": {
            "mode": "identifiers",
            "canaries": {"documents": 0},
            "key_env": "ISINGLASS_TEST_KEY",
        },
    }
    find, searched, most = scan.pii_edits, 0, 1000

    def counted(*given: Any) -> Any:
        nonlocal searched
        if searched == most:
            raise ValueError
        searched += 1
        return find(*given)

    monkeypatch.setattr(pii_stage, "pii_edits", counted)
    start_here(tmp_path, "clean", **sections, output=str(tmp_path / "whole"))
    whole, searched, most = searched, 0, 2
    with pytest.raises(IsinglassError, match="ValueError"):
        start_here(tmp_path, "clean", **sections)
    assert searched == 2
    assert len(list(tmp_path.glob("run/work/clean/*.part-*"))) == 2
    most = 1000
    start_here(tmp_path, "clean", **sections)
    assert searched == whole > 2
    assert not list(tmp_path.glob("run/work/clean/*.part-*"))
    assert hashes(tmp_path / "run") == hashes(tmp_path / "whole")

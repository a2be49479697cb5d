"""A job with two workers takes little memory, all of its processes together."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.corpora import write_jsonl

MOST_MB = 1500
"""A real corpus may take 2 GB; here the code itself and little more is held."""


def processes(pid: int) -> list[int]:
    """A process and all those that come of it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            found += processes(int(child))
    return found


def megabytes(pid: int) -> float:
    """What a process holds, its part of what it shares included; 0 if it ended."""
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+)", told, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="the system does not tell"
)
def test_identifiers_with_two_workers(tmp_path: Path) -> None:
    for number in range(2):
        texts = [
            f"Letter {number}-{row} of the harbour office, to mail{row}@example.org, "
            f"about the ferries that leave at {row} past noon. " * 20
            for row in range(500)
        ]
        write_jsonl(tmp_path / f"in{number}.jsonl", [{"text": text} for text in texts])
    job = {
        "inputs": [{"path": str(tmp_path / "in*.jsonl"), "source": "letters"}],
        "output": str(tmp_path / "run"),
        "limits": {"shard_bytes": 2**20},
        "dedup": {},
        "pii": {"mode": "identifiers"},
        "beam": {"mode": "multi_processing", "workers": 2},
    }
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(job))
    command = [sys.executable, "-m", "isinglass", "run", "-c", "job.yaml"]
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
        peak, most = 0.0, 0
        while running.poll() is None:
            each = list(map(megabytes, processes(running.pid)))
            peak, most = max(peak, sum(each)), max(most, len(each))
            time.sleep(0.1)
    assert running.returncode == 0, (tmp_path / "log").read_text()
    # Both workers were seen.
    assert most >= 3
    assert 100 < peak < MOST_MB

"""The main job on a real corpus: CPU seconds, megabytes a second and peak memory.

Two jobs run as a user would start them, each in a fresh process: `clean` without PII,
and `run` with PII in identifiers mode and no encoder. Run:

    python benchmarks/bench_corpus.py --corpus FOLDER
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

DEFAULT_CORPUS = Path(__file__).parents[2] / "shared" / "data" / "corpus"
COMMAND = (sys.executable, "-m", "isinglass")
JOBS: dict[str, tuple[str, dict[str, Any]]] = {
    "clean, no PII": ("clean", {"dedup": {}, "balance": {}}),
    "run, identifiers, no encoder": (
        "run",
        {"dedup": {}, "balance": {}, "pii": {"mode": "identifiers"}},
    ),
}


def measure(verb: str, sections: dict[str, Any], corpus: Path) -> dict[str, Any]:
    """Run one job in a fresh folder; CPU seconds are of all its processes."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "job.yaml"
        settings = {
            "inputs": [{"path": str(corpus.resolve()), "source": "corpus"}],
            "output": str(Path(folder) / "run"),
            "limits": {"shard_bytes": 16 * 2**20, "max_quarantine_rate": 1.0},
            **sections,
        }
        config.write_text(yaml.safe_dump(settings))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        done = subprocess.run(
            [*COMMAND, verb, "-c", str(config), "--format", "json"],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        wall = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    manifest = json.loads(done.stdout)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "records": manifest["records"]["in"],
        "kept": manifest["records"]["kept"],
        "megabytes": manifest["characters"]["in"] / 1e6,
        "cpu": cpu,
        "wall": wall,
        "peak_mb": after.ru_maxrss / 1024,
        "passes": {p["name"]: p["cpu_seconds"] for p in manifest["passes"]},
    }


def main() -> None:
    """Run both jobs and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=DEFAULT_CORPUS)
    arguments = parser.parse_args()
    if not arguments.corpus.exists():
        sys.exit(f"No corpus at {arguments.corpus}: name one with --corpus.")
    header = ("job", "records", "kept", "MB", "CPU s", "wall s", "peak MB")
    print("{:<30}{:>9}{:>9}{:>7}{:>8}{:>8}{:>9}".format(*header))
    for name, (verb, sections) in JOBS.items():
        found = measure(verb, sections, arguments.corpus)
        print(
            f"{name:<30}{found['records']:>9}{found['kept']:>9}"
            f"{found['megabytes']:>7.1f}{found['cpu']:>8.1f}{found['wall']:>8.1f}"
            f"{found['peak_mb']:>9.0f}"
        )
        costs = ", ".join(f"{k} {v:.1f}" for k, v in found["passes"].items())
        print(f"  CPU seconds by pass: {costs}")


if __name__ == "__main__":
    main()

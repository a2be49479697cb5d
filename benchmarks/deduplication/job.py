"""Run whole jobs in this process and say on stdout what they cost.

A part of benchmarks/dedup.py that is started in a fresh process of its own; the
question is a JSON object on stdin, the answer one on stdout.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.measuring.processes import cpu_seconds, peak_mb
from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.run import Request, execute
from isinglass.schemas.config import RunConfig


def run_job(
    settings: dict[str, Any], verb: str, *, reverse: bool = False
) -> dict[str, Any]:
    """Run one job into an empty folder and measure it.

    Returns:
        `cpu` and `wall` seconds, `passes` as of the manifest, `records`, `dedup`.
    """
    config = RunConfig.model_validate(settings)
    shutil.rmtree(config.output, ignore_errors=True)
    execution = Execution(config.beam, reverse=reverse)
    request = Request(config, verb, Path.cwd(), execution)  # type: ignore[arg-type]
    cpu, wall = cpu_seconds(), time.monotonic()
    manifest = execute(request, Console(stderr=True, quiet=True)).manifest
    cpu, wall = cpu_seconds() - cpu, time.monotonic() - wall
    return {
        "cpu": cpu,
        "wall": wall,
        "passes": [record.model_dump() for record in manifest.passes],
        "records": manifest.records.model_dump(by_alias=True),
        "dedup": manifest.dedup.model_dump() if manifest.dedup else None,
    }


def main() -> None:
    """Answer `{"jobs": [{settings, verb, reverse}]}` by one measure a job."""
    question = json.load(sys.stdin)
    measures = [
        run_job(job["settings"], job["verb"], reverse=job.get("reverse", False))
        for job in question["jobs"]
    ]
    print(json.dumps({"jobs": measures, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main()

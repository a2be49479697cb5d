"""Start of a local worker process: Beam's own, with logs that can be read.

Beam's harness logs every connection at info level, and its `-m` command does not quote
the interpreter's path. This module is started in its place and hands over to it, once
for every pipeline that it is lent to (`live_workers.py`).
"""

from __future__ import annotations

import json
import logging
import os
import shlex
import sys

STAGE_PATH = "ISINGLASS_STAGE_PATH"
"""Environment variable: a folder in which modules are looked for after all others."""

DONE = "isinglass worker: done\n"
"""What a worker says when a pipeline has let it go."""


def worker_command(stage_path: str = "") -> str:
    """Shell command that starts a worker with this interpreter."""
    command = f"{shlex.quote(sys.executable)} -m isinglass.pipelines.engine.worker"
    return (
        f"{STAGE_PATH}={shlex.quote(stage_path)} {command}" if stage_path else command
    )


def worth_showing(record: logging.LogRecord) -> bool:
    """Our own records from info on, errors of anyone."""
    if record.name.startswith("isinglass"):
        return record.levelno >= logging.INFO
    return record.levelno >= logging.ERROR and "apache_beam" not in record.name


def main() -> None:
    """Set up logging, then serve pipelines until the driver closes our input."""
    stage_path = os.environ.get(STAGE_PATH)
    if stage_path:
        sys.path.append(stage_path)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.addFilter(worth_showing)
    logging.getLogger().addHandler(handler)
    # What others print must not be taken for an answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    from apache_beam.runners.worker import sdk_worker_main  # noqa: PLC0415

    for order in sys.stdin:
        # As Beam's harness is told by its environment.
        _, harness, _ = sdk_worker_main.create_harness(json.loads(order))
        harness.run()
        answers.write(DONE)
        answers.flush()


if __name__ == "__main__":
    main()

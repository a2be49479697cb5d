"""Start of a local worker process: Beam's own, with logs that can be read.

Beam's harness logs every connection at info level, and its `-m` command does not quote
the interpreter's path. This module is started in its place and hands over to it.
"""

from __future__ import annotations

import logging
import os
import shlex
import sys

STAGE_PATH = "ISINGLASS_STAGE_PATH"
"""Environment variable: a folder in which modules are looked for after all others."""


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
    """Set up logging, then run Beam's harness until the driver ends it."""
    stage_path = os.environ.get(STAGE_PATH)
    if stage_path:
        sys.path.append(stage_path)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.addFilter(worth_showing)
    logging.getLogger().addHandler(handler)
    from apache_beam.runners.worker import sdk_worker_main  # noqa: PLC0415

    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    main()

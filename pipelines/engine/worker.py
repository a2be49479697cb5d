"""Start of a local worker process: Beam's own, with logs that can be read.

Beam's harness logs every connection at info level, and its `-m` command does not quote
the interpreter's path. This module is started in its place and hands over to it, once
for every pipeline that it is lent to (`live_workers.py`). A worker ends with its
driver, however that ends, and by its word alone.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import shlex
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

STAGE_PATH = "ISINGLASS_STAGE_PATH"
"""Environment variable: a folder in which modules are looked for after all others."""

DONE = "isinglass worker: done\n"
"""What a worker says when a pipeline has let it go."""

DRIVER = "ISINGLASS_DRIVER"
"""Environment variable: the process that started this one."""

LOOK_SECONDS = 0.5
_SET_PARENT_DEATH_SIGNAL = 1


def worker_command(stage_path: str = "") -> str:
    """Shell command that starts a worker with this interpreter.

    Ctrl-C goes to every process of a terminal, and what a batch system ends is often a
    whole group: the driver alone answers. The shell gives way to the interpreter, so
    that this is the driver's own child.
    """
    command = f"{shlex.quote(sys.executable)} -m isinglass.pipelines.engine.worker"
    path = f"export {STAGE_PATH}={shlex.quote(stage_path)}; " if stage_path else ""
    return f"trap '' INT TERM; {path}export {DRIVER}=$PPID; exec {command}"


def worth_showing(record: logging.LogRecord) -> bool:
    """Our own records from info on, errors of anyone."""
    if record.name.startswith("isinglass"):
        return record.levelno >= logging.INFO
    return record.levelno >= logging.ERROR and "apache_beam" not in record.name


def end_with(driver: int) -> None:
    """End this process as soon as its parent, the driver, is gone.

    On Linux the kernel does it, also while a library works; elsewhere a thread looks.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    else:
        threading.Thread(target=_look_for, args=(driver,), daemon=True).start()
    if os.getppid() != driver:
        os._exit(1)


def end_children() -> None:
    """End what this process started, before it ends itself.

    A worker that sees its driver's connection closed would print how. Where the kernel
    does not tell of children, workers end by `end_with` alone.
    """
    for listed in Path("/proc/self/task").glob("*/children"):
        for process in listed.read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGKILL)


def _look_for(driver: int) -> None:
    while os.getppid() == driver:
        time.sleep(LOOK_SECONDS)
    os._exit(1)


def main() -> None:
    """Set up logging, then serve pipelines until the driver closes our input."""
    driver = os.environ.get(DRIVER)
    if driver:
        end_with(int(driver))
    stage_path = os.environ.get(STAGE_PATH)
    if stage_path:
        sys.path.append(stage_path)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.addFilter(worth_showing)
    # The driver has said where compiled code is kept.
    logging.getLogger("isinglass.transforms.compiled").setLevel(logging.ERROR)
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

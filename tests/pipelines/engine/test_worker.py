"""A worker ends with its driver, also while it is busy; nothing else has to end it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from pathlib import Path

BUSY = """
import os, sys, time
from isinglass.pipelines.engine.worker import end_with
end_with(int(sys.argv[1]))
print("busy", flush=True)
time.sleep(60)
"""
DRIVER = """
import os, subprocess, sys
started = subprocess.Popen(
    [sys.executable, "-c", sys.argv[1], str(os.getpid())], stdout=subprocess.PIPE
)
assert started.stdout.readline() == b"busy\\n"
print(started.pid, flush=True)
sys.stdin.read()
"""
ENDS = """
import subprocess, sys
from isinglass.pipelines.engine.worker import end_children
started = [subprocess.Popen(["sleep", "60"]) for _ in range(2)]
end_children()
print([one.wait(20) for one in started])
"""


def test_a_busy_worker_ends_with_its_driver(repository: Path) -> None:
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, BUSY],
        cwd=repository,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert driver.stdout is not None
    worker = psutil.Process(int(driver.stdout.readline()))
    driver.kill()
    driver.communicate()
    gone, _ = psutil.wait_procs([worker], timeout=20)
    assert gone or worker.status() == psutil.STATUS_ZOMBIE


def test_a_worker_whose_driver_is_gone_does_not_begin(repository: Path) -> None:
    """The driver may have ended before the kernel was asked."""
    nobody = "1000000000"
    command = [sys.executable, "-c", BUSY, nobody]
    done = subprocess.run(command, cwd=repository, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells of no children")
def test_a_driver_that_is_stopped_ends_what_it_started(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDS],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "[-9, -9]\n", done.stderr

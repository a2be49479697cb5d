"""A signal in the first moments of the command: one line, as at any other time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from isinglass.__main__ import ENDING, NOTHING_DONE

WAYS = (
    ["-m", "isinglass"],
    # As the script that an installation writes.
    ["-c", "import re, sys; from isinglass.__main__ import main; sys.exit(main())"],
)
DELAYS = (0.0, 0.03, 0.06, 0.1, 0.2, 0.3, 0.5, 1.0)


def start(way: list[str], first: Path) -> subprocess.Popen[str]:
    """Ask for the version; modules in the folder `first` are found before others."""
    path = os.pathsep.join([str(first), *filter(None, [os.environ.get("PYTHONPATH")])])
    # Tests that run in the background ignore Ctrl-C, and would hand that down.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, *way, "--version"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": path},
        )
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("module", ["threading", "typer"])
def test_a_signal_while_a_library_is_read(
    tmp_path: Path, way: list[str], number: signal.Signals, module: str
) -> None:
    content = "import time\nprint('here', flush=True)\ntime.sleep(60)\n"
    (tmp_path / f"{module}.py").write_text(content)
    process = start(way, tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (128 + number, f"{NOTHING_DONE}\n")


@pytest.mark.parametrize("number", ENDING)
def test_what_is_ignored_stays_so(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "typer.py").write_text(
        f"import os, signal\nos.kill(os.getpid(), {int(number)})\n"
        f"print(signal.getsignal({int(number)}) == signal.SIG_IGN)\nos._exit(7)\n"
    )
    before = signal.signal(number, signal.SIG_IGN)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "isinglass"],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": f"{tmp_path}:{Path.cwd()}"},
        )
    finally:
        signal.signal(number, before)
    assert (done.returncode, done.stdout, done.stderr) == (7, "True\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize("way", WAYS)
def test_a_signal_at_any_moment(
    tmp_path: Path, way: list[str], number: signal.Signals
) -> None:
    ends = []
    for delay in DELAYS:
        process = start(way, tmp_path)
        time.sleep(delay)
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
        ends.append(process.returncode)
        if said == f"{NOTHING_DONE}\n":
            assert process.returncode == 128 + number
        else:
            # Over already, or the interpreter was not ready to read anything of ours.
            assert process.returncode in {0, 1, -number}, said
            assert "/isinglass/cli" not in said
    assert 128 + number in ends

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.encode.encoder import lease_device
from isinglass.transforms.encode.encoder.lease import lease_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

torch = pytest.importorskip("torch")

OWN = "this process"
HOLD = (
    "import os, sys\n"
    "from pathlib import Path\n"
    "from isinglass.transforms.encode.encoder.lease import lease_number\n"
    "numbers = [int(n) for n in sys.argv[2:]]\n"
    "print(lease_number(numbers, Path(sys.argv[1]), str(os.getpid())), flush=True)\n"
    "sys.stdin.readline()\n"
)


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts a process which takes one of some numbers."""
    started: list[subprocess.Popen[str]] = []

    def start(*numbers: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path), *map(str, numbers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def taken(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


class TooLongError(Exception):
    """Raised instead of waiting."""


def never(seconds: float) -> None:
    raise TooLongError(seconds)


def test_every_process_has_a_number_of_its_own(
    hold: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    others = [hold(0, 1, 2), hold(0, 1, 2)]
    numbers = [taken(process) for process in others]
    numbers.append(lease_number([0, 1, 2], tmp_path, OWN, never))
    assert sorted(numbers) == [0, 1, 2]
    # The same process is not made to wait for itself.
    assert lease_number([0, 1, 2], tmp_path, OWN, never) == numbers[-1]
    # A person can see who has which.
    for process, number in zip(others, numbers, strict=False):
        assert (tmp_path / f"{number}.lock").read_text() == f"{process.pid}\n"


def test_waits_until_another_process_ends(
    hold: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = hold(4)
    assert taken(process) == 4
    with pytest.raises(TooLongError):
        lease_number([4], tmp_path, OWN, never)
    pauses: list[float] = []

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 9:
            process.kill()
            process.wait()

    assert lease_number([4], tmp_path, OWN, wait) == 4
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.05, 2.0)
    assert len(pauses) == 9


def test_file_of_a_process_that_is_gone_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "0.lock").write_text("a process with a much longer name\n")
    (tmp_path / "1.lock").write_text(f"{OWN}\n")
    assert lease_number([0], tmp_path, OWN, never) == 0
    assert (tmp_path / "0.lock").read_text() == f"{OWN}\n"
    # Its own name, from before the machine was started again, is no lock either.
    assert lease_number([1], tmp_path, OWN, never) == 1
    with pytest.raises(TooLongError):
        lease_number([1], tmp_path, "another", never)


def test_cpu_needs_no_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gpu"
    assert lease_device("cpu", folder, OWN, never) == torch.device("cpu")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert lease_device("auto", folder, OWN, never) == torch.device("cpu")
    assert not folder.exists()
    with pytest.raises(ConfigError, match=r"encode\.device is 'cuda'"):
        lease_device("cuda", folder, OWN, never)


def test_device_of_the_number(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hold: Callable[..., subprocess.Popen[str]],
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 3)
    assert taken(hold(0)) == 0
    assert lease_device("auto", tmp_path, OWN, never) == torch.device("cuda", 1)
    assert lease_device("cuda:2", tmp_path, OWN, never) == torch.device("cuda", 2)
    with pytest.raises(TooLongError):
        lease_device("cuda:0", tmp_path, OWN, never)
    with pytest.raises(ConfigError, match=r"sees 3 CUDA devices.*cuda:2 or less"):
        lease_device("cuda:3", tmp_path, OWN, never)

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from isinglass.schemas.errors import ConfigError
from isinglass.transforms.encode.encoder.device import lease_device, lease_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

torch = pytest.importorskip("torch")

OWN = "this process"
HOLD = (
    "import os, sys\n"
    "from pathlib import Path\n"
    "from isinglass.transforms.encode.encoder.device import lease_name\n"
    "folder, owner = Path(sys.argv[1]), str(os.getpid())\n"
    "print(lease_name(sys.argv[2:], folder, owner), flush=True)\n"
    "sys.stdin.readline()\n"
)


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts a process which takes one of some names."""
    started: list[subprocess.Popen[str]] = []

    def start(*names: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path), *names],
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


def taken(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


class TooLongError(Exception):
    """Raised instead of waiting."""


def never(seconds: float) -> None:
    raise TooLongError(seconds)


def test_every_process_has_a_gpu_of_its_own(
    hold: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    others = [hold("a", "b", "c"), hold("a", "b", "c")]
    names = [taken(process) for process in others]
    names.append(lease_name("abc", tmp_path, OWN, never))
    assert sorted(names) == ["a", "b", "c"]
    # The same process is not made to wait for itself.
    assert lease_name("abc", tmp_path, OWN, never) == names[-1]
    # A person can see who has which.
    for process, name in zip(others, names, strict=False):
        assert (tmp_path / f"{name}.lock").read_text() == f"{process.pid}\n"


def test_waits_until_another_process_ends(
    hold: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = hold("d")
    assert taken(process) == "d"
    with pytest.raises(TooLongError):
        lease_name("d", tmp_path, OWN, never)
    pauses: list[float] = []

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 9:
            process.kill()
            process.wait()

    assert lease_name("d", tmp_path, OWN, wait) == "d"
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.05, 2.0)
    assert len(pauses) == 9


def test_file_of_a_process_that_is_gone_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "a.lock").write_text("a process with a much longer name\n")
    (tmp_path / "b.lock").write_text(f"{OWN}\n")
    assert lease_name("a", tmp_path, OWN, never) == "a"
    assert (tmp_path / "a.lock").read_text() == f"{OWN}\n"
    # Its own name, from before the machine was started again, is no lock either.
    assert lease_name("b", tmp_path, OWN, never) == "b"
    with pytest.raises(TooLongError):
        lease_name("b", tmp_path, "another", never)


def test_cpu_needs_no_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gpu"
    assert lease_device("cpu", folder, OWN, never) == torch.device("cpu")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert lease_device("auto", folder, OWN, never) == torch.device("cpu")
    assert not folder.exists()
    with pytest.raises(ConfigError, match=r"encode\.device is 'cuda'"):
        lease_device("cuda", folder, OWN, never)


UUIDS = ("GPU-a", "GPU-b", "GPU-c")


def visible(monkeypatch: pytest.MonkeyPatch, *order: int) -> None:
    """Let torch see some of three GPUs, as `CUDA_VISIBLE_DEVICES` would."""
    seen = [SimpleNamespace(uuid=UUIDS[number]) for number in order]
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: len(seen))
    monkeypatch.setattr("torch.cuda.get_device_properties", seen.__getitem__)


def test_device_of_the_number(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hold: Callable[..., subprocess.Popen[str]],
) -> None:
    visible(monkeypatch, 0, 1, 2)
    assert taken(hold("GPU-a")) == "GPU-a"
    assert lease_device("auto", tmp_path, OWN, never) == torch.device("cuda", 1)
    assert lease_device("cuda:2", tmp_path, OWN, never) == torch.device("cuda", 2)
    with pytest.raises(TooLongError):
        lease_device("cuda:0", tmp_path, OWN, never)
    with pytest.raises(ConfigError, match=r"sees 3 CUDA devices.*cuda:2 or less"):
        lease_device("cuda:3", tmp_path, OWN, never)


@pytest.mark.parametrize(("order", "free"), [((2, 0), 1), ((0, 2), 0), ((1, 2, 0), 0)])
def test_a_gpu_is_known_by_whatever_number_it_has(
    order: tuple[int, ...],
    free: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hold: Callable[..., subprocess.Popen[str]],
) -> None:
    assert taken(hold("GPU-c")) == "GPU-c"
    visible(monkeypatch, *order)
    assert lease_device("auto", tmp_path, OWN, never) == torch.device("cuda", free)
    with pytest.raises(TooLongError):
        lease_device(f"cuda:{order.index(2)}", tmp_path, OWN, never)

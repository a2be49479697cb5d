"""Commands in a world with less in it: no network, or folders that nobody can write."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

ONLY_LOOPBACK = 'ip link set lo up && exec "$@"'
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'


def without_network(command: Sequence[str]) -> list[str]:
    """The command in a namespace that has the loopback interface alone.

    Beam's workers talk to their driver on it. Skips where there are no namespaces.
    """
    _require("-rn", ONLY_LOOPBACK, "sh")
    return ["unshare", "-rn", "sh", "-c", ONLY_LOOPBACK, "sh", *command]


def read_only(folder: str, command: Sequence[str]) -> list[str]:
    """The command in a namespace where nobody, not even root, writes to the folder.

    Skips where there are no namespaces.
    """
    _require("-rm", READ_ONLY, folder)
    return ["unshare", "-rm", "sh", "-c", READ_ONLY, folder, *command]


@cache
def _require(kind: str, script: str, name: str) -> None:
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("unshare or ip is not installed")
    tried = ["unshare", kind, "sh", "-c", script, name, "true"]
    done = subprocess.run(tried, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no namespaces here: {done.stderr.strip()}")

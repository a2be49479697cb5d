"""Where compiled code is kept, and what happens where it cannot be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.transforms.compiled import _private_folder

if TYPE_CHECKING:
    import pytest

COUNT = (
    "import numpy as np\n"
    "from isinglass.transforms.text import largest_byte\n"
    "print(largest_byte(np.array([1, 7, 3], np.uint8), 0, 3))\n"
)
NO_PLACE = {"NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator"}
"""Leaves numba neither the installation nor the user's cache."""


def run_python(**more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", COUNT],
        env={k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"} | more,
        capture_output=True,
        text=True,
        check=False,
    )


def test_numba_is_asked_in_one_place(repository: Path) -> None:
    code = {
        path.name: path.read_text(encoding="utf-8")
        for folder in ("transforms", "pipelines", "isinglass/api", "isinglass/cli")
        for path in (repository / folder).rglob("*.py")
    }
    named = r"^ *(import|from) numba\b|cache=True"
    assert [n for n, text in code.items() if re.search(named, text, re.MULTILINE)] == [
        "compiled.py"
    ]


def test_without_a_place_temporary_files_will_do(tmp_path: Path) -> None:
    for told in ("first", "later"):
        done = run_python(TMPDIR=str(tmp_path), **NO_PLACE)
        assert (done.returncode, done.stdout) == (0, "7\n"), done.stderr
        assert len(done.stderr.splitlines()) == 1, told
        (folder,) = tmp_path.iterdir()
        assert f"compiled code is kept in {folder}. Set NUMBA_CACHE_DIR" in done.stderr
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [*folder.rglob("text.largest_byte-*.nbi")] != []


def test_without_any_place_every_process_compiles(tmp_path: Path) -> None:
    (tmp_path / f"isinglass-code-{os.getuid()}").write_text("no folder")
    done = run_python(TMPDIR=str(tmp_path), **NO_PLACE)
    assert (done.returncode, done.stdout) == (0, "7\n"), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "can be kept nowhere" in done.stderr


def test_a_folder_that_others_can_write_to_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / f"isinglass-code-{os.getuid()}"
    assert _private_folder() == folder
    folder.chmod(0o777)
    assert _private_folder() is None
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    assert _private_folder() is None

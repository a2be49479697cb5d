"""Pages and profiles say what the files of the kinds say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_pages_and_profiles_are_up_to_date(repository: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "scripts/kinds.py", "--check"],
        cwd=repository,
        env={"PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr

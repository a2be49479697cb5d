"""The steps of the Dockerfile, one after the other, in a folder instead of an image."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest


def steps(repository: Path) -> list[tuple[str, str]]:
    """Instruction and arguments of each step."""
    text = (repository / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def copy(repository: Path, target: Path) -> None:
    """What `COPY .` takes of a checkout; links stay links."""
    left_out = (repository / ".dockerignore").read_text(encoding="utf-8").split()
    patterns = [pattern.removeprefix("**/") for pattern in left_out]
    ignore = shutil.ignore_patterns(*patterns, ".*_cache", "*.egg-info")
    shutil.copytree(repository, target, symlinks=True, ignore=ignore)


@pytest.mark.slow
def test_every_step_works(repository: Path, tmp_path: Path) -> None:
    image = tmp_path / "image"
    venv.create(image / "python", with_pip=True)
    # Dependencies are borrowed: they are 1.3 GB. All else is done as it stands there.
    site = next((image / "python").glob("lib/*/site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    # The one that comes with Python is older than what pip fetches for the build.
    for old in site.glob("setuptools*"):
        shutil.rmtree(old)
    borrowing = {
        "PATH": os.pathsep.join([str(image / "python" / "bin"), os.environ["PATH"]]),
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
    }
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | borrowing
    entry: list[str] = []
    for name, rest in steps(repository):
        match name:
            case "FROM":
                assert rest == "python:3.11-slim"
            case "ARG":
                key, _, default = rest.partition("=")
                environment[key] = "".join(shlex.split(default))
            case "COPY":
                assert rest == ". /src"
                copy(repository, image / "src")
            case "RUN":
                command = rest.replace("/src", str(image / "src"))
                done = subprocess.run(
                    ["sh", "-c", command],
                    cwd=image,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
            case "ENTRYPOINT" | "CMD":
                entry += json.loads(rest)
            case _:
                assert name == "WORKDIR"
    assert (site / "isinglass" / "transforms" / "text.py").is_file()
    told = subprocess.check_output(entry, cwd=image, env=environment, text=True)
    assert "Audit and clean" in told

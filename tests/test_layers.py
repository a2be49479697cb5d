"""The import rules hold, and a broken rule would be noticed."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDERS = ("schemas", "transforms", "pipelines", "isinglass")

# A transform is a function of its arguments: nothing here may tell two runs apart.
IMPURE_MODULES = {
    "argparse",
    "getpass",
    "platform",
    "random",
    "secrets",
    "time",
    "typer",
}
IMPURE_NAMES = {
    "os.environ",
    "os.getenv",
    "os.getpid",
    "os.urandom",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "date.today",
    "sys.argv",
}


def copy_code(repository: Path, target: Path) -> Path:
    """Copy the code with its links, and the settings, to a folder of its own."""
    for folder in FOLDERS:
        shutil.copytree(
            repository / folder,
            target / folder,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    shutil.copy(repository / "pyproject.toml", target)
    return target


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over the code in ``folder``."""
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def impure_uses(source: str) -> list[str]:
    """List the uses of clock, environment, chance and command line in a module."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name.partition(".")[0] for alias in node.names]
            found += [name for name in names if name in IMPURE_MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            if node.module.partition(".")[0] in IMPURE_MODULES:
                found.append(node.module)
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [name for name in names if name in IMPURE_NAMES]
        elif isinstance(node, ast.Attribute):
            dotted = ast.unparse(node)
            found += [
                name
                for name in IMPURE_NAMES
                if dotted == name or dotted.endswith(f".{name}")
            ]
    return found


def test_contracts_hold(repository: Path) -> None:
    result = lint_imports(repository)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.mark.parametrize(
    ("module", "statement", "reported"),
    [
        (
            "schemas/backwards.py",
            "import isinglass.transforms.forward",
            "isinglass.schemas.backwards -> isinglass.transforms.forward",
        ),
        (
            "transforms/backwards.py",
            "def late() -> None:\n    from isinglass.pipelines import forward",
            "isinglass.transforms.backwards -> isinglass.pipelines.forward",
        ),
        (
            "pipelines/backwards.py",
            "import isinglass.cli",
            "isinglass.pipelines.backwards -> isinglass.cli",
        ),
        (
            "pipelines/backwards.py",
            "import isinglass.api",
            "isinglass.pipelines.backwards -> isinglass.api",
        ),
        (
            "isinglass/api/passing.py",
            "import isinglass.pipelines.forward",
            "isinglass.api.passing -> isinglass.pipelines.forward",
        ),
        (
            "transforms/beamish.py",
            "import apache_beam",
            "isinglass.transforms.beamish -> apache_beam",
        ),
        (
            "schemas/beamish.py",
            "from apache_beam import pvalue",
            "isinglass.schemas.beamish -> apache_beam",
        ),
        (
            "transforms/indirect.py",
            "import isinglass.transforms.beam",
            "isinglass.transforms.indirect",
        ),
    ],
)
def test_broken_contract_is_reported(
    repository: Path, tmp_path: Path, module: str, statement: str, reported: str
) -> None:
    copy_code(repository, tmp_path)
    for layer in ("transforms", "pipelines"):
        (tmp_path / layer / "forward.py").write_text("", encoding="utf-8")
    (tmp_path / module).write_text(statement + "\n", encoding="utf-8")

    result = lint_imports(tmp_path)

    assert result.returncode == 1, result.stdout + result.stderr
    assert "1 broken" in result.stdout
    assert reported in result.stdout


def test_transforms_are_pure(repository: Path) -> None:
    uses = {
        str(path.relative_to(repository)): found
        for path in sorted((repository / "transforms").rglob("*.py"))
        if (found := impure_uses(path.read_text(encoding="utf-8")))
    }
    assert uses == {}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import time", ["time"]),
        ("from random import Random", ["random"]),
        ("import os\nos.environ['A']", ["os.environ"]),
        ("from os import getenv", ["os.getenv"]),
        ("import datetime\ndatetime.datetime.now()", ["datetime.now"]),
        ("import datetime\ndatetime.timedelta(1)", []),
        ("import os\nos.fspath('a')", []),
        ("import timeit", []),
        ("batch.time", []),
    ],
)
def test_impure_use_is_noticed(source: str, expected: list[str]) -> None:
    assert impure_uses(source) == expected


def test_modules_stay_small(repository: Path) -> None:
    limit = 400
    long = {
        str(path.relative_to(repository)): lines
        for folder in (*FOLDERS[:3], "isinglass/cli", "isinglass/api")
        for path in sorted((repository / folder).rglob("*.py"))
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > limit
    }
    assert long == {}

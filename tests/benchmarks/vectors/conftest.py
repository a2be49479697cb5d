"""A small file of texts, and an interpreter with little installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.transforms.encode.models.find import packaged_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Required by the command line of a needed library, and by nothing else of it.
SPARED = {"typer", "pydantic"}
NEEDED = ("numpy", "pyarrow", "torch", "transformers", "tokenizers", "safetensors")

TEXTS = [
    "",
    "A word.",
    "[SEP] in a text",
    *[f"Line {n} of {'many words ' * n}here." for n in range(40)],
]


@pytest.fixture(scope="session")
def texts_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("texts") / "texts.parquet"
    pq.write_table(pa.table({"id": range(len(TEXTS)), "text": TEXTS}), file)
    return file


@pytest.fixture(scope="session")
def tokenizer_file() -> Path:
    return packaged_folder() / "tokenizer.json"


@pytest.fixture(scope="session")
def run_bare(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs Python with what the bench needs, and no more."""
    folder = tmp_path_factory.mktemp("bare")
    for name in sorted(with_dependencies(NEEDED)):
        link_distribution(name, folder)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        # Without `site`, the environment's own packages cannot be imported.
        return subprocess.run(
            [sys.executable, "-S", *arguments],
            env=os.environ | {"PYTHONPATH": f"{repository}{os.pathsep}{folder}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


def with_dependencies(names: tuple[str, ...]) -> set[str]:
    """Distributions and all that they require, extras left out."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = re.sub(r"[-_.]+", "-", left.pop()).lower()
        if name in found | SPARED:
            continue
        try:
            required = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # for another system
        found.add(name)
        left += [
            match[0]
            for line in required
            if "extra ==" not in line
            and (match := re.match(r"[A-Za-z0-9._-]+", line)) is not None
        ]
    return found


def link_distribution(name: str, folder: Path) -> None:
    """Link everything that a distribution has put beside the others."""
    installed = distribution(name)
    for top in {file.parts[0] for file in installed.files or []}:
        source = installed.locate_file(top)
        target = folder / top
        if top not in {"..", "__pycache__"} and not target.exists():
            target.symlink_to(str(source))

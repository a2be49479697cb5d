"""What a model folder holds: settings, weights as safetensors, and how to pool.

A checkpoint that is a pickle is refused, because loading it runs whatever code is in
it. Nothing here follows a path out of the folder. Source of what is said of pooling:
modules.json and the settings of the pooling module, as sentence-transformers writes
them; older versions wrote a key for each mode, true or false.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from isinglass.schemas.errors import RefuseError

TOKENIZER_FILE = "tokenizer.json"
WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
INDEX_FILE = "model.safetensors.index.json"
"""Says which file holds which tensor, where the weights are several files."""

_ADAPTER_FILE = "adapter_config.json"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_SLOW_TOKENIZERS = (
    "*.spm",
    "*.model",
    "sentencepiece*",
    "spiece*",
    "vocab.txt",
    "vocab.json",
)
"""Files of tokenizers in other forms."""


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        RefuseError: It is no JSON, or no object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (RecursionError, ValueError) as error:
        msg = f"{path} is not valid JSON. Save the model or the tokenizer again."
        raise RefuseError(msg) from error
    if not isinstance(content, dict):
        msg = f"{path} is not a JSON object. Save the model or the tokenizer again."
        raise RefuseError(msg)
    return content


def model_settings(folder: Path) -> dict[str, Any]:
    """The config.json of a model folder.

    Raises:
        RefuseError: It is no JSON object, or names no model type and vocabulary.
    """
    shape = read_json(folder / CONFIG_FILE)
    for key, kind in (("model_type", str), ("vocab_size", int)):
        if not isinstance(shape.get(key), kind):
            raise RefuseError(
                f"{folder / CONFIG_FILE} has no {key}. Give a folder that "
                "save_pretrained of transformers wrote for a text encoder."
            )
    return shape


def weight_files(folder: Path) -> list[Path]:
    """The files that hold a model's tensors, in the order of their names.

    One file is taken before several, as transformers does. There is at least one; all
    of them exist and are safetensors by name.

    Raises:
        RefuseError: There are none, they are pickles, a part is missing, or the
            folder holds an adapter, whose base model is elsewhere.
    """
    if (folder / _ADAPTER_FILE).is_file():
        raise RefuseError(
            f"encode.model: {folder} holds an adapter ({_ADAPTER_FILE}), which is a "
            "model only together with another one. Merge the two (merge_and_unload "
            "of peft) and save the result."
        )
    if (folder / WEIGHTS_FILE).is_file():
        return [folder / WEIGHTS_FILE]
    if (folder / INDEX_FILE).is_file():
        return _parts(folder)
    pickles = sorted(p.name for pattern in _PICKLES for p in folder.glob(pattern))
    if pickles:
        raise RefuseError(
            f"encode.model: {folder} has its weights in {pickles[0]}, a pickle, which "
            "can run any code when it is loaded. Convert it where you trust it: "
            f"save_pretrained writes {WEIGHTS_FILE}."
        )
    raise RefuseError(
        f"encode.model: {folder} has no {WEIGHTS_FILE}. Give a folder that "
        "save_pretrained wrote."
    )


def slow_tokenizer(folder: Path) -> str | None:
    """A file with the tokenizer in a form that is not read; None where none is."""
    names = (p.name for form in _SLOW_TOKENIZERS for p in sorted(folder.glob(form)))
    return next(names, None)


def _parts(folder: Path) -> list[Path]:
    index = folder / INDEX_FILE
    places = read_json(index).get("weight_map")
    names = set(places.values()) if isinstance(places, dict) else set()
    parts = [
        isinstance(name, str)
        and name.endswith(".safetensors")
        and not {"/", "\\"} & set(name)
        for name in names
    ]
    if not parts or not all(parts):
        raise RefuseError(
            f"{index} does not say which safetensors file of the folder holds which "
            "tensor. Save the model again."
        )
    files = [folder / name for name in sorted(names)]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise RefuseError(
            f"encode.model: {folder} lacks {missing[0]}, one of the {len(files)} files "
            f"that {INDEX_FILE} names. Copy or save the model again."
        )
    return files


MODULES_FILE = "modules.json"
POOLING_FOLDER = "1_Pooling"

_KEYS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_CHOICE = (
    "Set encode.pooling to mean, cls or pooler to have vectors of that kind instead; "
    "they are not the ones that sentence-transformers gives for this model."
)


def pooling_of(folder: Path) -> Literal["mean", "cls"] | None:
    """The pooling that a model folder asks for; None where it asks for none.

    A module that brings vectors to unit length changes nothing here: `normalise` is a
    setting of its own.

    Raises:
        RefuseError: The files ask for a pooling that there is not, or for a module
            behind it, such as a dense layer, or cannot be read.
    """
    place = folder / POOLING_FOLDER
    if (folder / MODULES_FILE).is_file():
        found = _pooling_module(folder)
        if found is None:
            return None
        place = found
        if not (place / CONFIG_FILE).is_file():
            raise RefuseError(
                f"encode.model: {folder / MODULES_FILE} names the pooling in "
                f"{place.name}, and {place.name}/{CONFIG_FILE} is missing. Copy or "
                "save the model again, or set encode.pooling."
            )
    elif not (place / CONFIG_FILE).is_file():
        return None
    modes = _modes(read_json(place / CONFIG_FILE))
    for offered in ("mean", "cls"):
        if modes == [offered]:
            return offered
    raise RefuseError(
        f"encode.model: {folder} asks for the pooling {' and '.join(modes)}, which "
        f"there is not. {_CHOICE}"
    )


def _pooling_module(folder: Path) -> Path | None:
    """Folder of the pooling module; everything else in the list must be harmless."""
    place = None
    for kind, path in _modules(folder / MODULES_FILE):
        if kind == "Pooling" and place is None:
            place = folder / path
        elif kind not in {"Transformer", "Normalize"}:
            raise RefuseError(
                f"encode.model: {folder} has a module {kind} in its {MODULES_FILE}, "
                f"which is not run here. {_CHOICE}"
            )
    return place


def _modules(file: Path) -> list[tuple[str, str]]:
    """Class name and folder name of each module, in the order they are run."""
    try:
        modules = json.loads(file.read_text(encoding="utf-8"))
        return [(m["type"].rpartition(".")[2], _inside(m["path"])) for m in modules]
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise RefuseError(
            f"{file} is no list of modules as sentence-transformers writes it. Save "
            "the model again, or set encode.pooling."
        ) from error


def _inside(path: str) -> str:
    """The path of a module; one that leads out of the folder is a ValueError."""
    if path.startswith(("/", "\\")) or ".." in path:
        raise ValueError(path)
    return path


def _modes(settings: dict[str, Any]) -> list[str]:
    """Names of the modes whose vectors are laid side by side; mostly one."""
    if "pooling_mode" in settings:
        given = settings["pooling_mode"]
        return [str(mode) for mode in (given if isinstance(given, list) else [given])]
    # sentence-transformers takes the mean where no key is true.
    return [mode for key, mode in _KEYS.items() if settings.get(key)] or ["mean"]

"""How a model's own files say that its vectors are made of its hidden states.

Source: modules.json and the settings of the pooling module, as sentence-transformers
writes them; older versions wrote a key for each mode, true or false.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.models.folder import CONFIG_FILE, read_json

if TYPE_CHECKING:
    from pathlib import Path

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
            msg = (
                f"encode.model: {folder / MODULES_FILE} names the pooling in "
                f"{place.name}, and {place.name}/{CONFIG_FILE} is missing. Copy or "
                "save the model again, or set encode.pooling."
            )
            raise RefuseError(msg)
    elif not (place / CONFIG_FILE).is_file():
        return None
    modes = _modes(read_json(place / CONFIG_FILE))
    for offered in ("mean", "cls"):
        if modes == [offered]:
            return offered
    msg = (
        f"encode.model: {folder} asks for the pooling {' and '.join(modes)}, which "
        f"there is not. {_CHOICE}"
    )
    raise RefuseError(msg)


def _pooling_module(folder: Path) -> Path | None:
    """Folder of the pooling module; everything else in the list must be harmless."""
    place = None
    for kind, path in _modules(folder / MODULES_FILE):
        if kind == "Pooling" and place is None:
            place = folder / path
        elif kind not in {"Transformer", "Normalize"}:
            msg = (
                f"encode.model: {folder} has a module {kind} in its {MODULES_FILE}, "
                f"which is not run here. {_CHOICE}"
            )
            raise RefuseError(msg)
    return place


def _modules(file: Path) -> list[tuple[str, str]]:
    """Class name and folder name of each module, in the order they are run."""
    try:
        modules = json.loads(file.read_text(encoding="utf-8"))
        return [(m["type"].rpartition(".")[2], _inside(m["path"])) for m in modules]
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        msg = (
            f"{file} is no list of modules as sentence-transformers writes it. Save "
            "the model again, or set encode.pooling."
        )
        raise RefuseError(msg) from error


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

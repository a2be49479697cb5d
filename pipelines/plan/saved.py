"""Folders written by `save_to_disk` of the `datasets` library.

Their Arrow files are read directly, so that the library itself is not needed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.plan.discover import Found, no_permission
from isinglass.schemas.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.schemas.config import InputConfig


def saved_files(config: InputConfig, root: Path) -> list[Found]:
    """Find the Arrow files of a saved `Dataset` or `DatasetDict`.

    Args:
        config: The input; `split` picks the split of a `DatasetDict`.
        root: The folder.

    Returns:
        The files in the order of the dataset.

    Raises:
        InputError: The split is unknown or not said, the folder is incomplete, or the
            rows are selected by an indices mapping.
    """
    if (root / "dataset_dict.json").is_file():
        split = choose_split(
            config, [str(name) for name in _load(root / "dataset_dict.json")["splits"]]
        )
        return _dataset_files(root / split, f"{split}/")
    state = _load(root / "state.json")
    own = state.get("_split")
    if config.split is not None and own is not None and config.split != own:
        raise InputError(
            f"{root} is a saved dataset of split {own}, not {config.split}. "
            "Remove `split`, or name the folder of the split."
        )
    return _dataset_files(root, "")


def choose_split(config: InputConfig, splits: list[str]) -> str:
    """Return the split that the input means.

    Raises:
        InputError: There are several and none is chosen, or there is no such split.
    """
    if config.split is None and len(splits) == 1:
        return splits[0]
    names = ", ".join(splits)
    if config.split is None:
        raise InputError(
            f"{config.path} has the splits {names}. Set `split` to one of them; "
            "for several splits, list the input once for each."
        )
    if config.split not in splits:
        raise InputError(f"{config.path} has no split {config.split}; it has {names}.")
    return config.split


def _dataset_files(folder: Path, prefix: str) -> list[Found]:
    state = _load(folder / "state.json")
    if state.get("_indices_data_files"):
        raise InputError(
            f"{folder} was saved with an indices mapping (select, shuffle or filter), "
            "which picks rows out of its files. Write the rows themselves: in Python, "
            "load_from_disk(FOLDER).flatten_indices().save_to_disk(NEW_FOLDER), and "
            "use NEW_FOLDER as `path`."
        )
    names = [str(entry["filename"]) for entry in state["_data_files"]]
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise InputError(
            f"{folder} is incomplete: {missing[0]} and {len(missing) - 1} more of its "
            "files are missing. Save the dataset again."
        )
    return [Found(str(folder / name), prefix + name, "arrow") for name in names]


def _load(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except PermissionError:
        raise no_permission(path) from None
    except (OSError, ValueError):
        data = None
    wanted = "splits" if path.name == "dataset_dict.json" else "_data_files"
    if not isinstance(data, dict) or wanted not in data:
        raise InputError(
            f"{path} is missing or damaged, so {path.parent} cannot be read as a saved "
            "dataset. Save the dataset again."
        )
    return data

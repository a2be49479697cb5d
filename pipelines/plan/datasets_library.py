"""Inputs of the `datasets` library: `hf:NAME`, and folders of its `save_to_disk`.

For the former the library prepares Arrow files in its cache; they are read directly.
Unless the input allows it, the library is kept from the network.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from isinglass.pipelines.places import HUB, input_path
from isinglass.pipelines.plan.discover import Found, no_permission
from isinglass.schemas.config import InputConfig
from isinglass.schemas.errors import InputError
from isinglass.transforms.read.columnar import record_batches

_REMOTE = "://"


def hub_files(config: InputConfig, base: Path) -> list[Found]:
    """Load the dataset `hf:...` by the `datasets` library and find its Arrow files.

    They come in the order of the dataset; `relative` is split and file name. A dataset
    that is not whole files is refused.
    """
    places = (config.path, config.data_files or "")
    if not config.allow_download and any(_REMOTE in place for place in places):
        raise InputError(
            f"{config.path}: path or data_files is an address. Set "
            "`allow_download: true` for this input if it may be fetched."
        )
    with _offline(active=not config.allow_download):
        loaded = _load(config, base)
    if isinstance(loaded, dict):
        split = _choose_split(config, sorted(loaded))
        dataset = loaded[split]
    else:
        split, dataset = str(loaded.split), loaded
    paths = [Path(entry["filename"]) for entry in dataset.cache_files]
    rows = 0
    for path in paths:
        with pa.memory_map(str(path)) as file:
            rows += sum(batch.num_rows for batch, _ in record_batches(file, 0, -1))
    if dataset._indices is not None or rows != dataset.num_rows:  # noqa: SLF001
        raise InputError(
            f"{config.path}: split {split} is a part of a split, or lies in memory. "
            "Name a whole split; or load it in Python, call "
            "flatten_indices().save_to_disk(FOLDER), and use FOLDER as `path`."
        )
    return [Found(str(path), f"{split}/{path.name}", "arrow") for path in paths]


def _load(config: InputConfig, base: Path) -> Any:
    import datasets  # noqa: PLC0415 - takes a second and is needed for hf: inputs only

    files = config.data_files
    if files is not None and _REMOTE not in files:
        files = str(base / files)
    try:
        return datasets.load_dataset(
            config.path.removeprefix(HUB),
            name=config.name,
            data_files=files,
            split=config.split,
        )
    # The library and its file systems raise whatever their own libraries raise.
    # Messages of builders can quote the data, so none is told.
    except Exception:  # noqa: BLE001
        hint = (
            "Check name, split, data_files and the connection."
            if config.allow_download
            else "Downloads are off, so only what is in the local cache can be loaded; "
            "set `allow_download: true` for this input if it may be fetched. "
            "Else check name, split and data_files."
        )
        raise InputError(f"{config.path} could not be loaded. {hint}") from None


@contextmanager
def _offline(*, active: bool) -> Iterator[None]:
    """Keep `datasets` and `huggingface_hub` from the network for a while.

    Both read HF_HUB_OFFLINE and HF_DATASETS_OFFLINE only when they are imported, and
    somebody may have imported them already; so their settings themselves are changed.
    """
    import datasets.config  # noqa: PLC0415 - see _load
    import huggingface_hub.constants  # noqa: PLC0415

    settings = [
        (datasets.config, "HF_HUB_OFFLINE"),
        (datasets.config, "HF_DATASETS_OFFLINE"),
        (huggingface_hub.constants, "HF_HUB_OFFLINE"),
    ]
    before = [getattr(module, name) for module, name in settings]
    for module, name in settings if active else []:
        setattr(module, name, True)
    try:
        yield
    finally:
        for (module, name), value in zip(settings, before, strict=True):
            setattr(module, name, value)


def saved_dataset_root(config: InputConfig, base: Path) -> Path | None:
    """Return the folder if the input is one written by `save_to_disk`."""
    path = input_path(config, base)
    marks = (path / "dataset_dict.json", path / "state.json")
    # `os.path` takes a name that is too long for one that is not there.
    return path if any(map(os.path.isfile, marks)) else None


def saved_files(config: InputConfig, root: Path) -> list[Found]:
    """Find the Arrow files of a saved `Dataset`, or of one of a `DatasetDict`.

    They are read directly, in the order of the dataset, so that the library itself is
    not needed. Rows that an indices mapping selects are refused.
    """
    if (root / "dataset_dict.json").is_file():
        split = _choose_split(
            config,
            [str(name) for name in _read_note(root / "dataset_dict.json")["splits"]],
        )
        return _dataset_files(root / split, f"{split}/")
    state = _read_note(root / "state.json")
    own = state.get("_split")
    if config.split is not None and own is not None and config.split != own:
        raise InputError(
            f"{root} is a saved dataset of split {own}, not {config.split}. "
            "Remove `split`, or name the folder of the split."
        )
    return _dataset_files(root, "")


def _choose_split(config: InputConfig, splits: list[str]) -> str:
    """Return the split that the input means."""
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
    state = _read_note(folder / "state.json")
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


def _read_note(path: Path) -> dict[str, Any]:
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

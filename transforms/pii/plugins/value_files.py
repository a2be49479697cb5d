"""Files of the user that hold values, one a line; and what names every such file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isinglass.schemas.errors import ConfigError
from isinglass.schemas.manifest import Lexicon

if TYPE_CHECKING:
    from collections.abc import Callable

    from isinglass.schemas.config import PiiConfig
    from isinglass.schemas.config.recognizers import RecognizersConfig


def read_bytes(name: str, key: str) -> bytes:
    """Contents of a file that the configuration names.

    Raises:
        ConfigError: It is missing or cannot be read; names `key`.
    """
    try:
        return Path(name).read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(f"{key}: {name} cannot be read ({reason})") from None


def read_text(name: str, key: str) -> str:
    """Contents of a UTF-8 file that the configuration names.

    Raises:
        ConfigError: It cannot be read or is not UTF-8.
    """
    try:
        return read_bytes(name, key).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{key}: {name} is not UTF-8 (byte {error.start})"
        raise ConfigError(msg) from None


def read_values(name: str, key: str) -> list[str]:
    """Lines of a UTF-8 file without the white space around them; empty ones left out.

    Raises:
        ConfigError: It cannot be read, is not UTF-8, or holds no value.
    """
    lines = [line.strip() for line in read_text(name, key).split("\n")]
    values = [line for line in lines if line]
    if not values:
        raise ConfigError(f"{key}: {name} holds no value; write one a line")
    return values


def user_files(config: RecognizersConfig) -> list[Lexicon]:
    """Every file of the user that findings depend on, as the manifest lists them.

    Raises:
        ConfigError: One cannot be read.
    """
    named = [(f"pii.recognizers.files.{i}", n) for i, n in enumerate(config.files)]
    lists = {
        "deny": [entry.file for entry in config.deny],
        "allow": [entry.file for entry in config.allow],
    }
    named += [
        (f"pii.recognizers.{kind}.{i}.file", name)
        for kind, names in lists.items()
        for i, name in enumerate(names)
        if name is not None
    ]
    return [
        Lexicon(
            name=name,
            language="und",
            version="",
            licence="",
            sha256=hashlib.sha256(read_bytes(name, key)).hexdigest(),
        )
        for key, name in named
    ]


def with_absolute_files(config: PiiConfig, base: Path) -> PiiConfig:
    """Name the files of the user in a way that any worker understands.

    Args:
        config: The `pii` section.
        base: Folder that relative names start from.
    """
    given = config.recognizers

    def moved(name: str | None) -> str | None:
        return None if name is None else str((base / Path(name).expanduser()).resolve())

    changed = given.model_copy(
        update={
            "files": tuple(str(moved(name)) for name in given.files),
            "deny": _moved(given.deny, moved),
            "allow": _moved(given.allow, moved),
        }
    )
    if changed == given:
        return config
    return config.model_copy(update={"recognizers": changed})


def _moved(entries: tuple[Any, ...], move: Callable[[str | None], str | None]) -> Any:
    return tuple(e.model_copy(update={"file": move(e.file)}) for e in entries)

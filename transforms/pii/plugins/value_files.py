"""Values, patterns and files of the user: read, checked, and named for any worker.

What is missing, cannot be read or is wrong is a `ConfigError` that names the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import regex  # type: ignore[import-untyped]

from isinglass.schemas.config import PiiConfig
from isinglass.schemas.config.base import expanded
from isinglass.schemas.config.recognizers import RecognizersConfig
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.manifest import Lexicon

FLAGS = regex.IGNORECASE | regex.MULTILINE | regex.DOTALL
"""Flags of Presidio for patterns and files that name none."""


def read_bytes(name: str, key: str) -> bytes:
    """Contents of a file that the configuration names."""
    try:
        return Path(name).read_bytes()
    except OSError as error:
        reason = error.strerror or "it is no file"
        raise ConfigError(f"{key}: {name} cannot be read ({reason})") from None


def read_text(name: str, key: str) -> str:
    """Contents of a UTF-8 file that the configuration names."""
    try:
        return read_bytes(name, key).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{key}: {name} is not UTF-8 (byte {error.start})"
        raise ConfigError(msg) from None


def listed_values(given: Iterable[str], file: str | None, key: str) -> list[str]:
    """Values of a list: those in the configuration, then one of each line of its file.

    White space around the lines of the file is no part of its values.
    """
    values = [value for value in given if value]
    if file is not None:
        lines = [line.strip() for line in read_text(file, f"{key}.file").split("\n")]
        if not any(lines):
            msg = f"{key}.file: {file} holds no value; write one a line"
            raise ConfigError(msg)
        values += filter(None, lines)
    if not values:
        msg = f"{key}: no value; give `values`, or a `file` with one a line"
        raise ConfigError(msg)
    return values


def compiled(expression: str, flags: int, key: str) -> regex.Pattern[str]:
    """Compile a pattern of the user."""
    try:
        return regex.compile(expression, flags)
    except regex.error as error:
        place = "" if error.pos is None else f"; look at position {error.pos} of it"
        raise ConfigError(f"{key}: is no regular expression{place}") from None


def user_files(config: RecognizersConfig) -> list[Lexicon]:
    """Every file of the user that findings depend on, as the manifest lists them."""
    named = [(f"pii.recognizers.files.{i}", n) for i, n in enumerate(config.files)]
    lists: dict[str, tuple[Any, ...]] = {"deny": config.deny, "allow": config.allow}
    for kind, entries in lists.items():
        named += [
            (f"pii.recognizers.{kind}.{i}.file", entry.file)
            for i, entry in enumerate(entries)
            if entry.file is not None
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
    """Name files of the user, relative to `base`, so that any worker understands it."""
    given = config.recognizers

    def moved(name: str) -> str:
        return str((base / expanded(name, "pii.recognizers")).resolve())

    changes: dict[str, Any] = {"files": tuple(map(moved, given.files))}
    lists: dict[str, tuple[Any, ...]] = {"deny": given.deny, "allow": given.allow}
    for kind, entries in lists.items():
        changes[kind] = tuple(
            entry.model_copy(update={"file": entry.file and moved(entry.file)})
            for entry in entries
        )
    changed = given.model_copy(update=changes)
    if changed == given:
        return config
    return config.model_copy(update={"recognizers": changed})

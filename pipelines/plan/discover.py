"""Which files an input means, in a fixed order."""

from __future__ import annotations

import glob
import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.pipelines.plan.places import Output, input_path
from isinglass.schemas.errors import InputError
from isinglass.transforms.read.formats import FORMATS, format_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isinglass.schemas.config import InputConfig
    from isinglass.schemas.config.inputs import Format

LOGGER = logging.getLogger(__name__)

_MAGIC = re.compile(r"[*?\[]")
_SUFFIXES = f"{', '.join(FORMATS)} (text formats also with .gz or .zst)"


@dataclass(frozen=True)
class Found:
    """A file of an input.

    Attributes:
        path: Where it is opened, absolute.
        relative: Path relative to the input's root, with `/`; valid Unicode.
    """

    path: str
    relative: str
    format: Format


def discover(
    config: InputConfig, base: Path, output: Output | None = None
) -> list[Found]:
    """Find the files of an input that lies in a file system, by their relative path.

    A path with `*`, `?` or `[` is a pattern, unless a file is called like that. `**`
    stands for any number of folders. In folders and patterns, hidden files and files
    with an unknown suffix are passed over (the latter with a warning), and so are
    those of the run folder.

    Raises:
        InputError: Nothing is there, it may not be read, or the run folder lies in it.
    """
    path = input_path(config, base)
    try:
        if path.is_dir():
            if output is not None:
                output.refuse_below(config, path)
            root, names = path, _outside(output, path, _walk(path))
        elif os.path.lexists(path):
            root, names = path.parent, [path.name]
            if not (config.format or format_of(path.name)):
                raise InputError(
                    f"{path}: the suffix does not tell the format. Known: {_SUFFIXES}. "
                    "Set `format` for this input."
                )
        elif _MAGIC.search(config.path):
            # The part before the first name with a wildcard.
            first = next(i for i, part in enumerate(path.parts) if _MAGIC.search(part))
            root = Path(*path.parts[:first])
            if output is not None:
                output.refuse_matched(config, root, path)
            names = _outside(output, root, _match(path, root))
        else:
            raise InputError(
                f"inputs: {config.path} does not exist (looked at {path})."
            )
    except PermissionError as error:
        raise no_permission(error.filename or path) from None
    except OSError as error:
        raise InputError(
            f"inputs: {config.path} cannot be looked at: {error.strerror}."
        ) from None
    found = _known(config, root, names)
    if not found:
        raise _nothing(config, path, len(names))
    return found


def no_permission(path: object) -> InputError:
    """Return the error that a file or folder may not be read."""
    return InputError(
        f"No permission to read {path}. Give the user that runs isinglass read access."
    )


def relative_name(path: str) -> str:
    """Return a path as valid Unicode with `/`; bytes that are not are escaped."""
    name = os.fsencode(path).decode("utf-8", "backslashreplace")
    return name.replace(os.sep, "/")


def _walk(root: Path) -> list[str]:
    """List regular files under a folder; links are followed, but each folder once."""
    names: list[str] = []
    seen: set[str] = set()

    def fail(error: OSError) -> None:
        raise no_permission(error.filename) from None

    for folder, inner, files in os.walk(root, onerror=fail, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            inner.clear()
            continue
        seen.add(real)
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in files:
            path = Path(folder, name)
            if not name.startswith(".") and _is_input(path):
                names.append(os.path.relpath(path, root))
    return names


def _match(pattern: Path, root: Path) -> list[str]:
    if root.is_dir() and not os.access(root, os.R_OK | os.X_OK):
        raise no_permission(root)
    inner = str(pattern.relative_to(root))
    names = glob.glob(inner, root_dir=root, recursive=True)  # noqa: PTH207 - root_dir
    return sorted({name for name in names if _is_input(root / name)})


def _outside(output: Output | None, root: Path, names: list[str]) -> list[str]:
    """Leave out the files that lie in the run folder."""
    if output is None:
        return names
    folders = {os.path.dirname(name) for name in names}  # noqa: PTH120 - a name
    ours = {folder for folder in folders if output.holds(str(root / folder))}
    kept = [name for name in names if os.path.dirname(name) not in ours]  # noqa: PTH120
    if names and not kept:
        raise InputError(
            f"inputs: all files of {root} that are meant lie in the run folder, "
            f"output: {output.named}. Set another `output`."
        )
    return kept


def _is_input(path: Path) -> bool:
    # A link to nothing counts, so that it is reported.
    return path.is_file() or (path.is_symlink() and not path.exists())


def _known(config: InputConfig, root: Path, names: Iterable[str]) -> list[Found]:
    found: list[Found] = []
    unknown: list[str] = []
    for name in names:
        file_format = config.format or format_of(name)
        if file_format is None:
            unknown.append(name)
        else:
            found.append(Found(str(root / name), relative_name(name), file_format))
    if unknown and found:
        LOGGER.warning(
            "%s: %d files with an unknown suffix are passed over, such as %s",
            config.path,
            len(unknown),
            min(unknown),
        )
    return sorted(found, key=lambda file: file.relative)


def _nothing(config: InputConfig, path: Path, unknown: int) -> InputError:
    looked = f"files with one of the suffixes {_SUFFIXES}"
    seen = f"{unknown} files there have another suffix; set `format` to read them. "
    return InputError(
        f"inputs: {config.path} matches nothing. Looked for {looked} at {path}. "
        f"{seen if unknown else ''}Hidden files are passed over."
    )

"""Which files an input means, in a fixed order."""

from __future__ import annotations

import glob
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from isinglass.pipelines.places import Output, input_path, is_pattern, require
from isinglass.pipelines.plan.companions import is_companion, listed
from isinglass.schemas.config import InputConfig
from isinglass.schemas.config.inputs import Format
from isinglass.schemas.errors import InputError
from isinglass.transforms.read.formats import FORMATS, format_of

LOGGER = logging.getLogger(__name__)

_SUFFIXES = f"{', '.join(FORMATS)} (text formats also with .gz or .zst)"


@dataclass(frozen=True)
class Found:
    """A file of an input: where it is opened, and its path from the input's root.

    The latter has `/` and is valid Unicode.
    """

    path: str
    relative: str
    format: Format


def discover(
    config: InputConfig, base: Path, output: Output | None = None
) -> list[Found]:
    """Find the files of an input that lies in a file system, by their relative path.

    A path with `*`, `?` or `[` is a pattern, unless a file is called like that. `**`
    stands for any number of folders. In folders and patterns hidden files, those with
    an unknown suffix and those that lie beside data, such as a README, are left out
    with a warning, unless nothing else is there. So are those of the run folder; an
    input that it lies in is refused.
    """
    path = input_path(config, base)
    try:
        root, names, hidden = _look(config, path, output)
    except PermissionError as error:
        raise no_permission(error.filename or path) from None
    except OSError as error:
        raise InputError(
            f"inputs: {config.path} cannot be looked at: {error.strerror}."
        ) from None
    beside = set() if names == [path.name] else _beside(path, names)
    found = _known(config, root, [name for name in names if name not in beside])
    if not found:
        found, beside = _known(config, root, sorted(beside)), set()
    if not found:
        raise _nothing(config, path, len(names))
    _tell(config, found, [*beside, *hidden])
    return found


def _look(
    config: InputConfig, path: Path, output: Output | None
) -> tuple[Path, list[str], list[str]]:
    """The root of an input, and the files below it: those to see, and hidden ones."""
    hidden: list[str] = []
    if path.is_dir():
        if output is not None:
            output.refuse_below(config, path)
        return path, _outside(output, path, _walk(path, hidden)), hidden
    if os.path.lexists(path):
        if not (config.format or format_of(path.name)):
            raise InputError(
                f"{path}: the suffix does not tell the format. Known: {_SUFFIXES}. "
                "Set `format` for this input."
            )
        return path.parent, [path.name], hidden
    require(config, path)
    # The part before the first name with a wildcard.
    first = next(i for i, part in enumerate(path.parts) if is_pattern(part))
    root = Path(*path.parts[:first])
    if output is not None:
        output.refuse_matched(config, root, path)
    return root, _outside(output, root, _match(path, root)), hidden


def _beside(path: Path, names: list[str]) -> set[str]:
    """What lies beside data; a pattern with the suffix of texts means all of them."""
    texts_asked = format_of(path.name) == "text"
    return {name for name in names if is_companion(name, texts_asked=texts_asked)}


def _tell(config: InputConfig, found: list[Found], left_out: list[str]) -> None:
    """Warn of files that a person may miss, or may not have meant."""
    if left_out:
        LOGGER.warning(
            "%s: %d files beside the data are left out: %s. To read one, name it as "
            "an input.",
            config.path,
            len(left_out),
            listed(left_out),
        )
    texts = [file.relative for file in found if file.format == "text"]
    if texts and len(texts) < len(found):
        LOGGER.warning(
            "%s mixes tables with %d files that are a document each: %s. If they are "
            "not meant, name the tables alone by a pattern.",
            config.path,
            len(texts),
            listed(texts),
        )


def no_permission(path: object) -> InputError:
    """Return the error that a file or folder may not be read."""
    return InputError(
        f"No permission to read {path}. Give the user that runs isinglass read access."
    )


def relative_name(path: str) -> str:
    """Return a path as valid Unicode with `/`; bytes that are not are escaped."""
    name = os.fsencode(path).decode("utf-8", "backslashreplace")
    return name.replace(os.sep, "/")


def _walk(root: Path, hidden: list[str]) -> list[str]:
    """List regular files under a folder; links are followed, but each folder once.

    The names of hidden ones are added to `hidden`.
    """
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
        below = os.path.relpath(folder, root)
        for name in files:
            if _is_input(f"{folder}/{name}"):
                listing = hidden if name.startswith(".") else names
                listing.append(name if below == "." else f"{below}/{name}")
    return names


def _match(pattern: Path, root: Path) -> list[str]:
    if root.is_dir() and not os.access(root, os.R_OK | os.X_OK):
        raise no_permission(root)
    inner = str(pattern.relative_to(root))
    names = glob.glob(inner, root_dir=root, recursive=True)  # noqa: PTH207 - root_dir
    return sorted({name for name in names if _is_input(f"{root}/{name}")})


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


def _is_input(path: str) -> bool:
    # A link to nothing counts, so that it is reported. Not by a path object, which
    # thousands of small files would wait for.
    return os.path.isfile(path) or (  # noqa: PTH113
        os.path.islink(path) and not os.path.exists(path)  # noqa: PTH110, PTH114
    )


def _known(config: InputConfig, root: Path, names: Iterable[str]) -> list[Found]:
    found: list[Found] = []
    unknown: list[str] = []
    for name in names:
        file_format = config.format or format_of(name)
        if file_format is None:
            unknown.append(name)
        else:
            path = os.path.join(root, name)  # noqa: PTH118 - one of very many
            found.append(Found(path, relative_name(name), file_format))
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

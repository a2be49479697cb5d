"""Where the paths of the configuration lie in the file system.

No library is read for that: what is not there is refused at once.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from isinglass.schemas.config import InputConfig, RunConfig
from isinglass.schemas.errors import InputError, OutputError

HUB = "hf:"
"""Start of an input that is a data set in the local cache of the hub."""

NO_OUTPUT = "-"
"""Value of `output` of a plan without a run folder."""

_ANY_DEPTH = "**"
_MAGIC = re.compile(r"[*?\[]")


def check_places(config: RunConfig, base: Path) -> None:
    """Refuse inputs that are not there, and a run folder that nobody can make.

    Planning looks closer, but it takes seconds until its libraries are read.

    Raises:
        InputError: An input is not there.
        OutputError: The run folder is not there, and may not be made.
    """
    for item in config.inputs:
        if item.path.startswith(HUB):
            continue
        path = input_path(item, base)
        with suppress(OSError):
            if not path.is_dir():
                require(item, path)
    output = Output.of(config.output, base)
    if output is not None:
        output.require()


def is_pattern(named: str) -> bool:
    """Tell whether there are wildcards in a path or a part of it."""
    return bool(_MAGIC.search(named))


def require(config: InputConfig, path: Path) -> None:
    """Refuse an input that is neither there under its name nor a pattern."""
    if not (os.path.lexists(path) or is_pattern(config.path)):
        raise InputError(f"inputs: {config.path} does not exist (looked at {path}).")


def input_path(config: InputConfig, base: Path) -> Path:
    """Return the absolute, normalised path or pattern of an input."""
    return _resolve(config.path, base, InputError, "inputs")


@dataclass(frozen=True)
class Output:
    """The run folder, whose files are never inputs of the same run.

    It need not be there yet; of `real` links are followed.
    """

    named: str
    real: Path

    @classmethod
    def of(cls, named: str, base: Path) -> Output | None:
        """Return the run folder that `output` names; None where it names none."""
        if named == NO_OUTPUT:
            return None
        path = _resolve(named, base, OutputError, "output")
        return cls(named, Path(os.path.realpath(path)))

    def require(self) -> None:
        """Refuse a folder that is not there and may not be made."""
        # As `Path` asks, a name that is too long would be an error.
        above = next(path for path in self.real.parents if os.path.lexists(path))
        if not os.path.lexists(self.real) and not os.access(above, os.W_OK):
            raise OutputError(
                f"No permission to write {self.real}. Choose another output folder."
            )

    def holds(self, folder: str) -> bool:
        """Tell whether a folder is the run folder or lies in it."""
        return Path(os.path.realpath(folder)).is_relative_to(self.real)

    def refuse_below(self, config: InputConfig, root: Path) -> None:
        """Refuse an input folder that holds this one, not under a hidden name."""
        parts = self._below(root)
        if parts is not None and not any(part.startswith(".") for part in parts):
            raise self._refusal(config)

    def refuse_matched(self, config: InputConfig, root: Path, pattern: Path) -> None:
        """Refuse a pattern whose `**` may stand for the run folder.

        Its part without wildcards is `root`.
        """
        wanted = pattern.relative_to(root).parts
        parts = self._below(root)
        if parts is None or _ANY_DEPTH not in wanted:
            return
        fixed = wanted[: wanted.index(_ANY_DEPTH)]
        rest = parts[len(fixed) :]
        reached = len(parts) >= len(fixed) and all(map(fnmatchcase, parts, fixed))
        if reached and not any(part.startswith(".") for part in rest):
            raise self._refusal(config)

    def _below(self, root: Path) -> tuple[str, ...] | None:
        real = Path(os.path.realpath(root))
        inside = self.real.is_relative_to(real)
        return self.real.relative_to(real).parts if inside else None

    def _refusal(self, config: InputConfig) -> InputError:
        return InputError(
            f"output: {self.named} lies inside inputs: {config.path}, so that a later "
            "run would read what this one wrote. Set `output` to a folder outside of "
            "the input, or a narrower `path` for the input."
        )


def _resolve(
    named: str, base: Path, refusal: type[InputError | OutputError], key: str
) -> Path:
    """The path; a refusal of the given class if it cannot be one."""
    where = f"{key}: path {named!r}"
    try:
        os.fsencode(named)
    except UnicodeEncodeError:
        raise refusal(f"{where} is not valid Unicode. Correct it.") from None
    try:
        expanded = Path(named).expanduser()
    except RuntimeError:
        raise refusal(
            f"{where} starts with the home folder of an unknown user. Write the whole "
            "path, or ./~NAME for a folder that is called like that."
        ) from None
    return Path(os.path.normpath(base / expanded))

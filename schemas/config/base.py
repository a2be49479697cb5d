"""The base of every configuration section: frozen, and unknown keys are errors."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from isinglass.schemas.errors import ConfigError

_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/")
"""A second slash is lost where somebody took it for a path."""


class Section(BaseModel):
    """A configuration section that refuses unknown keys and cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def local(named: str) -> str:
    """A place in a file system of this machine; a `ValueError` if it is an address.

    What no path can be is refused, too.
    """
    if "\0" in named:
        raise ValueError("a path holds no NUL character; remove it")
    address = _ADDRESS.match(named)
    if address is None:
        return named
    fix = "Name a local or mounted place, and copy the files there or from there"
    if address[1].lower() == "file":
        fix = "Write the path alone, as in /data/web"
    raise ValueError(f"{named} is an address; these are not supported. {fix}.")


def expanded(named: str, key: str) -> Path:
    """A path with the home folder that it may start with; `key` is what gives it."""
    try:
        return Path(named).expanduser()
    except RuntimeError:
        raise ConfigError(
            f"{key}: {named} starts with the home folder of an unknown user. Write the "
            "whole path."
        ) from None


Local = Annotated[str, AfterValidator(local)]
"""A path, a pattern of paths, or a name that may be a path."""

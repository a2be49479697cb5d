"""Options that several verbs share, and how a configuration is read."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isinglass.schemas.config import load_config
from isinglass.schemas.errors import ConfigError

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Stage
    from isinglass.schemas.config import RunConfig


class Format(StrEnum):
    """Form of what is written to stdout."""

    TEXT = "text"
    JSON = "json"


ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="Configuration file, YAML.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override one key: path.to.key=value. Repeatable."),
]
FormatOption = Annotated[
    Format, typer.Option("--format", help="Form of the result on stdout.")
]


StageOption = Annotated[
    list[str] | None,
    typer.Option(
        "--stage",
        help="`module:Class` of a stage from outside that the run used; its code is "
        "run only if it is named here. Repeatable.",
    ),
]


def read_stages(names: list[str] | None) -> tuple[type[Stage], ...]:
    """The classes that `--stage` names.

    Raises:
        ConfigError: One cannot be imported, or is no stage.
    """
    from isinglass.pipelines.outside import load_class  # noqa: PLC0415

    return tuple(load_class(name, Path.cwd(), "--stage") for name in names or ())


def read_config(path: Path, overrides: list[str]) -> RunConfig:
    """Read and check a configuration file.

    Raises:
        ConfigError: The file is missing, not UTF-8, or its contents are refused.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        msg = f"No configuration at {path}. `isinglass init` writes one."
        raise ConfigError(msg) from None
    except IsADirectoryError:
        msg = f"{path} is a folder; name the configuration file in it."
        raise ConfigError(msg) from None
    except PermissionError:
        msg = f"No permission to read {path}."
        raise ConfigError(msg) from None
    except UnicodeDecodeError:
        msg = f"{path} is not UTF-8 text."
        raise ConfigError(msg) from None
    return load_config(text, overrides)

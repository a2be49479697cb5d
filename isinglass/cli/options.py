"""What several verbs share: options, the configuration, and how results are shown."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TextIO

import typer

from isinglass.schemas.config import RunConfig, load_config
from isinglass.schemas.config.base import local
from isinglass.schemas.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from isinglass.pipelines.stage import Stage


Format = Literal["text", "json"]
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
UnchangedOption = Annotated[
    int,
    typer.Option(
        "--exit-code-unchanged",
        min=0,
        max=255,
        metavar="N",
        help="Exit with N where there was nothing to do.",
    ),
]


def local_path(path: Path | None) -> Path | None:
    """A path of the command line; an address is refused."""
    if path is not None:
        try:
            local(str(path))
        except ValueError as error:
            raise ConfigError(str(error)) from None
    return path


def show(told: Any, lines: Iterable[str], form: Format) -> None:
    """Write a result to stdout: JSON-able for programs, or lines for a person."""
    whole = json.dumps(told, indent=2) if form == "json" else "\n".join(lines)
    typer.echo(whole)


def console_on(out: TextIO) -> Console:
    """A console that shows text as it is."""
    from rich.console import Console  # noqa: PLC0415

    if isinstance(out, io.TextIOWrapper):
        # A terminal that lacks a character shows its number instead.
        out.reconfigure(errors="backslashreplace")
    return Console(file=out, highlight=False, markup=False, emoji=False)


def read_stages(names: list[str] | None) -> tuple[type[Stage], ...]:
    """The classes that `--stage` names."""
    from isinglass.pipelines.outside import load_class  # noqa: PLC0415

    return tuple(load_class(name, Path.cwd(), "--stage") for name in names or ())


def read_config(path: Path, overrides: list[str]) -> RunConfig:
    """Read and check a configuration file."""
    return load_config(read_text(path), overrides)


def read_text(path: Path) -> str:
    """The text of a configuration file."""
    local_path(path)
    said: dict[type[Exception], str] = {
        FileNotFoundError: f"No configuration at {path}. `isinglass init` writes one.",
        IsADirectoryError: f"{path} is a folder; name the configuration file in it.",
        NotADirectoryError: f"No configuration at {path}: its folder is a file.",
        PermissionError: f"No permission to read {path}. Give read access to it.",
        UnicodeDecodeError: f"{path} is not UTF-8 text. Save it as UTF-8.",
    }
    try:
        return path.read_text(encoding="utf-8")
    except tuple(said) as error:
        raise ConfigError(said[type(error)]) from None

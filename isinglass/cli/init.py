"""`isinglass init`: write a commented configuration to start from."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import typer

from isinglass.schemas.errors import OutputError

Profile = Literal["web-en", "identifiers"]


def init(
    path: Annotated[Path, typer.Argument(help="File to write.")] = Path(
        "isinglass.yaml"
    ),
    profile: Annotated[
        Profile, typer.Option("--profile", help="Which configuration.")
    ] = "web-en",
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite an existing file.")
    ] = False,
) -> int:
    """Write a full, commented configuration."""
    if path.exists() and not force:
        raise OutputError(f"{path} exists. Choose another name, or give --force.")
    try:
        path.write_text(profile_text(profile), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.") from None
    typer.echo(f"Wrote {path}. Set inputs and output, then: isinglass run -c {path}")
    return 0


def profile_text(profile: Profile) -> str:
    """The YAML text of a profile."""
    folder = resources.files("isinglass.schemas.profiles")
    return folder.joinpath(f"{profile}.yaml").read_text(encoding="utf-8")

"""`isinglass explain RUN DOC_ID`: what happened to a record, and why."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from isinglass.cli.options import (
    FormatOption,
    StageOption,
    console_on,
    local_path,
    read_stages,
)

if TYPE_CHECKING:
    from rich.console import Console

    from isinglass.pipelines.stage import Story

_NAME_WIDTH = 14


def explain(
    run: Annotated[
        Path, typer.Argument(help="Folder of a finished run.", callback=local_path)
    ],
    doc_id: Annotated[
        str,
        typer.Argument(
            help="Its doc_id, or at least the first 8 digits of it; its path:row; or "
            "the id that the data have for it."
        ),
    ],
    *,
    full: Annotated[
        bool, typer.Option("--full", help="Show whole texts; fold nothing.")
    ] = False,
    stage: StageOption = None,
    format_: FormatOption = "text",
) -> int:
    """Tell where a record came from, what became of it and on what evidence.

    For a duplicate, shows its text beside that of the document kept instead.
    """
    # Heavy imports wait until the arguments are known to be right.
    from isinglass.pipelines.explain.build import explain as tell  # noqa: PLC0415

    told = tell(run, doc_id, full=full, stages=read_stages(stage))
    if format_ == "json":
        typer.echo(json.dumps(as_json(told), indent=2))
    else:
        show(told, console_on(sys.stdout))
    return 0


def as_json(told: Story) -> dict[str, Any]:
    """The whole explanation as a JSON-able value; its form is part of the contract."""
    return {**told.facts, "notes": list(told.notes)}


def show(told: Story, console: Console) -> None:
    """Print an explanation for a person."""
    from rich.text import Text  # noqa: PLC0415

    from isinglass.pipelines.report.text import visible  # noqa: PLC0415

    run, record = told.facts["run"], told.facts["record"]
    head = f"Document {record['doc_id']}"
    about = f"run {run['run_id']} ({run['name']}, {run['verb']}, {run['verdict']})"
    title = Text.assemble((visible(head), "bold"), visible(f" of {about}"))
    console.print(title, soft_wrap=True)
    console.print()
    for name, value in told.lines:
        line = Text.assemble((f"{name:<{_NAME_WIDTH}}", "dim"), visible(value))
        console.print(line, soft_wrap=True)
    for note in told.notes:
        line = Text.assemble(("Note: ", "yellow"), visible(note))
        console.print(line, soft_wrap=True)
    if told.texts:
        console.print()
    for text in told.texts:
        console.print(text)

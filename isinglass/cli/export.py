"""`isinglass export RUN --to FOLDER`: kept documents in files that trainers read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from isinglass.cli.jobs import kept_in
from isinglass.cli.options import UnchangedOption, local_path
from isinglass.cli.stopping import stoppable
from isinglass.schemas.errors import ConfigError

if TYPE_CHECKING:
    from isinglass.pipelines.export.job import Exported
    from isinglass.pipelines.export.write import Target
    from isinglass.transforms.export import Compression

Files = Literal["jsonl", "jsonl.gz", "jsonl.zst", "text", "text.gz", "text.zst"]

COLUMNS = "id=doc_id,text,source,url,language"
SEPARATOR = "<|endoftext|>"


def export(
    run: Annotated[
        Path, typer.Argument(help="Folder of a finished run.", callback=local_path)
    ],
    *,
    to: Annotated[
        Path, typer.Option("--to", help="Folder to write.", callback=local_path)
    ],
    format_: Annotated[
        Files, typer.Option("--format", help="JSON lines, or texts with a separator.")
    ] = "jsonl.zst",
    columns: Annotated[
        str | None,
        typer.Option(
            help="Columns of data/ for JSON lines, or NAME=COLUMN for another name.",
            metavar="LIST",
            show_default=COLUMNS,
        ),
    ] = None,
    separator: Annotated[
        str | None,
        typer.Option(
            help="The line behind each text; refused where a text holds it.",
            show_default=SEPARATOR,
        ),
    ] = None,
    apply: Annotated[
        Literal["copies", "keep"] | None,
        typer.Option(
            help="Write each document as often as its balance_copies says, or only "
            "those with balance_keep."
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=256, help="Local workers; by default as many as the run had."
        ),
    ] = None,
    exit_code_unchanged: UnchangedOption = 0,
) -> int:
    """Write the kept documents of a run as files for trainers; RUN stays as it is.

    One file for each of data/, with SHA256SUMS and export.json, which accounts for
    every document. Nothing outside of data/ is exported.
    """
    target = _target(format_, columns, separator, apply)
    # Heavy imports wait until the arguments are known to be right.
    from rich.console import Console  # noqa: PLC0415

    from isinglass.pipelines.export import job  # noqa: PLC0415

    request = job.ExportRequest(run, to, target, workers)
    with stoppable(kept_in(to)):
        done = job.export(request, Console(stderr=True))
    from isinglass.pipelines.report.text import visible  # noqa: PLC0415

    typer.echo("\n".join(map(visible, _lines(done))))
    return exit_code_unchanged if done.nothing_to_do else 0


def _target(
    files: Files, columns: str | None, separator: str | None, apply: str | None
) -> Target:
    from isinglass.pipelines.export.write import Target  # noqa: PLC0415
    from isinglass.transforms.export import Form  # noqa: PLC0415

    kind, _, compression = files.partition(".")
    draw = f"balance_{apply}" if apply else None
    if kind == "text":
        if columns is not None:
            raise ConfigError("--columns goes with jsonl: a text file has texts alone.")
        form = Form((("text", "text"),), _separator(separator), draw)
    elif separator is not None:
        raise ConfigError("--separator goes with text: JSON lines end by themselves.")
    else:
        form = Form(_columns(columns or COLUMNS), None, draw)
    name = files.replace("text", "txt")
    return Target(form, f".{name}", cast("Compression", compression))


def _separator(given: str | None) -> str:
    separator = SEPARATOR if given is None else given
    if not separator.strip() or not separator.isprintable():
        raise ConfigError(
            "--separator: name one line of characters that can be seen, such as "
            f"{SEPARATOR}."
        )
    return separator


def _columns(given: str) -> tuple[tuple[str, str], ...]:
    """Name in the lines and column of `data/`, for each."""
    found = []
    for item in given.split(","):
        name, _, column = item.strip().partition("=")
        if not name or (column == "" and "=" in item):
            raise ConfigError(
                f"--columns: write names with commas between them, such as {COLUMNS}."
            )
        found.append((name, column or name))
    twice = {name for name, _ in found if [n for n, _ in found].count(name) > 1}
    if twice:
        raise ConfigError(f"--columns: {min(twice)} is named twice.")
    return tuple(found)


def _lines(done: Exported) -> list[str]:
    told = done.told
    count, written, files = told["documents"], told["written"], len(told["files"])
    size = f"{files:,} files, {told['bytes'] / 1e6:,.1f} MB"
    if done.nothing_to_do:
        return [f"Nothing to do: {done.folder} holds this export ({size})."]
    lines = [f"Exported: {count:,} documents of run {told['run_id']}; {size}"]
    if told["draw"]:
        lines.append(f"Written by {told['draw']}: {written:,} documents")
    if told["unweighted"]:
        lines.append(
            f"Note: {told['unweighted']:,} documents have a weight that is not in the "
            "export; add balance_weight to --columns, or --apply what was drawn by it."
        )
    lines.append(f"In {done.folder}: export.json and SHA256SUMS tell of every file.")
    return lines

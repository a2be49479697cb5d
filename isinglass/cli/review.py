"""`isinglass review RUN`: look at what a run did, and mark what is right."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from isinglass.cli.options import console_on
from isinglass.schemas.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.review.choose import Choice
    from isinglass.pipelines.review.marks import Marks
    from isinglass.schemas.marks import Kind

MARKS = "review-marks.jsonl"
_STDIN = Path("-")

Form = Literal["text", "jsonl"]


def review(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    *,
    entity: Annotated[
        list[str] | None,
        typer.Option(help="Findings of this kind; all without it. Repeatable."),
    ] = None,
    sample: Annotated[
        int, typer.Option(min=1, help="How many of each kind, reason or term.")
    ] = 50,
    seed: Annotated[
        int, typer.Option(min=0, help="Another number draws another sample.")
    ] = 0,
    top: Annotated[
        bool, typer.Option("--top", help="The most frequent values, with counts.")
    ] = False,
    duplicates: Annotated[
        bool,
        typer.Option(
            "--duplicates",
            help="Near-duplicates beside what stayed, near the threshold first.",
        ),
    ] = False,
    filtered: Annotated[
        bool,
        typer.Option(
            "--filtered",
            help="What filters took out, with what they measured, near the threshold "
            "first.",
        ),
    ] = False,
    reason: Annotated[
        list[str] | None,
        typer.Option(help="Removals for this reason; all without it. Repeatable."),
    ] = None,
    drawn: Annotated[
        bool,
        typer.Option(
            "--drawn",
            help="With --duplicates or --filtered: a random sample, to measure by.",
        ),
    ] = False,
    kept: Annotated[
        bool, typer.Option("--kept", help="Passages that were kept, to find misses.")
    ] = False,
    mentions: Annotated[
        bool,
        typer.Option(
            "--mentions", help="Ambiguous terms that count as mentions of a group."
        ),
    ] = False,
    rejected: Annotated[
        bool,
        typer.Option("--rejected", help="With --mentions: those that do not count."),
    ] = False,
    term: Annotated[
        list[str] | None,
        typer.Option(help="Mentions by this term; all without it. Repeatable."),
    ] = None,
    around: Annotated[
        int, typer.Option(min=0, help="Characters shown before and behind a finding.")
    ] = 160,
    marks: Annotated[
        Path, typer.Option(help="File that your marks are kept in.")
    ] = Path(MARKS),
    marks_in: Annotated[
        Path | None,
        typer.Option(
            "--marks-in", help="Take over marks from JSON lines, - for stdin; then end."
        ),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            help="Write marked findings and passages, WITH THEIR TEXTS, as labelled "
            "data for `evaluate pii`; then end."
        ),
    ] = None,
    format_: Annotated[
        Form, typer.Option("--format", help="jsonl: each case as a JSON line.")
    ] = "text",
) -> int:
    """Show a sample of what a run did in context, and keep your marks.

    It reads source texts again and shows them, personal data included. It writes
    nothing into the run folder; the file of marks holds places, never texts.
    """
    asked: dict[Kind, bool] = {
        "removal": duplicates,
        "filter": filtered,
        "rejected": mentions and rejected,
        "mention": mentions and not rejected,
        "kept": kept,
    }
    kinds = [kind for kind, wanted in asked.items() if wanted]
    if len(kinds) + top > 1 or (entity and kinds):
        raise ConfigError(
            "Choose one of --entity or --top, --duplicates, --filtered, --mentions and "
            "--kept."
        )
    removed = duplicates or filtered
    for given, fits, said in (
        (
            drawn,
            removed,
            "--drawn goes with --duplicates or --filtered; other samples are drawn.",
        ),
        (reason, removed, "--reason goes with --duplicates or --filtered."),
        (rejected, mentions, "--rejected goes with --mentions."),
        (term, mentions, "--term goes with --mentions."),
    ):
        if given and not fits:
            raise ConfigError(said)
    # Heavy imports wait until the arguments are known to be right.
    from isinglass.pipelines.explain.folder import RunFolder  # noqa: PLC0415
    from isinglass.pipelines.review.choose import Choice  # noqa: PLC0415

    folder = RunFolder.open(run)
    for path in (marks, export):
        if path is not None:
            _refuse_inside(path, run)
    held = _held(marks)
    if marks_in is not None:
        return _take_over(folder, marks, held, marks_in)
    if export is not None:
        return _export(folder, held, export)
    near = removed and not drawn
    by: Literal["draw", "near", "value"] = "near" if near else "draw"
    choice = Choice(
        kinds[0] if kinds else "finding",
        tuple(entity or reason or term or ()),
        "value" if top else by,
        sample,
        seed,
    )
    return _show(folder, choice, around, (marks, held), format_)


def _refuse_inside(path: Path, run: Path) -> None:
    if path.resolve().is_relative_to(run.resolve()):
        raise OutputError(
            f"{path} lies in the run folder, into which review writes nothing. Name "
            "another file."
        )


def _held(path: Path) -> Marks:
    from isinglass.pipelines.engine.workspace import exists  # noqa: PLC0415
    from isinglass.pipelines.review.marks import read_marks_file  # noqa: PLC0415

    return dict(read_marks_file(path).marks) if exists(path) else {}


def _show(
    folder: RunFolder,
    choice: Choice,
    around: int,
    marks: tuple[Path, Marks],
    form: Form,
) -> int:
    from isinglass.pipelines.review.cases import cases  # noqa: PLC0415

    path, held = marks
    found = cases(folder, choice, around)
    if form == "jsonl":
        for case in found:
            typer.echo(json.dumps(case.as_json(held.get(case.key))))
        return 0
    from isinglass.cli.judge import judge, show_all  # noqa: PLC0415

    _say(f"{len(found):,} cases. {_about(choice)}")
    _say(f"Source texts are shown. Nothing is written into {folder.folder}.")
    console = console_on(sys.stdout)
    if sys.stdin.isatty() and sys.stdout.isatty():
        _say(f"Your marks are kept in {path}.")
        judge(folder, found, console, path, held)
    else:
        show_all(folder, found, console, held)
    return 0


def _about(choice: Choice) -> str:
    if choice.by == "near":
        return "Nearest to the threshold first: no random sample, nothing is measured."
    if choice.by == "value":
        return "Of the most frequent values: no random sample, nothing is measured."
    each = " of each term"
    of = {"finding": " of each entity", "mention": each, "rejected": each, "kept": ""}
    whole = of.get(choice.kind, " of each reason")
    measured = {"kept": "recall", "rejected": "the share that is rightly left out"}
    said = measured.get(choice.kind, "precision")
    return f"A simple random sample{whole}, seed {choice.seed}: {said} is measured."


def _take_over(folder: RunFolder, path: Path, held: Marks, source: Path) -> int:
    from isinglass.pipelines.engine.workspace import read_bytes  # noqa: PLC0415
    from isinglass.pipelines.review.marks import (  # noqa: PLC0415
        merged,
        read_marks,
        write_marks,
    )

    from_stdin = source == _STDIN
    try:
        content = sys.stdin.buffer.read() if from_stdin else read_bytes(source)
    except OSError as error:
        raise ConfigError(f"--marks-in {source}: {error.strerror}.") from None
    given = read_marks(content, "stdin" if from_stdin else str(source))
    write_marks(path, merged(folder, held, given))
    _say(f"{len(given):,} marks taken over into {path}.")
    return 0


def _export(folder: RunFolder, held: Marks, path: Path) -> int:
    from isinglass.pipelines.review.export import export  # noqa: PLC0415

    written = export(folder, held, path)
    _say(
        f"{written.records:,} records with {written.spans:,} labels in {path}, which "
        "HOLDS SOURCE TEXTS: only you can read it; remove it when it is of no more use."
    )
    if written.left_out:
        _say(f"{written.left_out:,} marks were left out: {written.why}.")
    return 0


def _say(line: str) -> None:
    from isinglass.pipelines.report.text import visible  # noqa: PLC0415

    typer.echo(visible(line), err=True)

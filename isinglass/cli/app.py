"""The typer application: verbs, logging, and errors turned into exit codes."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Annotated

import typer

from isinglass import __version__
from isinglass.cli import (
    doctor,
    evaluate,
    evaluate_model,
    explain,
    export,
    forget,
    init,
    jobs,
    lexicon,
    release,
    review,
    schema,
    verify,
)
from isinglass.cli.usage import CRASHED, EXIT_CODES, REFUSED, explain_usage, is_usage
from isinglass.schemas.errors import IsinglassError, RefuseError

LOGGER = logging.getLogger("isinglass")

app = typer.Typer(
    name="isinglass",
    help="Audit and clean the corpora that language models are pretrained on.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("init")(init.init)
for _verb, _help in jobs.VERBS.items():
    app.command(
        _verb,
        help=_help,
        epilog=EXIT_CODES,
        context_settings={"allow_extra_args": True},
    )(jobs.start)
app.command("verify")(verify.verify)
app.command("release", epilog=EXIT_CODES)(release.release)
app.command("explain")(explain.explain)
app.command("review")(review.review)
evaluate.app.command("model", epilog=EXIT_CODES)(evaluate_model.model)
evaluate.app.command("lists")(evaluate_model.lists)
app.add_typer(evaluate.app, name="evaluate")
app.command("forget", epilog=EXIT_CODES)(forget.forget)
app.add_typer(lexicon.app, name="lexicon")
app.command("export", epilog=EXIT_CODES)(export.export)
app.command("schema")(schema.schema)
app.command("doctor")(doctor.doctor)


def _leave(code: int, **_: object) -> None:
    """A verb returns its exit code; this hands it to the shell."""
    raise typer.Exit(code)


def _tell_version(wanted: bool) -> None:  # noqa: FBT001 - as typer calls it
    if wanted:
        typer.echo(f"isinglass {__version__}")
        raise typer.Exit


@app.callback(result_callback=_leave)
def _global(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Say which it is."
        ),
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Log errors only.")
    ] = False,
) -> None:
    """Send isinglass's own records to stderr; libraries speak from warnings on."""
    del version
    _check_folders()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.addFilter(_is_not_noise)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    level = logging.DEBUG if verbose else logging.INFO
    LOGGER.setLevel(logging.ERROR if quiet else level)
    # Beam repeats at error level, with the element, what isinglass reports itself.
    logging.getLogger("apache_beam").setLevel(logging.ERROR)


def _check_folders() -> None:
    """Refuse where libraries would fail as soon as they are imported."""
    try:
        Path.cwd()
    except FileNotFoundError:
        raise RefuseError(
            "The working folder of this shell was removed. Change into one that is "
            "there and give the command again."
        ) from None
    try:
        temporary = tempfile.gettempdir()
    except FileNotFoundError:
        raise RefuseError(
            "There is no folder for temporary files: neither /tmp nor the working "
            "folder can be written. Set TMPDIR to one that can."
        ) from None
    # torch makes a folder for what it compiles as soon as its compiler is imported, and
    # Presidio does that where transformers are installed. Nothing of ours is compiled
    # by torch: it is given a folder that is there.
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", temporary)


def _is_not_noise(record: logging.LogRecord) -> bool:
    """Beam warns at every start that a cloud client we do not use is not there."""
    return "apitools not found" not in str(record.msg)


def run() -> int:
    """Do what the command line asks; what goes wrong is said on stderr.

    Returns the exit code.
    """
    try:
        return int(app(standalone_mode=False) or 0)
    except IsinglassError as error:
        from isinglass.pipelines.report.text import lines_of  # noqa: PLC0415

        sys.stderr.write(f"error: {lines_of(str(error))}\n")
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last line of defence
        if not is_usage(error):
            return _crash(error)
        sys.stderr.write(f"{explain_usage(error)}\n")
        return REFUSED


def _crash(error: Exception) -> int:
    """Say where it happened, not what was in hand: messages may quote a text."""
    if os.environ.get("ISINGLASS_DEBUG"):
        traceback.print_exception(error)
        return CRASHED
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
    sys.stderr.write(
        f"error: isinglass failed with {type(error).__name__} at {place}. "
        "Set ISINGLASS_DEBUG=1 to see the whole trace (it may quote the input).\n"
    )
    return CRASHED

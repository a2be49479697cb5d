"""The typer application: verbs, logging, and errors turned into exit codes."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from typing import Annotated

import typer

from isinglass.cli import doctor, evaluate, explain, forget, init, jobs, schema, verify
from isinglass.schemas.errors import IsinglassError

LOGGER = logging.getLogger("isinglass")
STOPPED = 130
"""Exit code of a process ended from the keyboard, as shells give it."""

app = typer.Typer(
    name="isinglass",
    help="Audit and clean the corpora that language models are pretrained on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("init")(init.init)
for _verb, _help in jobs.VERBS.items():
    app.command(_verb, help=_help, context_settings={"allow_extra_args": True})(
        jobs.start
    )
app.command("verify")(verify.verify)
app.command("explain")(explain.explain)
app.add_typer(evaluate.app, name="evaluate")
app.command("forget")(forget.forget)
app.command("schema")(schema.schema)
app.command("doctor")(doctor.doctor)


def _leave(code: int, **_: object) -> None:
    """A verb returns its exit code; this hands it to the shell."""
    raise typer.Exit(code)


@app.callback(result_callback=_leave)
def _global(
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Log errors only.")
    ] = False,
) -> None:
    """Send isinglass's own records to stderr; libraries speak from warnings on."""
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


def _is_not_noise(record: logging.LogRecord) -> bool:
    """Beam warns at every start that a cloud client we do not use is not there."""
    return "apitools not found" not in str(record.msg)


def main() -> None:
    """Entry point of `isinglass` and of `python -m isinglass`."""
    try:
        app()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. Finished shards are kept; run again to go on.\n")
        sys.exit(STOPPED)
    except IsinglassError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - the last line of defence
        sys.exit(_crash(error))


def _crash(error: Exception) -> int:
    """Say where it happened, not what was in hand: messages may quote a text."""
    if os.environ.get("ISINGLASS_DEBUG"):
        traceback.print_exception(error)
        return 1
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
    sys.stderr.write(
        f"error: isinglass failed with {type(error).__name__} at {place}. "
        "Set ISINGLASS_DEBUG=1 to see the whole trace (it may quote the input).\n"
    )
    return 1

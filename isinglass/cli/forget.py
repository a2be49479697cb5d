"""`isinglass forget --value-file F RUN`: a new run without what is to be forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from isinglass.cli.jobs import kept_in
from isinglass.cli.options import (
    FormatOption,
    StageOption,
    UnchangedOption,
    local_path,
    show,
)
from isinglass.cli.stopping import stoppable
from isinglass.cli.usage import GATE_FAILED

if TYPE_CHECKING:
    from isinglass.pipelines.stages.erase.forget.job import Forgotten

MOST_NAMED = 20


def forget(
    run: Annotated[
        Path, typer.Argument(help="Folder of a finished run.", callback=local_path)
    ],
    value_file: Annotated[
        Path,
        typer.Option(
            "--value-file",
            help="Values to forget, one a line, or ENTITY, a tab and the value.",
            callback=local_path,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            help="Folder of the new run.",
            show_default=False,
            callback=local_path,
        ),
    ] = None,
    remove: Annotated[
        Literal["documents", "spans"],
        typer.Option("--remove", help="Whole documents, or only the places."),
    ] = "documents",
    *,
    texts_only: Annotated[
        bool,
        typer.Option(
            "--texts-only",
            help="Search without the key of the run; if that is of a variable, it must "
            "hold a new one.",
        ),
    ] = False,
    allow_short: Annotated[
        bool, typer.Option("--allow-short", help="Take values of fewer than 4 letters.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Search and count, write nothing.")
    ] = False,
    exit_code_unchanged: UnchangedOption = 0,
    stage: StageOption = None,
    format_: FormatOption = "text",
) -> int:
    """Make a new run without the documents that hold some values; RUN stays as it is.

    Values are found in other spellings, in percent escapes and in HTML references, too.
    They are written nowhere. Where none is found there is nothing to do; exits with 3
    if the new run still holds one or failed a gate.
    """
    # Heavy imports wait until the arguments are known to be right.
    from rich.console import Console  # noqa: PLC0415

    from isinglass.pipelines.stages.erase.forget import job  # noqa: PLC0415
    from isinglass.pipelines.stages.erase.forget.values import read_values  # noqa: PLC0415

    request = job.ForgetRequest(
        run=run,
        values=read_values(value_file, allow_short=allow_short),
        remove=remove,
        output=output,
        texts_only=texts_only,
        dry_run=dry_run,
        stages=tuple(stage or ()),
    )
    with stoppable(kept_in(output or "the new run")):
        done = job.forget(request, Console(stderr=True))
    show(as_json(done), _lines(done), format_)
    if done.found.documents == 0:
        return exit_code_unchanged
    failed = done.manifest is not None and done.manifest.verdict == "failed"
    return GATE_FAILED if failed or done.remains.doc_ids else 0


def as_json(done: Forgotten) -> dict[str, Any]:
    """The result as a JSON-able value; its form is part of the contract."""
    found, manifest = done.found, done.manifest
    erasure = None if manifest is None else manifest.erasure
    return {
        "values": found.values,
        "documents": found.documents,
        "spans": found.spans,
        "found_by_key": found.by("finding"),
        "found_by_text": found.by("text"),
        "found_elsewhere": found.elsewhere,
        "output": None if done.folder is None else str(done.folder),
        "run_id": None if manifest is None else manifest.run_id,
        "erasure": None if erasure is None else erasure.model_dump(),
        "still_in": list(done.remains.doc_ids),
        "named_in": list(done.remains.files),
    }


def _lines(done: Forgotten) -> list[str]:
    found = done.found
    ways = f"{found.by('finding'):,} by value key, {found.by('text'):,} in texts"
    outside = f"{found.elsewhere:,} documents with a value outside of their text"
    places = f"{found.documents:,} documents, {found.spans:,} places"
    lines = [f"Found: {places} ({ways}), {outside}"]
    if done.manifest is None or done.folder is None:
        return lines
    erasure = done.manifest.erasure
    if erasure is not None:
        lines.append(
            f"Erased: {erasure.documents:,} documents dropped, {erasure.spans:,} spans "
            "taken out of kept ones"
        )
    lines.append(f"New run: {done.folder}")
    if done.remains.doc_ids:
        named = ", ".join(done.remains.doc_ids[:MOST_NAMED])
        lines.append(f"NOT FORGOTTEN: a value is still in {named}")
    if done.remains.files:
        named = ", ".join(done.remains.files[:MOST_NAMED])
        lines.append(
            f"Note: a value is in {named}. Names of files and sources are kept as they "
            "are; so are words of the report that a value happens to be."
        )
    return lines

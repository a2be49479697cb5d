"""The verbs that make a run: run, clean, audit and encode."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from isinglass.cli.options import (
    Format,
    FormatOption,
    UnchangedOption,
    read_config,
    show,
)
from isinglass.cli.stopping import stoppable
from isinglass.cli.usage import GATE_FAILED, WARNED
from isinglass.pipelines.places import check_places

if TYPE_CHECKING:
    from isinglass.pipelines.forecast import Forecast
    from isinglass.pipelines.run import Request, Result
    from isinglass.pipelines.stage import Verb

LOGGER = logging.getLogger("isinglass")

VERBS = {
    "run": "Audit, clean and encode a corpus.",
    "clean": "Clean a corpus: everything of `run` but the encoding.",
    "audit": "Report what cleaning would find and change; writes no text.",
    "encode": "Encode a cleaned corpus; what `clean` already did is taken over.",
}
"""Help of each verb. Options after `--` go to Beam as they are."""


def start(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", "-c", help="Configuration file, YAML.")
    ],
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Override one key: path.to.key=value. Repeatable.",
        ),
    ] = None,
    runner: Annotated[
        str | None, typer.Option("--runner", help="Beam runner; overrides beam.runner.")
    ] = None,
    *,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Plan, check everything and try a sample; write nothing."
        ),
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Redo in the same output folder what a changed configuration or "
            "changed inputs affect.",
        ),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 4 when the verdict is `warned`.")
    ] = False,
    exit_code_unchanged: UnchangedOption = 0,
    format_: FormatOption = "text",
) -> int:
    """Run the verb that the command was called by."""
    changes = list(set_ or [])
    if runner is not None:
        changes.append(f"beam.runner={runner}")
    checked = read_config(config, changes)
    check_places(checked, Path.cwd())
    LOGGER.info("%s of %s: checking and planning", context.info_name, checked.name)
    # Heavy imports wait until the configuration is known to be right.
    from rich.console import Console  # noqa: PLC0415

    from isinglass.pipelines.engine.runner import Execution  # noqa: PLC0415
    from isinglass.pipelines.engine.workspace import (  # noqa: PLC0415
        remove_scratch,
        scratch_folder,
    )
    from isinglass.pipelines.run import Request, execute  # noqa: PLC0415

    execution = Execution(checked.beam, tuple(context.args))
    verb = cast("Verb", context.info_name)
    request = Request(checked, verb, Path.cwd(), execution, replace)
    if dry_run:
        folder = scratch_folder()
        try:
            with stoppable("Stopped. Nothing was changed.", folder):
                show_forecast(request, format_, folder)
        finally:
            remove_scratch(folder)
        return 0
    with stoppable(kept_in(checked.output)):
        result = execute(request, Console(stderr=True))
        _print_result(result, request.base, format_)
        return _exit_code(result, exit_code_unchanged, strict=strict)


def kept_in(output: object) -> str:
    """What is said of a run that is stopped."""
    return (
        f"Stopped. What was finished is kept in {output}; the same command goes on "
        "from there."
    )


def show_forecast(request: Request, form: Format, folder: Path) -> None:
    """Plan, check models, runner, output and space, and print what would be done.

    In `folder` a sample is tried, by which it is told how long each pass will take.
    """
    from isinglass.pipelines.engine.workspace import free_bytes  # noqa: PLC0415
    from isinglass.pipelines.forecast import check_space, forecast  # noqa: PLC0415
    from isinglass.pipelines.run import passes_of, prepare  # noqa: PLC0415

    prepared = prepare(request)
    made = prepared.plan
    facts: dict[str, Any] = {
        "output": request.config.output,
        "files": len(made.inputs),
        "unreadable": sum(bool(i.problem) for i in made.inputs),
        "bytes": sum(i.bytes for i in made.inputs),
        "records_known": sum(i.rows or 0 for i in made.inputs),
        "shards": len(made.shards),
        "models": [model.name for model in prepared.identity.models],
        "free_bytes": free_bytes(request.output),
    }
    for stage in prepared.stages:
        facts |= stage.forecast(made)
    lines = [f"{name}: {value}" for name, value in facts.items()]
    found = forecast(request, prepared, folder)
    if found is None:
        names = passes_of(prepared.stages, request.verb)
        facts["passes"] = [{"name": name, "seconds": None} for name in names]
        lines.append(f"passes: {', '.join(names)}")
    else:
        facts |= _forecast_json(found)
        lines += _forecast_lines(found)
    show(facts, lines, form)
    if found is not None:
        check_space(request, found)


def _forecast_json(found: Forecast) -> dict[str, Any]:
    return {
        "sampled_documents": found.documents,
        "expected_documents": found.expected,
        "passes": [
            {"name": one.name, "seconds": round(one.seconds, 1)} for one in found.passes
        ],
        "seconds": round(found.seconds, 1),
        "written_bytes": found.written,
        "sample_says": list(found.said),
    }


def _forecast_lines(found: Forecast) -> list[str]:
    from isinglass.pipelines.engine.progress import duration  # noqa: PLC0415

    about = f"{found.documents:,} of about {found.expected:,} documents"
    return [
        f"An estimate, by a sample of {about} on this machine as it is now:",
        *(f"  {one.name}: about {duration(one.seconds)}" for one in found.passes),
        f"all passes: about {duration(found.seconds)}",
        f"written: about {found.written / 1e9:.2f} GB",
        *found.said,
    ]


def _print_result(result: Result, base: Path, form: Format) -> None:
    from isinglass.pipelines.report.verdict import summary_lines  # noqa: PLC0415

    if form == "json":
        typer.echo(result.manifest.to_json().rstrip())
        return
    if result.nothing_to_do:
        typer.echo(f"Nothing to do: run {result.manifest.run_id} is complete.")
    path = result.folder / "report.html"
    below = path.is_relative_to(base)
    typer.echo(f"Report: {path.relative_to(base) if below else path}")
    typer.echo("\n".join(summary_lines(result.manifest, result.outside)))


def _exit_code(result: Result, unchanged: int, *, strict: bool) -> int:
    if result.manifest.verdict == "failed":
        return GATE_FAILED
    if strict and result.manifest.verdict == "warned":
        return WARNED
    return unchanged if result.nothing_to_do else 0

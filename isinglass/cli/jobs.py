"""The verbs that make a run: run, clean, audit and encode."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from isinglass.cli.options import (
    ConfigOption,
    Format,
    FormatOption,
    SetOption,
    read_config,
)

if TYPE_CHECKING:
    from isinglass.pipelines.run import Request, Result
    from isinglass.pipelines.stage import Verb
    from isinglass.schemas.config import RunConfig

GATE_FAILED, WARNED, NOTHING_TO_DO = 3, 4, 5

VERBS = {
    "run": "Audit, clean and encode a corpus.",
    "clean": "Clean a corpus: everything of `run` but the encoding.",
    "audit": "Report what cleaning would find and change; writes no text.",
    "encode": "Encode a cleaned corpus; what `clean` already did is taken over.",
}
"""Help of each verb. Options after `--` go to Beam as they are."""


def start(
    context: typer.Context,
    config: ConfigOption,
    set_: SetOption = None,
    runner: Annotated[
        str | None, typer.Option("--runner", help="Beam runner; overrides beam.runner.")
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Plan and check everything, run nothing.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Redo in the same output folder what a changed configuration affects.",
        ),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 4 when the verdict is `warned`.")
    ] = False,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Run the verb that the command was called by."""
    changes = list(set_ or [])
    if runner is not None:
        changes.append(f"beam.runner={runner}")
    job = Job(
        verb=cast("Verb", context.info_name),
        config=read_config(config, changes),
        beam_arguments=tuple(context.args),
    )
    if dry_run:
        return job.dry_run(format_, replace=replace)
    return job.start(replace=replace, strict=strict, form=format_)


@dataclass(frozen=True)
class Job:
    """A verb with its checked configuration.

    Attributes:
        verb: Which verb.
        config: The configuration.
        beam_arguments: Options for Beam.
    """

    verb: Verb
    config: RunConfig
    beam_arguments: tuple[str, ...]

    def start(self, *, replace: bool, strict: bool, form: Format) -> int:
        """Run, print the result and return the exit code."""
        # Heavy imports wait until the configuration is known to be right.
        from isinglass.pipelines.engine.progress import Progress  # noqa: PLC0415
        from isinglass.pipelines.run import execute  # noqa: PLC0415

        result = execute(self._request(replace=replace), Progress.on_stderr())
        _print_result(result, form)
        return _exit_code(result, strict=strict)

    def _request(self, *, replace: bool) -> Request:
        from isinglass.pipelines.engine.runner import Execution  # noqa: PLC0415
        from isinglass.pipelines.run import Request  # noqa: PLC0415

        execution = Execution(self.config.beam, self.beam_arguments)
        return Request(self.config, self.verb, Path.cwd(), execution, replace)

    def dry_run(self, form: Format, *, replace: bool) -> int:
        """Plan, check models and runner, and print what would be done."""
        from isinglass.pipelines.run import prepare  # noqa: PLC0415

        prepared = prepare(self._request(replace=replace))
        made, identity = prepared.plan, prepared.identity
        facts = {
            "output": self.config.output,
            "files": len(made.inputs),
            "unreadable": sum(bool(i.problem) for i in made.inputs),
            "bytes": sum(i.bytes for i in made.inputs),
            "records_known": sum(i.rows or 0 for i in made.inputs),
            "shards": len(made.shards),
            "models": [model.name for model in identity.models],
        }
        for stage in prepared.stages:
            facts |= stage.forecast(made)
        if form is Format.JSON:
            typer.echo(json.dumps(facts, indent=2))
        else:
            typer.echo("\n".join(f"{name}: {value}" for name, value in facts.items()))
        return 0


def _print_result(result: Result, form: Format) -> None:
    from isinglass.pipelines.report.verdict import summary_lines  # noqa: PLC0415

    if form is Format.JSON:
        typer.echo(result.manifest.to_json().rstrip())
        return
    if result.nothing_to_do:
        typer.echo(f"Nothing to do: run {result.manifest.run_id} is complete.")
    typer.echo(f"Report: {_near(result.folder / 'report.html')}")
    typer.echo("\n".join(summary_lines(result.manifest, result.outside)))


def _near(path: Path) -> Path:
    """The path from here, if it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _exit_code(result: Result, *, strict: bool) -> int:
    if result.manifest.verdict == "failed":
        return GATE_FAILED
    if result.nothing_to_do:
        return NOTHING_TO_DO
    if strict and result.manifest.verdict == "warned":
        return WARNED
    return 0

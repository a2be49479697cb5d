"""The verbs that make a run: run, clean, audit and encode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from isinglass.cli.options import (
    ConfigOption,
    Format,
    FormatOption,
    SetOption,
    read_config,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from isinglass.pipelines.identity import Verb
    from isinglass.pipelines.run import Result
    from isinglass.schemas.config import RunConfig

NOTHING_TO_DO = 5
WARNED = 4
GATE_FAILED = 3

RunnerOption = Annotated[
    str | None, typer.Option("--runner", help="Beam runner; overrides beam.runner.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Plan and check everything, run nothing.")
]
ReplaceOption = Annotated[
    bool,
    typer.Option(
        "--replace",
        help="Redo, in the same output folder, what a changed configuration affects.",
    ),
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Exit with 4 when the verdict is `warned`.")
]


def run(
    context: typer.Context,
    config: ConfigOption,
    set_: SetOption = None,
    runner: RunnerOption = None,
    *,
    dry_run: DryRunOption = False,
    replace: ReplaceOption = False,
    strict: StrictOption = False,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Audit, clean and encode a corpus. Options after `--` go to Beam."""
    job = _Job("run", config, set_, runner, context.args)
    return job.start(dry_run=dry_run, replace=replace, strict=strict, form=format_)


def clean(
    context: typer.Context,
    config: ConfigOption,
    set_: SetOption = None,
    runner: RunnerOption = None,
    *,
    dry_run: DryRunOption = False,
    replace: ReplaceOption = False,
    strict: StrictOption = False,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Clean a corpus: everything of `run` but the encoding."""
    job = _Job("clean", config, set_, runner, context.args)
    return job.start(dry_run=dry_run, replace=replace, strict=strict, form=format_)


def audit(
    context: typer.Context,
    config: ConfigOption,
    set_: SetOption = None,
    runner: RunnerOption = None,
    *,
    dry_run: DryRunOption = False,
    replace: ReplaceOption = False,
    strict: StrictOption = False,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Report what cleaning would find and change, without writing any text."""
    job = _Job("audit", config, set_, runner, context.args)
    return job.start(dry_run=dry_run, replace=replace, strict=strict, form=format_)


def encode(
    context: typer.Context,
    config: ConfigOption,
    set_: SetOption = None,
    runner: RunnerOption = None,
    *,
    dry_run: DryRunOption = False,
    replace: ReplaceOption = False,
    strict: StrictOption = False,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Encode a cleaned corpus; what `clean` already did is taken over."""
    job = _Job("encode", config, set_, runner, context.args)
    return job.start(dry_run=dry_run, replace=replace, strict=strict, form=format_)


COMMANDS: dict[str, Callable[..., int]] = {
    "run": run,
    "clean": clean,
    "audit": audit,
    "encode": encode,
}


class _Job:
    def __init__(
        self,
        verb: Verb,
        config: Path,
        overrides: list[str] | None,
        runner: str | None,
        beam_arguments: list[str],
    ) -> None:
        changes = list(overrides or [])
        if runner is not None:
            changes.append(f"beam.runner={runner}")
        self.verb = verb
        self.config: RunConfig = read_config(config, changes)
        self.base = Path.cwd()
        self.beam_arguments = tuple(beam_arguments)

    def start(
        self, *, dry_run: bool, replace: bool, strict: bool, form: Format
    ) -> int:
        """Run or plan, print the result and return the exit code."""
        # Heavy imports wait until the configuration is known to be right.
        from isinglass.pipelines.progress import Progress  # noqa: PLC0415
        from isinglass.pipelines.run import Request, execute  # noqa: PLC0415
        from isinglass.pipelines.runner import Execution  # noqa: PLC0415

        if self.verb == "encode" and self.config.encode is None:
            from isinglass.schemas.errors import ConfigError  # noqa: PLC0415

            msg = "encode: the configuration has no `encode` section; add `encode: {}`."
            raise ConfigError(msg)
        if dry_run:
            return self._dry_run(form)
        execution = Execution(self.config.beam, self.beam_arguments)
        request = Request(self.config, self.verb, self.base, execution, replace)
        result = execute(request, Progress.on_stderr())
        _print_result(result, form)
        return _exit_code(result, strict=strict)

    def _dry_run(self, form: Format) -> int:
        from isinglass.pipelines.identity import Identity  # noqa: PLC0415
        from isinglass.pipelines.plan import plan  # noqa: PLC0415
        from isinglass.pipelines.runner import resolve_runner  # noqa: PLC0415

        resolve_runner(self.config.beam.runner)
        made = plan(self.config, self.base)
        identity = Identity.of(self.config, self.verb, made)
        known = [i.rows for i in made.inputs if i.rows is not None]
        facts = {
            "run_id": identity.run_id,
            "output": self.config.output,
            "files": len(made.inputs),
            "unreadable": sum(bool(i.problem) for i in made.inputs),
            "bytes": sum(i.bytes for i in made.inputs),
            "records_known": sum(known),
            "shards": len(made.shards),
            "models": [model.name for model in identity.detector_models]
            + [model.name for model in identity.encoder_models],
        }
        if form is Format.JSON:
            typer.echo(json.dumps(facts, indent=2))
        else:
            typer.echo("\n".join(f"{name}: {value}" for name, value in facts.items()))
        return 0


def _print_result(result: Result, form: Format) -> None:
    from isinglass.pipelines.report import summary_lines  # noqa: PLC0415

    if form is Format.JSON:
        typer.echo(result.manifest.to_json().rstrip())
        return
    if result.nothing_to_do:
        typer.echo(f"Nothing to do: run {result.manifest.run_id} is complete.")
    typer.echo(f"Report: {result.folder / 'report.html'}")
    typer.echo("\n".join(summary_lines(result.manifest)))


def _exit_code(result: Result, *, strict: bool) -> int:
    if result.manifest.verdict == "failed":
        return GATE_FAILED
    if result.nothing_to_do:
        return NOTHING_TO_DO
    if strict and result.manifest.verdict == "warned":
        return WARNED
    return 0

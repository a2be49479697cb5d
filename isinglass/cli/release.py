"""`isinglass release RUN`: the papers of a run, and what is to be published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from isinglass.cli.options import (
    FormatOption,
    local_path,
    read_text,
    show,
)
from isinglass.cli.stopping import stoppable
from isinglass.schemas.config import load_release

if TYPE_CHECKING:
    from isinglass.pipelines.release.job import Released

MOST_NAMED = 20
STOPPED = "Stopped. Give the same command again: it writes what is missing."


def release(
    run: Annotated[
        Path, typer.Argument(help="Folder of a finished run.", callback=local_path)
    ],
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            help="Configuration whose `release` section holds; else what an earlier "
            "release said, or the configuration of the run.",
            callback=local_path,
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Override one key: release.licence=MIT. Repeatable.",
        ),
    ] = None,
    sign: Annotated[
        Path | None,
        typer.Option(
            "--sign",
            metavar="KEY",
            help="Sign with an Ed25519 key, a PEM file (extra `release`).",
            callback=local_path,
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FOLDER",
            help="Also make a folder of exactly what is to be published.",
            callback=local_path,
        ),
    ] = None,
    format_: FormatOption = "text",
) -> int:
    """Write the papers of a run that met its gates: card, datasheet, sums, provenance.

    Repeat it as often as needed: no pass runs, and equal words give equal bytes. Exits
    with 3 if a gate failed, or something is not said that `release.require` asks for.
    """
    text = None if config is None else read_text(config)
    # Heavy imports wait until the arguments are known to be right.
    from isinglass.pipelines.release import job, publish  # noqa: PLC0415
    from isinglass.pipelines.release.sign import read_private  # noqa: PLC0415

    signer = None if sign is None else read_private(sign)
    if to is not None:
        publish.check_target(run, to)
    standing, origin = job.standing_settings(run)
    settings = load_release(text, set_ or [], standing)
    with stoppable(STOPPED):
        done = job.release(run, settings, signer)
        if to is not None:
            publish.publish(done, to)
    changed = " and of --set" if set_ else ""
    words = f"Words: those of {origin if config is None else config}{changed}"
    show(as_json(done, to), [*_lines(done, to), words], format_)
    return 0


def as_json(done: Released, to: Path | None) -> dict[str, Any]:
    """The result as a JSON-able value; its form is part of the contract."""
    return {
        "run_id": done.run.manifest.run_id,
        "verdict": done.run.manifest.verdict,
        "open": [
            {"path": one.path, "question": one.question} for one in done.facts.open
        ],
        "publish": [*done.published],
        "signed": done.signed,
        "to": None if to is None else str(to),
    }


def _lines(done: Released, to: Path | None) -> list[str]:
    from isinglass.pipelines.report.text import visible  # noqa: PLC0415

    facts, folder = done.facts, done.run.folder
    lines = [f"Released: {folder} (card: {folder / 'README.md'})"]
    if facts.open:
        lines.append(f"Still open, {len(facts.open)} (marked MISSING in the papers):")
        shown = facts.open[:MOST_NAMED]
        lines += [f"  {visible(one.path)}: {one.question}" for one in shown]
        if len(facts.open) > MOST_NAMED:
            more = len(facts.open) - MOST_NAMED
            lines.append(f"  and {more:,} more, which privacy.json lists")
    named = ", ".join(f"{name}/" for name in facts.tables)
    if to is None:
        lines.append(
            f"To publish: {named}, audit/statistics.parquet and the papers; `--to "
            "FOLDER` makes a folder of them."
        )
    else:
        lines.append(f"To publish: {to} ({len(done.published) + 1} files)")
    lines.append(
        "Not to publish: quarantine/, work/, findings/, paragraphs/, ledger/, and "
        "other tables of audit/."
    )
    if facts.carried:
        names = visible(", ".join(facts.carried))
        lines.append(f"Note: columns that nobody searched are in data/: {names}.")
    lines.append("Signed." if done.signed else "Not signed.")
    return lines

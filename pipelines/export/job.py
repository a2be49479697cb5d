"""A sealed run -> its kept documents, in files that trainers read.

A pass over the files of `data/`, each of which becomes one file of the same rows in the
same order. Every document is accounted for: in each file, and over the run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isinglass import __version__
from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.passes import Session, run_pass
from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.engine.units import Each, Unit
from isinglass.pipelines.engine.workspace import (
    Workspace,
    exists,
    locked,
    table_schema,
)
from isinglass.pipelines.export.folder import check_place, claim, finish, finished
from isinglass.pipelines.export.write import Target, write_file
from isinglass.pipelines.proof.files import check_seal
from isinglass.pipelines.proof.prove import open_run
from isinglass.schemas.commit import Commit, OutputFile
from isinglass.schemas.config.explain import hint
from isinglass.schemas.errors import ConfigError, InputError, ReconcileError

if TYPE_CHECKING:
    from rich.console import Console

    from isinglass.pipelines.proof.check import FinishedRun
    from isinglass.schemas.manifest import Manifest
    from isinglass.transforms.export import Form

    Sources = Mapping[str, OutputFile]
    """Files of `data/` by shard."""

EXPORT = "export"
SPEED = 1.5e8

_DATA = re.compile(r"data/([A-Za-z0-9][A-Za-z0-9-]*)\.parquet")
"""Shards have such names; of a stranger's manifest no other is taken for a path."""


@dataclass(frozen=True)
class ExportRequest:
    """What a person asked for; `workers` is None for as many as the run had."""

    run: Path
    folder: Path
    target: Target
    workers: int | None = None


@dataclass(frozen=True)
class Exported:
    """The folder, what its `export.json` tells, and whether it was there already."""

    folder: Path
    told: Mapping[str, Any]
    nothing_to_do: bool = False


def export(request: ExportRequest, console: Console) -> Exported:
    """Write the kept documents of a run; its folder stays as it is.

    Raises:
        RefuseError: The run, the folder or what is asked for does not do.
        ReconcileError: Not every document of the run was written.
    """
    run = open_run(request.run)
    _check(run)
    sources = _sources(run)
    for source in sources.values():
        _check_columns(request.target.form, run.folder / source.path)
    head = _head(request.target, run.manifest, sources)
    folder = check_place(request.folder, run.folder)
    done = finished(folder, head)
    if done is not None:
        return Exported(folder, done, nothing_to_do=True)
    workers = request.workers or run.config.beam.workers
    changed = {"runner": "FnApiRunner", "workers": workers}
    execution = Execution(run.config.beam.model_copy(update=changed))
    workspace = Workspace(str(folder))
    with locked(workspace):
        claim(workspace, head, [f"{name}{request.target.suffix}" for name in sources])
        session = Session(workspace, execution, console, (EXPORT,))
        work = Each(EXPORT, partial(write_file, run.folder.resolve(), request.target))
        try:
            commits = run_pass(session, work, _units(head, sources), speed=SPEED)
        finally:
            session.live.close()
        told = {**head, **_account(run.manifest, sources, commits)}
        finish(workspace, told)
    return Exported(folder, told)


def _check(run: FinishedRun) -> None:
    folder = run.folder
    if run.manifest.verb == "audit":
        raise InputError(f"{folder} is an audit: it holds no texts. Name a clean run.")
    if run.manifest.verdict == "failed":
        raise InputError(
            f"{folder} did not pass its gates, so it is not exported; its report.html "
            "says which. Repair that run."
        )
    seal = check_seal(run)
    if seal.status == "failed":
        raise InputError(f"{folder} is not as it was sealed: {seal.detail}.")


def _sources(run: FinishedRun) -> Sources:
    found = {}
    for output in run.manifest.outputs:
        if not output.path.startswith("data/"):
            continue
        match = _DATA.fullmatch(output.path)
        if match is None or not exists(run.folder / output.path):
            raise InputError(
                f"{run.folder} lacks a file of data/ that its manifest names. "
                "`isinglass verify` says what is damaged."
            )
        found[match[1]] = output
    return found


def _check_columns(form: Form, path: Path) -> None:
    known = table_schema(path).names
    if form.draw is not None and form.draw not in known:
        emit = form.draw.rpartition("_")[2]
        raise ConfigError(
            f"--apply {emit}: the run has no column {form.draw}. Set `balance: {{emit: "
            f"{emit}}}` and run it again."
        )
    for column in form.reads:
        if column not in known:
            said = hint(column, known)
            raise ConfigError(f"--columns: data/ has no column {column}; {said}")


def _head(target: Target, manifest: Manifest, sources: Sources) -> dict[str, Any]:
    """What an export is told by: all that its bytes depend on."""
    columns = [{"name": n, "column": c} for n, c in target.form.columns]
    return {
        "isinglass_version": __version__,
        "run_id": manifest.run_id,
        "run_data": digest({s.path: s.sha256 for s in sources.values()}),
        "format": target.suffix.removeprefix("."),
        **asdict(target.form),
        "columns": columns,
    }


def _units(head: Mapping[str, Any], sources: Sources) -> list[Unit]:
    return [
        Unit(
            name=name,
            payload=json.dumps(source.model_dump()),
            fingerprint=digest([head, source.sha256]),
            weight=source.bytes,
            rows=source.rows,
        )
        for name, source in sources.items()
    ]


def _account(
    manifest: Manifest, sources: Sources, commits: Mapping[str, Commit]
) -> dict[str, Any]:
    """The rest of `export.json`; refused if a document of the run is not in it."""
    files = []
    for name, source in sources.items():
        counts, (file,) = commits[name].counts, commits[name].outputs
        _check_sum(f"shard {name}", counts["documents"], source.rows)
        told = file.model_dump(exclude={"rows"})
        files.append({"documents": counts["documents"], "written": file.rows, **told})
    sums = {
        name: sum(commit.counts[name] for commit in commits.values())
        for name in ("documents", "written", "unweighted")
    }
    _check_sum("all shards", sums["documents"], manifest.records.kept)
    return {**sums, "bytes": sum(file["bytes"] for file in files), "files": files}


def _check_sum(where: str, read: int, expected: int) -> None:
    if read != expected:
        raise ReconcileError(
            f"Pass export, {where}: {read} documents read, {expected} kept by the run."
        )

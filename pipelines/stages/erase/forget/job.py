"""The whole request: search, list, an ordinary run that leaves out, and a check."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import yaml

from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.engine.workspace import (
    Workspace,
    exists,
    list_folder,
    locked,
    read_bytes,
    write_atomically,
)
from isinglass.pipelines.run import Request, execute
from isinglass.pipelines.stages.erase.forget.search import (
    Found,
    Remains,
    find_remains,
    search_run,
)
from isinglass.pipelines.stages.erase.forget.source import (
    SourceRun,
    check_new_key,
    known_entities,
    open_source,
)
from isinglass.pipelines.stages.erase.forget.values import Requested, check_entities
from isinglass.pipelines.stages.erase.listed import (
    Erasure,
    add_results,
    make_list,
    read_erasure,
    same_request,
    stored_list,
)
from isinglass.pipelines.stages.pii.key import store_key
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import ConfigError, OutputError
from isinglass.schemas.manifest import Manifest
from isinglass.transforms.erase.search import ValueSearch

if TYPE_CHECKING:
    from rich.console import Console


LOGGER = logging.getLogger(__name__)

FOLDER = "forget"
"""Below `work/` of the new run: list and configuration."""

LIST_FILE, CONFIG_FILE = "list.parquet", "config.yaml"

RESULT_LIMIT = 3
"""Rounds in which documents are added that hold a value once they are cleaned."""


@dataclass(frozen=True)
class ForgetRequest:
    """What a person asked for.

    Attributes:
        remove: Leave out whole documents, or only the places that hold a value.
        output: Folder of the new run; None for one beside the old.
        stages: Stages from outside, `module:Class`, whose code may be run.
    """

    run: Path
    values: tuple[Requested, ...] = field(repr=False)
    remove: Literal["documents", "spans"] = "documents"
    output: Path | None = None
    texts_only: bool = False
    dry_run: bool = False
    stages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Forgotten:
    """What a request led to; no folder where no new run was made."""

    found: Found
    folder: Path | None = None
    manifest: Manifest | None = None
    remains: Remains = field(default_factory=lambda: Remains((), ()))


def forget(request: ForgetRequest, console: Console) -> Forgotten:
    """Make a run that has forgotten some values.

    Raises:
        RefuseError: Something must be changed first; the message says what.
    """
    source = open_source(request.run, texts_only=request.texts_only)
    asked = frozenset(item.entity for item in request.values if item.entity)
    check_entities(request.values, known_entities(source, asked))
    if not request.dry_run:
        check_new_key(source)
    search = ValueSearch.compile([item.value for item in request.values])
    given = RunConfig.model_validate(source.given)
    for stage in given.stages:
        # No code is run because a run folder names it.
        if stage.use not in request.stages:
            raise ConfigError(
                f"The run used the stage {stage.use}, whose code would be run again. "
                f"If you trust it, name it: --stage {stage.use}"
            )
    found = search_run(source, request.values, search, given.beam.workers)
    if request.dry_run or found.documents == 0:
        return Forgotten(found)
    folder = _output(request, source)
    config = _config(source, folder)
    erasure = make_list(found, request.remove, source.earlier)
    workspace = Workspace(str(folder))
    erasure = _prepare(workspace, config, source, erasure)
    execution = Execution(config.beam, ())
    job = Request(config, source.manifest.verb, source.base, execution)
    manifest, remains = _run(workspace, job, erasure, search, console)
    return Forgotten(found, folder, manifest, remains)


def _output(request: ForgetRequest, source: SourceRun) -> Path:
    old = source.workspace.path
    if request.output is None:
        number = 1
        while exists(old.parent / f"{old.name}-forgotten-{number}"):
            number += 1
        return old.parent / f"{old.name}-forgotten-{number}"
    folder = request.output.expanduser().resolve()
    if folder == old or folder.is_relative_to(old) or old.is_relative_to(folder):
        msg = f"--output {request.output}: choose a folder outside of {old}."
        raise OutputError(msg)
    return folder


def _config(source: SourceRun, folder: Path) -> RunConfig:
    """The configuration of the run, for another folder and with the list."""
    listed = _near(folder / "work" / FOLDER / LIST_FILE, source.base)
    changed = {"output": _near(folder, source.base), "erase": {"list": listed}}
    return RunConfig.model_validate({**source.given, **changed})


def _near(path: Path, base: Path) -> str:
    """The path from the base, if it lies below."""
    return str(path.relative_to(base) if path.is_relative_to(base) else path)


def _prepare(
    workspace: Workspace, config: RunConfig, source: SourceRun, erasure: Erasure
) -> Erasure:
    """Write list, configuration and key, unless the folder holds something else.

    That may be another request, whose erasures would be lost. Of the same one, the
    list goes on with what was added to it.
    """
    folder, place = workspace.path, workspace.work / FOLDER
    if exists(folder) and any(list_folder(folder)) and not exists(place):
        raise OutputError(f"{folder} holds something else. Choose another --output.")
    told = config.model_dump(mode="json", exclude_unset=True)
    text = yaml.safe_dump(told, sort_keys=False, allow_unicode=True)
    if exists(place / LIST_FILE):
        before = read_erasure(str(place / LIST_FILE))
        path = place / CONFIG_FILE
        same = exists(path) and read_bytes(path) == text.encode()
        if not same or not same_request(before, erasure):
            raise OutputError(
                f"{folder} is of another request. Choose another --output, or "
                "let that run forget, which keeps what it has forgotten before."
            )
        erasure = before
    with locked(workspace):
        write_atomically(place / CONFIG_FILE, text)
        write_atomically(place / LIST_FILE, stored_list(erasure))
        if source.key is not None:
            store_key(workspace, config.pii, source.key)
    return erasure


def _run(
    workspace: Workspace,
    job: Request,
    erasure: Erasure,
    search: ValueSearch,
    console: Console,
) -> tuple[Manifest, Remains]:
    """Run the job until nothing is left of the values.

    Cleaning may bring a value about that was in no source text: what stood before
    and behind a part that was cut out. Such a document goes as a whole.
    """
    for rounds_left in range(RESULT_LIMIT, -1, -1):
        manifest = execute(job, console).manifest
        remains = find_remains(workspace.path, search)
        if not remains.doc_ids or not rounds_left:
            break
        LOGGER.warning(
            "%d documents hold a value once cleaned; leaving them out",
            len(remains.doc_ids),
        )
        erasure = add_results(erasure, remains.doc_ids)
        write_atomically(workspace.work / FOLDER / LIST_FILE, stored_list(erasure))
    return manifest, remains

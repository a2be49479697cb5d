"""The whole request: search, list, an ordinary run that leaves out, and a check."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
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
from isinglass.pipelines.stages.erase.forget.check import Remains, find_remains
from isinglass.pipelines.stages.erase.forget.listing import (
    RESULT_LIMIT,
    add_results,
    make_list,
    same_request,
)
from isinglass.pipelines.stages.erase.forget.search import search_run
from isinglass.pipelines.stages.erase.forget.source import (
    check_new_key,
    known_entities,
    open_source,
)
from isinglass.pipelines.stages.erase.forget.values import check_entities
from isinglass.pipelines.stages.erase.listed import Erasure, read_erasure, stored_list
from isinglass.pipelines.stages.pii.key import store_key
from isinglass.schemas.config import EraseConfig, RunConfig
from isinglass.schemas.errors import ConfigError, OutputError
from isinglass.transforms.erase.search import ValueSearch

if TYPE_CHECKING:
    from isinglass.pipelines.engine.progress import Progress
    from isinglass.pipelines.stages.erase.forget.search import Found
    from isinglass.pipelines.stages.erase.forget.source import SourceRun
    from isinglass.pipelines.stages.erase.forget.values import Requested
    from isinglass.schemas.manifest import Manifest

LOGGER = logging.getLogger(__name__)

FOLDER = "forget"
"""Below `work/` of the new run: list and configuration."""

LIST_FILE, CONFIG_FILE = "list.parquet", "config.yaml"


@dataclass(frozen=True)
class ForgetRequest:
    """What a person asked for.

    Attributes:
        run: Folder of the run that is to forget; it is not changed.
        values: What it is to forget.
        remove: Leave out whole documents, or only the places that hold a value.
        output: Folder of the new run; None for one beside the old.
        texts_only: Do without the key of the run.
        dry_run: Search and count, write nothing.
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
    """What a request led to.

    Attributes:
        found: Where the values were.
        folder: The new run; None if none was made.
        manifest: Its manifest.
        remains: What is left of the values in it.
    """

    found: Found
    folder: Path | None = None
    manifest: Manifest | None = None
    remains: Remains = field(default_factory=lambda: Remains((), ()))


def forget(request: ForgetRequest, progress: Progress) -> Forgotten:
    """Make a run that has forgotten some values.

    Raises:
        RefuseError: Something must be changed first; the message says what.
    """
    source = open_source(request.run, texts_only=request.texts_only)
    asked = frozenset(item.entity for item in request.values if item.entity)
    if asked:
        check_entities(request.values, known_entities(source, asked))
    if not request.dry_run:
        check_new_key(source)
    search = ValueSearch.compile([item.value for item in request.values])
    given = RunConfig.model_validate(source.given)
    _check_stages(given, request.stages)
    found = search_run(source, request.values, search, given.beam.workers)
    if request.dry_run or found.documents == 0:
        return Forgotten(found)
    folder = _output(request, source)
    erasure = make_list(found, request.remove, source.earlier)
    config = _config(source, folder)
    new = _NewRun(folder, config, source, erasure)
    new.prepare()
    manifest, remains = new.run(search, progress)
    return Forgotten(found, folder, manifest, remains)


def _check_stages(config: RunConfig, named: tuple[str, ...]) -> None:
    """No code is run because a run folder names it.

    Raises:
        ConfigError: The run used a stage from outside that the person did not name.
    """
    for stage in config.stages:
        if stage.use not in named:
            msg = (
                f"The run used the stage {stage.use}, whose code would be run again. "
                f"If you trust it, name it: --stage {stage.use}"
            )
            raise ConfigError(msg)


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
    return RunConfig.model_validate(
        {
            **source.given,
            "output": _near(folder, source.base),
            "erase": {"list": listed},
        }
    )


def _near(path: Path, base: Path) -> str:
    """The path from the base, if it lies below."""
    return str(path.relative_to(base) if path.is_relative_to(base) else path)


@dataclass
class _NewRun:
    """The run that has forgotten, from its list to its check."""

    folder: Path
    config: RunConfig
    source: SourceRun
    erasure: Erasure

    @property
    def workspace(self) -> Workspace:
        return Workspace(str(self.folder))

    def prepare(self) -> None:
        """Write list, configuration and key, unless the folder holds something else.

        Raises:
            OutputError: It does.
        """
        place = self.workspace.work / FOLDER
        if exists(self.folder) and any(list_folder(self.folder)) and not exists(place):
            msg = f"{self.folder} holds something else. Choose another --output."
            raise OutputError(msg)
        told = self.config.model_dump(mode="json", exclude_unset=True)
        text = yaml.safe_dump(told, sort_keys=False, allow_unicode=True)
        if exists(place / LIST_FILE):
            self._take_up(place, text)
        with locked(self.workspace):
            write_atomically(place / CONFIG_FILE, text)
            self._write_list()
            if self.source.key is not None:
                store_key(self.workspace, self.config.pii, self.source.key)

    def _take_up(self, place: Path, text: str) -> None:
        """Go on with the same request, with what it has added to its list so far.

        Raises:
            OutputError: The folder is of another request, whose erasures would be lost.
        """
        listed = EraseConfig(list=str(place / LIST_FILE))
        before = read_erasure(listed)
        path = place / CONFIG_FILE
        same = exists(path) and read_bytes(path) == text.encode()
        if not same or not same_request(before, self.erasure):
            msg = (
                f"{self.folder} is of another request. Choose another --output, or "
                "let that run forget, which keeps what it has forgotten before."
            )
            raise OutputError(msg)
        self.erasure = before

    def _write_list(self) -> None:
        path = self.workspace.work / FOLDER / LIST_FILE
        write_atomically(path, stored_list(self.erasure))

    def run(self, search: ValueSearch, progress: Progress) -> tuple[Manifest, Remains]:
        """Run the job until nothing is left of the values.

        Cleaning may bring a value about that was in no source text: what stood before
        and behind a part that was cut out. Such a document goes as a whole.
        """
        verb = self.source.manifest.verb
        execution = Execution(self.config.beam, ())
        request = Request(self.config, verb, self.source.base, execution)
        manifest = execute(request, progress).manifest
        remains = find_remains(self.folder, search)
        for _ in range(RESULT_LIMIT):
            if not remains.doc_ids:
                break
            LOGGER.warning(
                "%d documents hold a value once cleaned; leaving them out",
                len(remains.doc_ids),
            )
            self.erasure = add_results(self.erasure, pa.array(remains.doc_ids))
            self._write_list()
            manifest = execute(request, progress).manifest
            remains = find_remains(self.folder, search)
        return manifest, remains

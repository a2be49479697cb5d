"""The source texts of a finished run, read again from its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pydantic

from isinglass.pipelines.engine.workspace import Workspace, read_bytes
from isinglass.pipelines.ownership import OWNER, read_mapping
from isinglass.pipelines.plan import Plan, plan
from isinglass.pipelines.second_try import deadly_files
from isinglass.schemas.config import RunConfig
from isinglass.schemas.documents import Shard
from isinglass.schemas.errors import InputError, IsinglassError
from isinglass.schemas.manifest import Manifest
from isinglass.transforms.read import read_shard
from isinglass.transforms.read.identity import doc_ids

MOST_NAMED = 3
"""Changed inputs that are told by name."""

NO_NOTE = "work/run.json is missing or damaged: the inputs cannot be found"


@dataclass(frozen=True)
class Place:
    """Where a document lies in the inputs; SHA-256 of the file as it was planned."""

    doc_id: str
    source: str
    path: str
    row: int
    sha256: str


@dataclass(frozen=True)
class Missing:
    """Why a source text is not at hand; never a part of it."""

    why: str


def read_note(folder: Path) -> dict[str, Any] | None:
    """What the run in `folder` was started with, or None if that is not known."""
    note = read_mapping(folder / "work" / OWNER) or {}
    kinds = {"given": dict, "config": dict, "base": str}
    return note if all(isinstance(note.get(k), t) for k, t in kinds.items()) else None


def manifest_bytes(folder: Path) -> bytes:
    """The manifest as it was written; an `InputError` if it cannot be read."""
    path = folder / "manifest.json"
    try:
        return read_bytes(path)
    except (FileNotFoundError, NotADirectoryError):
        said = f"{folder} holds no manifest.json: it is not a finished run."
        raise InputError(said) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run; raises `ValidationError` if of another version."""
    return Manifest.model_validate_json(manifest_bytes(folder))


def plan_again(folder: Path, manifest: Manifest) -> Plan | str:
    """The plan of the run in a folder made anew, or why that is not possible."""
    made = _plan(folder)
    if isinstance(made, str):
        return made
    now = {(i.source, i.path, i.sha256) for i in made.inputs}
    then = {(i.source, i.path, i.sha256) for i in manifest.inputs}
    changed = sorted({f"{path} ({source})" for source, path, _ in now ^ then})
    if not changed:
        return made
    more = len(changed) - MOST_NAMED
    rest = f" and {more} more" if more > 0 else ""
    return f"inputs changed since the run: {', '.join(changed[:MOST_NAMED])}{rest}"


def _plan(folder: Path, sources: set[str] | None = None) -> Plan | str:
    """The plan of the inputs of some sources, or of all, as they are now."""
    note = read_note(folder)
    if note is None:
        return NO_NOTE
    try:
        config = RunConfig.model_validate(note["given"])
        if sources is not None:
            inputs = tuple(item for item in config.inputs if item.source in sources)
            if not inputs:
                return "work/run.json names no input of this source"
            config = config.model_copy(update={"inputs": inputs})
        deadly = deadly_files(Workspace(str(folder)))
        return plan(config, Path(note["base"]), deadly)
    except pydantic.ValidationError:
        return "work/run.json holds no configuration that this version reads"
    except IsinglassError as error:
        return f"the inputs are not as they were: {error}".rstrip(".")


def find_place(
    inputs: Sequence[dict[str, Any]], doc_id: str, path: str, row: int
) -> Place | None:
    """The place of a record, with the one source whose name makes its id.

    `inputs` are those of the manifest; path and row are as in the ledger.
    """
    rows = np.array([row], np.int64)
    for item in inputs:
        if item["path"] != path:
            continue
        if doc_ids(item["source"], path, rows)[0].as_py() == doc_id:
            return Place(doc_id, item["source"], path, row, item["sha256"])
    return None


def source_texts(folder: Path, places: Sequence[Place]) -> list[str | Missing]:
    """Read documents of a run again from its inputs, or tell why that is not possible.

    Only the inputs of the documents' sources are planned again; a change in another
    file does not matter.
    """
    made = _plan(folder, {place.source for place in places})
    if isinstance(made, str):
        return [Missing(made.rstrip("."))] * len(places)
    stretches: dict[tuple[str, str, int], Shard] = {}
    together: dict[tuple[str, str, int], list[Place]] = {}
    texts: dict[str, str | Missing] = {}
    for place in places:
        found = _where(made, place)
        if isinstance(found, Missing):
            texts[place.doc_id] = found
            continue
        key = (found.source, place.path, found.pieces[0].first_row)
        stretches[key] = found
        together.setdefault(key, []).append(place)
    for key, some in together.items():
        texts |= _read_stretch(made, stretches[key], some)
    return [texts[place.doc_id] for place in places]


def documents_called(folder: Path, source_id: str) -> list[str]:
    """The doc_ids of the documents that have this id in the data.

    The inputs are read for it, since only kept documents have it in `data/`. Files that
    cannot be read are passed over.
    """
    made = _plan(folder)
    if isinstance(made, str):
        raise InputError(
            f"The id cannot be looked up in the inputs: {made}. Give the doc_id, which "
            "is in the ledger and in data/, or path:row."
        )
    found: list[str] = []
    for shard in made.shards:
        try:
            for batch in read_shard(shard, made.layout):
                ids = batch.documents.column("source_id")
                same = batch.documents.filter(pc.equal(ids, source_id))
                found += same.column("doc_id").to_pylist()
        except IsinglassError:
            continue
    return found


def _where(made: Plan, place: Place) -> Shard | Missing:
    """The part of the file that holds a record, if the file is as it was."""
    hashes = {(item.source, item.path): item.sha256 for item in made.inputs}
    now = hashes.get((place.source, place.path))
    if now is None:
        return Missing(f"{place.path} is no longer among the inputs")
    if now != place.sha256:
        return Missing(f"{place.path} changed since the run")
    stretch = _stretch(made, place)
    return stretch or Missing(f"{place.path} has no record {place.row}")


def _read_stretch(
    made: Plan, stretch: Shard, places: Sequence[Place]
) -> dict[str, str | Missing]:
    """Records of one part of a file, which is read once and not beyond the last."""
    open_ = {place.doc_id: place for place in places}
    texts: dict[str, str | Missing] = {}
    why = "record {row} of {path} cannot be read as a text"
    try:
        for batch in read_shard(stretch, made.layout):
            documents = batch.documents
            wanted = pa.array(open_, pa.string())
            held = pc.is_in(documents.column("doc_id"), value_set=wanted)
            for row in pc.indices_nonzero(held).to_pylist():
                doc_id = documents.column("doc_id")[row].as_py()
                texts[doc_id] = str(documents.column("text")[row].as_py())
                open_.pop(doc_id, None)
            if not open_:
                return texts
    except IsinglassError as error:
        why = str(error).rstrip(".").replace("{", "{{").replace("}", "}}")
    return texts | {
        place.doc_id: Missing(why.format(row=place.row, path=place.path))
        for place in open_.values()
    }


def _stretch(made: Plan, place: Place) -> Shard | None:
    """The part of the file that holds the record, as a shard of its own."""
    found = [
        (shard, piece)
        for shard in made.shards
        for piece in shard.pieces
        if (shard.source, piece.relative) == (place.source, place.path)
        and piece.first_row <= place.row
    ]
    if not found:
        return None
    shard, piece = max(found, key=lambda pair: pair[1].first_row)
    return replace(shard, pieces=(piece,))

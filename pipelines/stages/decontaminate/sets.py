"""Evaluation sets: read once in the driver, indexed, and counted at the end."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.pipelines.engine.passes import Session, run_step
from isinglass.pipelines.engine.workspace import Workspace, exists, map_array
from isinglass.pipelines.plan import Plan, plan
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import DecontaminateConfig, RunConfig
from isinglass.schemas.config.inputs import Columns
from isinglass.schemas.documents import DocumentBatch
from isinglass.schemas.errors import InputError
from isinglass.schemas.manifest import DecontaminationSummary, EvaluationFile
from isinglass.transforms.decontaminate.items import (
    ItemIndex,
    ItemKind,
    build_index,
    index_arrays,
    item_kinds,
    join_index,
)
from isinglass.transforms.read import read_shard

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs

DECONTAMINATE = "decontaminate"

_MAGIC = re.compile(r"[*?\[]")
# Fixes that the planner proposes for an input, and what they are called here.
_COLUMN_FIX = re.compile(r"Set `columns: \{text: (.*?)\}` in inputs\[\d+\]")
_FORMAT_FIX = re.compile(r"(S|s)et `format`[^.]*\.")
_INPUT = re.compile(r"\binputs(?=[\[:])")


@dataclass(frozen=True)
class SetFile:
    """One file of evaluation items.

    The path is as the configuration names it; in a folder, with the path below it.
    `items` are records with a text, and as many items from number `first` on;
    `unreadable` are records without one, which no document can be searched for.
    """

    path: str
    sha256: str
    first: int
    items: int
    unreadable: int


@dataclass(frozen=True, eq=False)
class EvaluationSets:
    """The evaluation items of a run.

    `texts` are the items, in order of files and rows: an item's number is its place.
    Each has a name, `FILE:ROW` with rows counted from 0, and an `ItemKind`, uint8.
    """

    config: DecontaminateConfig
    texts: pa.StringArray
    names: tuple[str, ...]
    kinds: NDArray[np.uint8]
    files: tuple[SetFile, ...]

    @property
    def identity(self) -> list[Any]:
        """What the search depends on, JSON-able, for the run's fingerprint."""
        files = [[file.path, file.sha256] for file in self.files]
        return [files, self.config.model_dump(exclude={"files"})]

    @property
    def counts(self) -> dict[str, int]:
        """Items by what becomes of them, and records that are no items."""
        return {
            "records_in": len(self.texts) + sum(f.unreadable for f in self.files),
            "items": len(self.texts),
            **_kind_counts(self.kinds),
            "unreadable": sum(file.unreadable for file in self.files),
        }

    @property
    def rule(self) -> str:
        """What makes a document contaminated, for the ledger."""
        config = self.config
        share = f" and {config.min_share:g} of the item" if config.min_share else ""
        return f"evaluation match>={config.min_words} words{share}, or a whole item"


def read_sets(config: DecontaminateConfig, base: Path) -> EvaluationSets:
    """Read the evaluation sets that the configuration names; nothing is written.

    Raises:
        InputError: A file is missing, cannot be read, or does not hold the column; or
            there is no item that can be looked for.
    """
    made = _plan(config, base)
    found = _read(made)
    texts: list[pa.Array] = []
    names: list[str] = []
    files: list[SetFile] = []
    for planned in made.inputs:
        number, first = int(planned.source), len(names)
        path = _shown(config.files[number], planned.path, base)
        unreadable = 0
        for batch in found.get((number, planned.path), []):
            names += [f"{path}:{row}" for row in batch.documents["row"].to_pylist()]
            texts.append(batch.documents["text"])
            unreadable += batch.rejected.num_rows
        items = len(names) - first
        files.append(SetFile(path, planned.sha256, first, items, unreadable))
    joined = pa.concat_arrays(texts) if texts else pa.array([], pa.string())
    kinds = item_kinds(joined, config)
    if not (kinds <= ItemKind.SEARCHED_WHOLE).any():
        raise InputError(
            f"decontaminate.files: {', '.join(config.files)} hold no item that can be "
            f"looked for: {len(joined)} records with a text in column {config.column}, "
            "none of 5 words or more. Name the column that holds the text in "
            "`decontaminate: {column: ...}`."
        )
    return EvaluationSets(config, joined, tuple(names), kinds, tuple(files))


def _plan(config: DecontaminateConfig, base: Path) -> Plan:
    columns = dict.fromkeys(Columns.model_fields) | {"text": config.column}
    inputs = [
        # A source of its own lets two folders hold files of the same name.
        {"path": path, "source": str(index), "columns": columns}
        for index, path in enumerate(config.files)
    ]
    try:
        settings = RunConfig.model_validate({"inputs": inputs, "output": "-"})
        made = plan(settings, base)
    except InputError as error:
        raise InputError(_in_our_terms(str(error))) from None
    for planned in made.inputs:
        if planned.problem:
            raise InputError(
                f"decontaminate.files: {planned.path} cannot be read: "
                f"{planned.problem}. Repair the file, or take it off the list."
            )
    return made


def _in_our_terms(message: str) -> str:
    """Say what the planner says of an input as it is set in this section."""
    message = _COLUMN_FIX.sub(r"Set `column: \1` in decontaminate", message)
    message = _FORMAT_FIX.sub(r"\1et a known suffix for the file.", message)
    return _INPUT.sub("decontaminate.files", message)


def _read(made: Plan) -> dict[tuple[int, str], list[DocumentBatch]]:
    """The batches of each file that hold a record, in order."""
    found: dict[tuple[int, str], list[DocumentBatch]] = {}
    for shard in made.shards:
        for piece in shard.pieces:
            alone = replace(shard, pieces=(piece,))
            batches = found.setdefault((shard.input, piece.relative), [])
            batches.extend(read_shard(alone, made.layout))
    for batches in found.values():
        batches.sort(key=lambda batch: batch.documents["row"][:1].to_pylist())
    return found


def _shown(entry: str, relative: str, base: Path) -> str:
    """Path of a file as the configuration would name it."""
    root = Path(entry)
    # As the planner does: what is there under this very name is no pattern.
    if not exists(base / root.expanduser()):
        plain = takewhile(lambda part: not _MAGIC.search(part), root.parts)
        root = Path(*plain)
    if root.name == relative:
        return root.as_posix()
    return (root / relative).as_posix()


def _kind_counts(kinds: NDArray[np.uint8]) -> dict[str, int]:
    counted = Counter(kinds.tolist())
    return {kind.name.lower(): counted[kind] for kind in ItemKind}


def store_index(session: Session, sets: EvaluationSets, code: str) -> Commit:
    """Index the items under `work/decontaminate`, unless that is done already."""

    def make(outputs: UnitOutputs) -> dict[str, int]:
        try:
            index = build_index(sets.texts, sets.config)
        except ValueError as error:
            raise InputError(f"decontaminate.files: {error}.") from None
        folder = outputs.workspace.pass_folder(DECONTAMINATE)
        for name, array in index_arrays(index).items():
            outputs.write_array(folder / name, array)
        return sets.counts

    return run_step(session, DECONTAMINATE, [sets.identity, code], make)


def open_index(workspace: Workspace) -> ItemIndex:
    """Map the stored index into memory; cheap, and shared between processes."""
    folder = workspace.pass_folder(DECONTAMINATE)
    return join_index(lambda name: map_array(folder / name))


def decontamination_summary(
    sets: EvaluationSets, found: NDArray[np.integer[Any]]
) -> DecontaminationSummary:
    """Summary for the manifest; `found` is the item of each document, -1 for none."""
    items = found[found >= 0]
    files = []
    for file in sets.files:
        last = file.first + file.items
        counts = _kind_counts(sets.kinds[file.first : last])
        inside = items[(items >= file.first) & (items < last)]
        files.append(
            EvaluationFile(
                path=file.path,
                sha256=file.sha256,
                items=file.items,
                too_short=counts["too_short"],
                duplicates=counts["duplicate"],
                unreadable=file.unreadable,
                matched_items=len(np.unique(inside)),
                documents=len(inside),
            )
        )
    return DecontaminationSummary(
        files=files, documents=len(items), action=sets.config.action
    )

"""The file in which a person's marks are kept, and lines of marks from elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pydantic

from isinglass.pipelines.engine.workspace import read_bytes, write_atomically
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import ConfigError, InputError
from isinglass.schemas.marks import Key, Kind, Mark
from isinglass.transforms.read.identity import doc_ids

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder

Marks = dict[Key, Mark]

_FIX = (
    "Correct that line or delete it: lines are as `isinglass review --format jsonl` "
    "writes them."
)


@dataclass(frozen=True)
class MarksFile:
    """The marks that a run is told of, and the file that they are from."""

    path: str
    sha256: str
    marks: Mapping[Key, Mark]


def read_marks_file(path: Path) -> MarksFile:
    """Read a file of marks.

    Raises:
        InputError: It cannot be read, or a line is no mark; names the line.
    """
    try:
        content = read_bytes(path)
    except OSError as error:
        raise InputError(
            f"The marks in {path} cannot be read: {error.strerror}."
        ) from None
    sha256 = hashlib.sha256(content).hexdigest()
    return MarksFile(str(path), sha256, read_marks(content, str(path)))


def read_marks(content: bytes, name: str) -> Marks:
    """Marks from JSON lines, the last on a place; keys that no mark has do not count.

    A line without a mark, as `isinglass review --format jsonl` writes it, says nothing.

    Raises:
        InputError: A line is no mark; names it and the fault, never what it holds.
    """
    marks: Marks = {}
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            raise InputError(f"{where} is not JSON. {_FIX}") from None
        if not isinstance(told, dict):
            raise InputError(f"{where} is not an object. {_FIX}")
        if told.get("mark") is None:
            continue
        mark = _mark(told, where)
        marks[mark.key] = mark
    return marks


def _mark(told: dict[str, Any], where: str) -> Mark:
    try:
        known = {name: told[name] for name in Mark.model_fields if name in told}
        return Mark.model_validate_json(json.dumps(known))
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the line"
        said = {
            "missing": "is missing",
            "value_error": str(first.get("ctx", {}).get("error")),
        }.get(first["type"], "is none that `isinglass review` writes")
        raise InputError(f"{where}: {key}: {said}. {_FIX}") from None


def write_marks(path: Path, marks: Mapping[Key, Mark]) -> None:
    """Write all marks, sorted; its owner alone can read the file."""
    lines = [marks[key].model_dump_json() + "\n" for key in sorted(marks)]
    write_atomically(path, "".join(lines), secret=True)


def marks_of(config: RunConfig, base: Path) -> tuple[RunConfig, MarksFile | None]:
    """The configuration with the absolute name of its file of marks, and these."""
    if config.review is None:
        return config, None
    path = (base / Path(config.review.marks).expanduser()).resolve()
    try:
        found = read_marks_file(path)
    except InputError as error:
        raise ConfigError(f"review.marks: {error}") from None
    section = config.review.model_copy(update={"marks": str(path)})
    return config.model_copy(update={"review": section}), found


def latest_draws(
    marks: Iterable[Mark], kind: Kind
) -> dict[str, tuple[int, list[Mark]]]:
    """The seed of the latest draw of each label of a kind, and the marks on it."""
    own = [mark for mark in marks if mark.kind == kind and mark.drawn]
    seeds: dict[str, int] = {}
    for mark in own:
        seeds[mark.label] = max(seeds.get(mark.label, 0), *mark.drawn)
    found: dict[str, tuple[int, list[Mark]]] = {}
    for mark in own:
        if seeds[mark.label] in mark.drawn:
            found.setdefault(mark.label, (seeds[mark.label], []))[1].append(mark)
    return found


class Ranked(NamedTuple):
    """Marks on one draw of a label.

    Attributes:
        counted: On its first places, with none left out: a simple random sample.
        behind: Behind the first place without a mark.
        unknown: Of which is not known where in the draw they are.
    """

    counted: list[Mark]
    behind: list[Mark]
    unknown: list[Mark]

    @classmethod
    def of(cls, seed: int, marks: Iterable[Mark]) -> Ranked:
        """Sort marks by the places in the draw that they were shown at."""
        ranked = [mark for mark in marks if seed in mark.ranks]
        held = {mark.ranks[seed] for mark in ranked}
        gap = next(rank for rank in count(1) if rank not in held)
        return cls(
            [mark for mark in ranked if mark.ranks[seed] < gap],
            [mark for mark in ranked if mark.ranks[seed] > gap],
            [mark for mark in marks if seed not in mark.ranks],
        )


def joined(newer: Mark, older: Mark | None) -> Mark:
    """A mark that takes the place of another one, in the samples of both."""
    if older is None:
        return newer
    drawn = tuple(sorted({*newer.drawn, *older.drawn}))
    ranks = {**older.ranks, **newer.ranks}
    return newer.model_copy(update={"drawn": drawn, "ranks": ranks})


def merged(run: RunFolder, held: Marks, given: Marks) -> Marks:
    """Marks with those that came from elsewhere, which must be on files of the run.

    Raises:
        InputError: One is on another file, or its doc_id is not of its place.
    """
    files = {(i["source"], i["path"]): i["sha256"] for i in run.manifest["inputs"]}
    strange = sum(not holds(mark, files) for mark in given.values())
    if strange:
        raise InputError(
            f"{strange} of {len(given)} marks are on documents that run "
            f"{run.manifest['run_id']} did not read, or on files that changed since. "
            "Nothing was taken over."
        )
    both = dict(held)
    for key, mark in given.items():
        both[key] = joined(mark, both.get(key))
    return both


def holds(mark: Mark, files: Mapping[tuple[str, str], str]) -> bool:
    """Whether the document of a mark is one of the inputs, as it was.

    `files` are the SHA-256 of inputs by source and path.
    """
    if files.get((mark.source, mark.path)) != mark.file_sha256:
        return False
    rows = np.array([mark.row], np.int64)
    return bool(doc_ids(mark.source, mark.path, rows)[0].as_py() == mark.doc_id)

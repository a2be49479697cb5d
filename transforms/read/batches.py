"""From the columns of some input records to a `DocumentBatch`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.documents import DocumentBatch, Layout, Shard
from isinglass.schemas.reasons import QuarantineReason
from isinglass.schemas.tables import DOCUMENTS, METADATA_COLUMNS, REJECTED, with_carried
from isinglass.transforms.read.checks import (
    Rejection,
    as_string,
    check_texts,
    invalid_rows,
)
from isinglass.transforms.read.folders import folder_values
from isinglass.transforms.read.identity import file_seed, seeded_doc_ids

BATCH_ROWS = 1024
"""Most records in a batch."""

BATCH_BYTES = 4 * 2**20
"""Bytes of text a batch holds at most, unless one document alone is larger."""

EXTRA_ROLE = {b"isinglass.role": b"extra"}
"""Field metadata by which the carried column of unplanned JSON keys is known."""


@dataclass(frozen=True)
class Origin:
    """Where the records of a batch come from, and what they become.

    Attributes:
        source: With `relative`, a part of the document ids.
        text: The input's name of the text column.
        mapped: Its names for our metadata columns, where it has one.
        carried: The carried columns, each with the input's name of it; None for the
            column of unplanned keys, and for a column that this input maps to one of
            ours, which is therefore not carried here.
        extra: Names of columns of unplanned keys of JSON lines.
    """

    source: str
    layout: Layout
    text: str
    mapped: dict[str, str]
    carried: tuple[tuple[pa.Field, str | None], ...]
    extra: tuple[str, ...]
    relative: str = ""

    @classmethod
    def of(cls, shard: Shard, layout: Layout) -> Origin:
        """What all files of a shard have in common."""
        names = layout.columns[shard.input].model_dump()
        names["source_id"] = names.pop("id")
        mapped = {ours: names[ours] for ours in METADATA_COLUMNS if names[ours]}
        extra = tuple(field.name for field in layout.carried if _is_extra(field))
        taken = {names["text"], *mapped.values()}
        carried = []
        for field in layout.carried:
            name = layout.renamed.get(field.name, field.name)
            ours = field.name in extra or name in taken
            carried.append((field, None if ours else name))
        text = names["text"]
        return cls(shard.source, layout, text, mapped, tuple(carried), extra)

    @property
    def names(self) -> list[str]:
        """The input's names of all columns that are read."""
        carried = (name for _, name in self.carried if name is not None)
        return [*dict.fromkeys((self.text, *self.mapped.values(), *carried))]

    def at(self, relative: str) -> Origin:
        """The same of one of the files."""
        return replace(self, relative=relative)


@dataclass(frozen=True)
class Records:
    """Some records of one file, column by column (n,).

    Texts are of any text type, with nulls. Metadata (strings) and carried columns, by
    output name, are those that the file has. `lines` are the records as they stood in
    the input, where it has lines.
    """

    rows: NDArray[np.int64]
    text: pa.Array
    metadata: dict[str, pa.Array]
    carried: dict[str, pa.Array]
    lines: Sequence[bytes | None] | None = None


def _is_extra(field: pa.Field) -> bool:
    """Tell whether a carried column is ours, for the unplanned keys of JSON lines."""
    return bool(field.metadata) and EXTRA_ROLE.items() <= field.metadata.items()


def cut(sizes: NDArray[np.int64], most: int = BATCH_BYTES) -> Iterator[slice]:
    """Cut records (n,) into batches of at most `BATCH_ROWS` and `most` bytes.

    One that is larger than a batch may be is alone in its batch. The slices cover all
    records in order.
    """
    if len(sizes) <= BATCH_ROWS and int(sizes.sum()) <= most:
        if len(sizes):
            yield slice(0, len(sizes))
        return
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        before = ends[start - 1] if start else 0
        stop = int(np.searchsorted(ends, before + most, side="right"))
        stop = max(start + 1, min(stop, start + BATCH_ROWS))
        yield slice(start, stop)
        start = stop


@dataclass(frozen=True)
class Part:
    """Records of one file as they were parsed, and those that could not be.

    `records` is None for none; rejections are numbered as rows of the file.
    """

    origin: Origin
    records: Records | None
    rejections: tuple[Rejection, ...] = ()

    @property
    def rows(self) -> int:
        """Records of both kinds."""
        return len(self.rejections) + (len(self.records.rows) if self.records else 0)

    @property
    def bytes(self) -> int:
        """Bytes of texts and of what was rejected."""
        rejected = sum(len(one.raw or b"") for one in self.rejections)
        return rejected + (self.records.text.nbytes if self.records else 0)


def only_rejected(origin: Origin, *rejections: Rejection) -> Part:
    """Return a part without documents."""
    return Part(origin, None, rejections)


def gather(parts: Iterable[Part]) -> Iterator[DocumentBatch]:
    """Make batches of parts: one of each, but that small files share one.

    What belongs together lies in one batch whose parts are of different files, and
    which keeps to `BATCH_ROWS` and `BATCH_BYTES`.
    """
    held: list[Part] = []
    rows = size = 0
    for part in parts:
        more = part.bytes
        full = rows + part.rows > BATCH_ROWS or size + more > BATCH_BYTES
        if held and (full or not _may_share(held[-1].origin, part.origin)):
            yield document_batch(held)
            held, rows, size = [], 0, 0
        held.append(part)
        rows += part.rows
        size += more
    if held:
        yield document_batch(held)


def _may_share(one: Origin, other: Origin) -> bool:
    """Whether they are different files whose folders give the same values."""
    folders = folder_values(one.relative) == folder_values(other.relative)
    return folders and one.relative != other.relative


def document_batch(parts: Sequence[Part]) -> DocumentBatch:
    """Check the records that could be parsed, and set unsound ones aside.

    Every record, those that were rejected before included, is once in `documents` or
    in `rejected`, both in order of files and rows. The parts are of one source.
    """
    rejections = [(n, one) for n, part in enumerate(parts) for one in part.rejections]
    records, files = _united(parts)
    checked = check_texts(records.text, parts[0].origin.layout.max_chars)
    for one in checked.rejections:
        # Say what was in the input where there is no text to show.
        line = records.lines[one.row] if records.lines else None
        raw = line if one.raw is None else one.raw
        numbered = one._replace(row=int(records.rows[one.row]), raw=raw)
        rejections.append((int(files[one.row]), numbered))
    records = _keep(records, checked.sound, checked.texts)
    files = files[checked.sound]
    unsound: dict[int, str] = {}
    for name, column in (records.metadata | records.carried).items():
        marks = np.flatnonzero(invalid_rows(column)).tolist()
        unsound |= dict.fromkeys(marks, f"column {name}")
    if unsound:
        reason = QuarantineReason.INVALID_UTF8
        for index, detail in unsound.items():
            row, raw = int(records.rows[index]), records.text[index].as_py().encode()
            one = Rejection(row, reason, detail, raw)
            rejections.append((int(files[index]), one))
        sound = ~np.isin(np.arange(len(records.rows)), list(unsound))
        records = _keep(records, sound, records.text.filter(pa.array(sound)))
        files = files[sound]
    rejections.sort(key=lambda pair: (pair[0], pair[1].row))
    return _batch([part.origin for part in parts], records, files, rejections)


def _united(parts: Sequence[Part]) -> tuple[Records, NDArray[np.int64]]:
    """The records of all parts, and the place of the part of each of them."""
    found = [part.records for part in parts if part.records]
    layout = parts[0].origin.layout
    counts = [len(part.records.rows) if part.records else 0 for part in parts]
    files = np.repeat(np.arange(len(parts)), counts)
    if len(found) == 1:
        return found[0], files
    types = dict.fromkeys(METADATA_COLUMNS, pa.string())
    metadata = _columns(types, [(len(one.rows), one.metadata) for one in found])
    types = {field.name: field.type for field in layout.carried}
    carried = _columns(types, [(len(one.rows), one.carried) for one in found])
    texts = [as_string(one.text) for one in found]
    lines = [line for one in found for line in one.lines or [None] * len(one.rows)]
    return Records(
        np.concatenate([np.zeros(0, np.int64), *(one.rows for one in found)]),
        pa.concat_arrays(texts) if texts else pa.nulls(0, pa.string()),
        metadata,
        carried,
        lines,
    ), files


def _columns(
    types: Mapping[str, pa.DataType], found: Sequence[tuple[int, dict[str, pa.Array]]]
) -> dict[str, pa.Array]:
    """The columns that some have; null for the rows of those that do not."""
    united = {}
    for name, kind in types.items():
        if any(name in columns for _, columns in found):
            arrays = [
                columns[name] if name in columns else pa.nulls(rows, kind)
                for rows, columns in found
            ]
            united[name] = pa.concat_arrays(arrays)
    return united


def _batch(
    origins: Sequence[Origin],
    records: Records,
    files: NDArray[np.int64],
    rejections: Sequence[tuple[int, Rejection]],
) -> DocumentBatch:
    seeds = np.array(
        [file_seed(one.source, one.relative) for one in origins], np.uint64
    )
    lost = np.array([file for file, _ in rejections], np.int64)
    rows = np.array([one.row for _, one in rejections], np.int64)
    columns = [
        seeded_doc_ids(seeds[lost], rows),
        pa.array(rows),
        pa.array([str(one.reason) for _, one in rejections], pa.string()),
        pa.array([one.detail for _, one in rejections], pa.string()),
        pa.array([one.raw for _, one in rejections], pa.large_binary()),
    ]
    return DocumentBatch(
        files=tuple(one.relative for one in origins),
        documents=_assemble(origins[0], records, seeds[files]),
        rejected=pa.RecordBatch.from_arrays(columns, schema=REJECTED),
        document_files=pa.array(files, pa.int32()),
        rejected_files=pa.array(lost, pa.int32()),
    )


def _keep(records: Records, sound: NDArray[np.bool_], text: pa.StringArray) -> Records:
    """The sound records, with their texts."""
    if sound.all():
        return replace(records, text=text)
    mask = pa.array(sound)
    return Records(
        rows=records.rows[sound],
        text=text,
        metadata={n: c.filter(mask) for n, c in records.metadata.items()},
        carried={n: c.filter(mask) for n, c in records.carried.items()},
    )


def _assemble(
    origin: Origin, records: Records, seeds: NDArray[np.uint64]
) -> pa.RecordBatch:
    count = len(records.rows)
    columns = [
        seeded_doc_ids(seeds, records.rows),
        pa.array(records.rows, pa.int64()),
        records.text,
    ]
    given = folder_values(origin.relative)
    known = {"source_id": None, "source": origin.source}
    for name in METADATA_COLUMNS:
        column = records.metadata.get(name, pa.nulls(count, pa.string()))
        if name == "source_id":
            blank = pc.equal(pc.utf8_trim_whitespace(column), "")
            column = pc.if_else(blank, pa.scalar(None, pa.string()), column)
        value = given.get(origin.mapped.get(name, "")) or known.get(name)
        columns.append(_filled(column, value))
    for field, theirs in origin.carried:
        column = records.carried.get(field.name, pa.nulls(count, field.type))
        columns.append(_filled(column, given.get(theirs or "")))
    schema = with_carried(DOCUMENTS, origin.layout.carried)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _filled(column: pa.Array, value: str | None) -> pa.Array:
    """What a file itself says counts before what its folder says."""
    is_filled = value is None or not pa.types.is_string(column.type)
    return column if is_filled else column.fill_null(value)

"""What one file holds: its columns, its parts, or why it cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from isinglass.pipelines.plan.digest import Digest, Stretch, digest_file
from isinglass.pipelines.plan.discover import Found, no_permission
from isinglass.schemas.config.inputs import Format
from isinglass.schemas.errors import InputError
from isinglass.transforms.read.class_labels import planned_types
from isinglass.transforms.read.columnar import open_ipc, open_parquet, record_batches
from isinglass.transforms.read.delimited import (
    parse_header,
    record_blocks,
    split_header,
)
from isinglass.transforms.read.formats import compression_of, delimiter_of
from isinglass.transforms.read.jsonl import parse_lines
from isinglass.transforms.read.streams import (
    BYTE_ORDER_MARK,
    Damage,
    TooLong,
    blocks,
    chunks,
    split_lines,
)

if TYPE_CHECKING:
    Columns = dict[str, pa.DataType]
    Probed = tuple[Sequence[Stretch], Columns | None]

_MOST_ROWS_PER_BYTE = 1000
SAMPLE_LINES = 2000
"""Lines of a JSON-lines file by which its keys and their types are planned."""


@dataclass(frozen=True)
class PlannedInput:
    """One input file as it is now; it has at least one stretch.

    Attributes:
        rows: Records, where they can be counted without reading the file.
        problem: Why it cannot be read; empty if it can.
        columns: Types by column name; None if it has none (plain text) or none can be
            told (an empty file). Nested values of JSON are `pa.struct([])`.
    """

    path: str
    source: str
    format: Format
    bytes: int
    rows: int | None
    sha256: str
    problem: str = ""
    opened: str = ""
    stretches: tuple[Stretch, ...] = ()
    columns: Columns | None = None


class _ProblemError(Exception):
    """The file cannot be read; the message says why."""


def probe(
    found: Found,
    source: str,
    shard_bytes: int,
    *,
    refuse: bool,
    deadly: Mapping[str, str],
) -> PlannedInput:
    """Hash a file, and find its columns and the parts it can be read in.

    `shard_bytes` is what a stretch of plain JSON lines aims at. `refuse` is for a file
    that cannot be read; one that is gone or may not be read is refused in any case.
    `deadly` says by SHA-256 of which files that is known, and why.
    """
    path, problem = Path(found.path), ""
    plain_lines = found.format == "jsonl" and not compression_of(found.path)
    try:
        digest = digest_file(path, line_bytes=shard_bytes if plain_lines else None)
        stretches, columns = _look(found, digest, deadly)
    except PermissionError:
        raise no_permission(path) from None
    except FileNotFoundError:
        raise InputError(f"{path} does not exist, or is a link to nothing.") from None
    except _ProblemError as error:
        if refuse:
            raise InputError(
                f"{path} cannot be read: {error}. Repair or remove the file, or set "
                "`limits: {unreadable_files: quarantine}`."
            ) from None
        problem = str(error)
        stretches, columns = [Stretch(0, -1, 0, 1, digest.bytes)], None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    known = [part.rows for part in stretches if part.rows is not None]
    return PlannedInput(
        path=found.relative,
        source=source,
        format=found.format,
        bytes=digest.bytes,
        rows=sum(known) if len(known) == len(stretches) else None,
        sha256=digest.sha256,
        problem=problem,
        opened=found.path,
        stretches=tuple(stretches),
        columns=columns,
    )


def _look(found: Found, digest: Digest, deadly: Mapping[str, str]) -> Probed:
    if digest.sha256 in deadly:
        raise _ProblemError(deadly[digest.sha256])
    return _PROBES[found.format](found, digest)


def _probe_parquet(found: Found, digest: Digest) -> Probed:
    if not digest.bytes:
        raise _ProblemError("the file is empty, which no Parquet file is")
    with Path(found.path).open("rb") as file:
        try:
            opened = open_parquet(file)
            schema, metadata = opened.schema_arrow, opened.metadata
        except (pa.ArrowException, OSError):
            raise _ProblemError(
                "it has no valid Parquet footer, so it was cut short or is no Parquet"
            ) from None
        groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
        sizes = [(group.num_rows, group.total_byte_size) for group in groups]
        if not _is_consistent(metadata, groups):
            raise _ProblemError("its footer is damaged: numbers of rows do not agree")
    return _numbered(sizes), _typed(found, schema)


def _is_consistent(
    metadata: pq.FileMetaData, groups: Sequence[pq.RowGroupMetaData]
) -> bool:
    """Whether the file, its row groups and their first columns count the same rows."""
    fits = all(
        0 <= group.num_rows <= (group.column(0).num_values if group.num_columns else 0)
        and group.total_byte_size >= 0
        for group in groups
    )
    return fits and metadata.num_rows == sum(group.num_rows for group in groups)


def _probe_arrow(found: Found, digest: Digest) -> Probed:
    if not digest.bytes:
        raise _ProblemError("the file is empty, which no Arrow file is")
    # Mapped, so that only the headers of record batches are read.
    with pa.memory_map(found.path) as file:
        try:
            schema = open_ipc(file).schema
            file.seek(0)
            batches = record_batches(file, 0, -1)
            sizes = [_size(batch) for batch in batches]
            _require_plausible(sum(rows for rows, _ in sizes), digest)
        except (pa.ArrowException, OSError, ValueError):
            raise _ProblemError("it is no complete Arrow IPC file or stream") from None
    return _numbered(sizes), _typed(found, schema)


def _size(batch: pa.RecordBatch) -> tuple[int, int]:
    """Rows and bytes, once it is known that no buffer is too small for them."""
    batch.validate()
    return batch.num_rows, batch.nbytes


def _require_plausible(rows: int, digest: Digest) -> None:
    """Refuse more rows than a file of this size has, which is damage."""
    if rows > _MOST_ROWS_PER_BYTE * digest.bytes:
        raise ValueError(f"{rows} rows in {digest.bytes} bytes")


def _numbered(sizes: list[tuple[int, int]]) -> list[Stretch]:
    """A stretch for each row group or record batch, by its rows and bytes."""
    stretches = []
    row = 0
    for index, (rows, size) in enumerate(sizes):
        stretches.append(Stretch(index, index + 1, row, rows, size))
        row += rows
    return stretches or [Stretch(0, 0, 0, 0, 0)]


def _probe_jsonl(found: Found, digest: Digest) -> Probed:
    lines: list[bytes] = []
    for index, (data, what) in enumerate(blocks(_chunks(found))):
        lines = split_lines(data.removeprefix(BYTE_ORDER_MARK))[:SAMPLE_LINES]
        if index == 0:
            _refuse_array(found, lines)
        if not isinstance(what, TooLong):
            break
        lines = []
    values = [value for _, value, _ in parse_lines(lines, 0)[0]]
    if not values and _is_one_object(found, lines):
        raise _ProblemError("it holds one JSON object over several lines")
    columns = _sampled_types(values) if values else None
    return digest.stretches or [_whole(digest)], columns


def _probe_delimited(found: Found, digest: Digest) -> Probed:
    columns = None
    for block in record_blocks(_chunks(found), delimiter_of(found.path)):
        header, _ = split_header(block.records)
        if header is not None and block.damage is None:
            try:
                names = parse_header(header, delimiter_of(found.path))
            except ValueError as error:
                raise _ProblemError(str(error)) from None
            columns = _typed(found, pa.schema([(name, pa.string()) for name in names]))
            break
    return [_whole(digest)], columns


def _probe_text(found: Found, digest: Digest) -> Probed:
    packed = digest.bytes and compression_of(found.path)
    rows = None if packed else min(1, digest.bytes)
    next(_chunks(found), None)
    return [Stretch(0, -1, 0, rows, digest.bytes)], None


_PROBES: dict[Format, Callable[[Found, Digest], Probed]] = {
    "parquet": _probe_parquet,
    "jsonl": _probe_jsonl,
    "csv": _probe_delimited,
    "text": _probe_text,
    "arrow": _probe_arrow,
}


def _whole(digest: Digest) -> Stretch:
    return Stretch(0, -1, 0, None if digest.bytes else 0, digest.bytes)


def _chunks(found: Found) -> Iterator[bytes | Damage]:
    """Content of a file; one of which nothing can be decompressed is a problem."""
    with Path(found.path).open("rb") as file:
        for index, part in enumerate(chunks(file, found.path)):
            if index == 0 and isinstance(part, Damage) and part.corrupt:
                raise _ProblemError(part.detail)
            yield part


def _typed(found: Found, schema: pa.Schema) -> Columns:
    names = schema.names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"{found.path} has more than one column {twice[0]}. Rename one of them."
        )
    return dict(zip(names, planned_types(schema), strict=True))


def _refuse_array(found: Found, lines: list[bytes]) -> None:
    first = next((line.strip() for line in lines if line.strip()), b"")
    if found.path.lower().endswith(".json") and first.startswith(b"["):
        raise InputError(
            f"{found.path} holds one JSON array; records must be one object a line. "
            "Convert it, for example with: jq -c '.[]' FILE.json > FILE.jsonl"
        )


def _is_one_object(found: Found, lines: list[bytes]) -> bool:
    """Tell whether the file is a single JSON document, such as a dataset's metadata."""
    if not found.path.lower().endswith(".json"):
        return False
    try:
        return isinstance(json.loads(b"\n".join(lines)), dict)
    except (ValueError, RecursionError):
        return False


def _sampled_types(values: list[dict[str, Any]]) -> Columns:
    kinds: dict[str, set[type]] = {}
    for value in values:
        for key, inner in value.items():
            kinds.setdefault(key, set()).add(_kind(inner))
    return {key: _json_type(found - {type(None)}) for key, found in kinds.items()}


def _kind(value: Any) -> type:
    """The type of a JSON value; only text holds every digit of a large integer."""
    is_large = isinstance(value, int) and not -(2**63) <= value < 2**63
    return str if is_large else type(value)


def _json_type(kinds: set[type]) -> pa.DataType:
    if not kinds:
        return pa.null()
    if kinds & {dict, list}:
        return pa.struct([])
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        return pa.int64()
    if kinds <= {int, float}:
        return pa.float64()
    return pa.string()

"""What one file holds: its columns, its parts, or why it cannot be read."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from isinglass.pipelines.plan.dialects import examine
from isinglass.pipelines.plan.digest import Digest, Stretch, digest_file
from isinglass.pipelines.plan.discover import Found, no_permission
from isinglass.schemas.config import InputConfig
from isinglass.schemas.config.inputs import Format
from isinglass.schemas.documents import Dialect
from isinglass.schemas.errors import InputError
from isinglass.transforms.read.class_labels import planned_types
from isinglass.transforms.read.columnar import open_ipc, open_parquet, record_batches
from isinglass.transforms.read.encodings import other_encoding, recoded
from isinglass.transforms.read.footers import require_sizes
from isinglass.transforms.read.formats import compression_of
from isinglass.transforms.read.jsonl import parse_lines
from isinglass.transforms.read.large_pages import TooLargeError
from isinglass.transforms.read.streams import (
    BYTE_ORDER_MARK,
    Damage,
    TooLong,
    blocks,
    chunks,
    split_lines,
)

if TYPE_CHECKING:
    from isinglass.transforms.read.large_batches import Emptied

    Columns = dict[str, pa.DataType]

_UTF_8 = ("utf-8", "utf-8-sig", "utf_8_sig")
_COLUMNAR = ("parquet", "arrow")

_MOST_ROWS_PER_BYTE = 1000
SAMPLE_LINES = 2000
"""Lines of a JSON-lines file by which its keys and their types are planned."""


@dataclass(frozen=True)
class PlannedInput:
    """One input file as it is now; it has at least one stretch.

    Attributes:
        rows: Records, where they can be counted in the bytes as they are stored.
        problem: Why it cannot be read; empty if it can.
        columns: Types by column name; None if it has none (plain text) or none can be
            told (an empty file). Nested values of JSON are `pa.struct([])`.
        encoding: As in `Piece`, and so is `dialect`.
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
    encoding: str = ""
    dialect: Dialect = field(default_factory=Dialect)


class _Probed(NamedTuple):
    """The parts of a file, its columns, and how it is written."""

    stretches: Sequence[Stretch]
    columns: Columns | None
    dialect: Dialect = Dialect()


class _File(NamedTuple):
    """A file that was found and hashed, and the input that it belongs to."""

    found: Found
    config: InputConfig
    digest: Digest

    @property
    def is_plain(self) -> bool:
        """Whether the bytes of the file are its content in UTF-8."""
        packed = compression_of(self.found.path)
        return not packed and not encoding_of(self.config)


class _ProblemError(Exception):
    """The file cannot be read; the message says why."""


def probe(
    found: Found,
    config: InputConfig,
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
    path, problem = found.path, ""
    file = _File(found, config, Digest(0, ""))
    cuts = shard_bytes if found.format == "jsonl" and file.is_plain else None
    try:
        digest = digest_file(path, line_bytes=cuts)
        probed = _look(file._replace(digest=digest), deadly)
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
        probed = _Probed([Stretch(0, -1, 0, 1, digest.bytes)], None)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    stretches = probed.stretches
    known = [part.rows for part in stretches if part.rows is not None]
    return PlannedInput(
        path=found.relative,
        source=config.source,
        format=found.format,
        bytes=digest.bytes,
        rows=sum(known) if len(known) == len(stretches) else None,
        sha256=digest.sha256,
        problem=problem,
        opened=found.path,
        stretches=tuple(stretches),
        columns=probed.columns,
        encoding="" if found.format in _COLUMNAR else encoding_of(config),
        dialect=probed.dialect,
    )


def encoding_of(config: InputConfig) -> str:
    """The encoding that an input names; empty for UTF-8."""
    name = codecs.lookup(config.encoding or "utf-8").name
    return "" if name in _UTF_8 else name


def _look(file: _File, deadly: Mapping[str, str]) -> _Probed:
    if file.digest.sha256 in deadly:
        raise _ProblemError(deadly[file.digest.sha256])
    return _PROBES[file.found.format](file)


def _probe_parquet(file: _File) -> _Probed:
    found, digest = file.found, file.digest
    if not digest.bytes:
        raise _ProblemError("the file is empty, which no Parquet file is")
    with Path(found.path).open("rb") as opened_file:
        try:
            opened = open_parquet(opened_file)
            schema, metadata = opened.schema_arrow, opened.metadata
            require_sizes(opened_file, opened.schema)
        except (pa.ArrowException, OSError):
            raise _ProblemError(
                "it has no valid Parquet footer, so it was cut short or is no Parquet"
            ) from None
        groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
        sizes = [(group.num_rows, group.total_byte_size) for group in groups]
        if not _is_consistent(metadata, groups):
            raise _ProblemError("its footer is damaged: numbers of rows do not agree")
    return _Probed(_numbered(sizes), _typed(found, schema))


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


def _probe_arrow(file: _File) -> _Probed:
    found, digest = file.found, file.digest
    if not digest.bytes:
        raise _ProblemError("the file is empty, which no Arrow file is")
    # Mapped, so that only the headers of record batches are read.
    with pa.memory_map(found.path) as mapped:
        try:
            schema = open_ipc(mapped).schema
            mapped.seek(0)
            batches = record_batches(mapped, 0, -1)
            sizes = [_size(batch, lacking) for batch, lacking in batches]
            _require_plausible(sum(rows for rows, _ in sizes), digest)
        except (pa.ArrowException, OSError, ValueError):
            raise _ProblemError("it is no complete Arrow IPC file or stream") from None
        except TooLargeError as error:
            what = f"a dictionary of it takes {error} bytes, too many to decode"
            raise _ProblemError(what) from None
    return _Probed(_numbered(sizes), _typed(found, schema))


def _size(batch: pa.RecordBatch, lacking: Emptied | None) -> tuple[int, int]:
    """Rows and bytes, once it is known that no buffer is too small for them.

    One that is too large to be decoded is looked at when it is read.
    """
    if lacking:
        return batch.num_rows, lacking.total
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


def _probe_jsonl(file: _File) -> _Probed:
    found, digest = file.found, file.digest
    lines: list[bytes] = []
    for index, (data, what) in enumerate(blocks(_chunks(file))):
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
    return _Probed(digest.stretches or [_whole(digest)], columns)


def _probe_delimited(file: _File) -> _Probed:
    found, digest = file.found, file.digest
    try:
        made = examine(found.path, file.config, lambda: _chunks(file))
    except ValueError as error:
        raise _ProblemError(str(error)) from None
    columns = None
    if made.names is not None:
        fields = [(name, pa.string()) for name in made.names]
        columns = _typed(found, pa.schema(fields))
    whole = Stretch(0, -1, 0, made.records, digest.bytes)
    return _Probed([whole], columns, made.dialect)


def _probe_text(file: _File) -> _Probed:
    digest = file.digest
    next(_chunks(file), None)
    rows = min(1, digest.bytes) if file.is_plain or not digest.bytes else None
    return _Probed([Stretch(0, -1, 0, rows, digest.bytes)], None)


_PROBES: dict[Format, Callable[[_File], _Probed]] = {
    "parquet": _probe_parquet,
    "jsonl": _probe_jsonl,
    "csv": _probe_delimited,
    "text": _probe_text,
    "arrow": _probe_arrow,
}


def _whole(digest: Digest) -> Stretch:
    return Stretch(0, -1, 0, None if digest.bytes else 0, digest.bytes)


def _chunks(file: _File) -> Iterator[bytes | Damage]:
    """Content of a file in UTF-8.

    One of which nothing can be decompressed is a problem, and one whose first bytes
    are not those of UTF-8 is refused, unless an encoding is named.
    """
    path, whole = file.found.path, file.digest.whole
    opened: BinaryIO = io.FileIO(path) if whole is None else io.BytesIO(whole)
    with opened:
        yield from recoded(
            _checked(file, chunks(opened, path)), encoding_of(file.config)
        )


def _checked(file: _File, parts: Iterator[bytes | Damage]) -> Iterator[bytes | Damage]:
    for index, part in enumerate(parts):
        if index == 0 and isinstance(part, Damage) and part.corrupt:
            raise _ProblemError(part.detail)
        if index == 0 and isinstance(part, bytes) and file.config.encoding is None:
            other = other_encoding(part)
            if other:
                raise InputError(
                    f"{file.found.path} is not UTF-8 but {other.upper()}, by its first "
                    f"bytes. Set `encoding: {other}` for this input."
                )
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

r"""Kept documents as trainers read them: lines of JSON, or texts with a separator.

**JSON lines**: an object a line, keys in the order asked for, and null where there is
no value. 64-bit integers are numbers. What JSON has no form for is a string: times and
decimal numbers as Arrow writes them, bytes in Base64. NaN and infinities are null. Line
separators of Unicode and the marks that turn text around are written as escapes
(`\u2028`): programs that know more line ends than one find one document a line, and a
terminal shows a line as it is.

**Text**: each document, a line end, and a line that is the separator. No document may
hold the separator, so that it is told without doubt where each one ends.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import zstandard

from isinglass.schemas.errors import InputError

Compression = Literal["", "gz", "zst"]
ZSTD_LEVEL, GZIP_LEVEL = 3, 6

_GZIP = 16 + zlib.MAX_WBITS
_MOST_NAMED = 3
_UNSEEN = "[\u0085\u2028-\u202e\u2066-\u2069]"
_SEEN = re.compile(_UNSEEN)


@dataclass(frozen=True)
class Form:
    """How documents are written.

    Attributes:
        columns: Name in the output and column of `data/`; `text` alone for texts.
        separator: The line behind each text; None for JSON lines.
        draw: Column that says how often a document is written, or whether; None to
            write each once.
    """

    columns: tuple[tuple[str, str], ...]
    separator: str | None = None
    draw: str | None = None

    @property
    def reads(self) -> list[str]:
        """Columns of `data/` that are needed."""
        drawn = [self.draw] if self.draw else []
        return list(dict.fromkeys([*(c for _, c in self.columns), "doc_id", *drawn]))

    @property
    def ending(self) -> bytes:
        """What stands behind each document, and nowhere else."""
        return b"\n" if self.separator is None else f"\n{self.separator}\n".encode()


def drawn(batch: pa.RecordBatch, column: str) -> pa.RecordBatch:
    """The rows of a batch as often as a column of counts or flags says."""
    times = batch.column(column).cast(pa.int64()).to_numpy(zero_copy_only=False)
    return batch.take(pa.array(np.repeat(np.arange(batch.num_rows), times)))


def written(batch: pa.RecordBatch, form: Form) -> bytes:
    """Documents in their form, each with the ending.

    Raises:
        InputError: A text holds the separator.
    """
    if form.separator is None:
        return _json_lines(batch, form)
    texts = batch.column("text")
    torn = pc.match_substring(texts, form.separator)
    if pc.any(torn).as_py():
        doc_ids = batch.column("doc_id").filter(torn).unique().to_pylist()
        raise InputError(
            f"The separator stands in texts, as of {', '.join(doc_ids[:_MOST_NAMED])}: "
            "nobody could tell where those end. Name another one by --separator, or "
            "write jsonl."
        )
    ending = form.ending.decode()
    return ending.join([*texts.to_pylist(), ""]).encode()


def _json_lines(batch: pa.RecordBatch, form: Form) -> bytes:
    columns = [_plain(batch.column(column)) for _, column in form.columns]
    rows = pa.RecordBatch.from_arrays(columns, [name for name, _ in form.columns])
    # Faster by row than by kernels of Arrow, which escape one character after another.
    lines = [
        orjson.dumps(row, _base64, orjson.OPT_APPEND_NEWLINE)
        for row in rows.to_pylist()
    ]
    block = b"".join(lines)
    if block.isascii():
        return block
    whole = pa.scalar(block, pa.string())
    if not pc.match_substring_regex(whole, _UNSEEN).as_py():
        return block
    return _SEEN.sub(lambda m: f"\\u{ord(m[0]):04x}", block.decode()).encode()


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)


def _plain(column: pa.Array) -> pa.Array:
    """A column without types that JSON has no form for, bytes excepted."""
    wanted = _plain_type(column.type)
    return column if wanted == column.type else column.cast(wanted)


def _plain_type(data_type: pa.DataType) -> pa.DataType:
    if pa.types.is_duration(data_type):
        return pa.int64()
    if pa.types.is_temporal(data_type) or pa.types.is_decimal(data_type):
        return pa.string()
    if pa.types.is_struct(data_type):
        return pa.struct([f.with_type(_plain_type(f.type)) for f in data_type])
    if pa.types.is_list(data_type) or pa.types.is_large_list(data_type):
        inner = data_type.value_field
        plain = inner.with_type(_plain_type(inner.type))
        large = pa.types.is_large_list(data_type)
        return pa.large_list(plain) if large else pa.list_(plain)
    return data_type


def compressed(blocks: Iterable[bytes], compression: Compression) -> Iterator[bytes]:
    """Blocks as one compressed stream; equal for equal bytes, however they are cut."""
    if not compression:
        yield from blocks
        return
    packer = (
        zlib.compressobj(GZIP_LEVEL, wbits=_GZIP)
        if compression == "gz"
        else zstandard.ZstdCompressor(ZSTD_LEVEL, write_checksum=True).compressobj()
    )
    for block in blocks:
        yield packer.compress(block)
    yield packer.flush()

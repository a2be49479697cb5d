"""Parquet files written so that equal rows are equal bytes.

Row groups follow the batches as they are written, up to a fixed number of rows, and
the writer records nothing of the time or the machine.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from isinglass.schemas.errors import IsinglassError

ROW_GROUP_ROWS = 16_384
ROW_GROUP_BYTES = 8 * 2**20

_CHUNKS = {"min_chunk_size": 512 * 2**10, "max_chunk_size": 2 * 2**20, "norm_level": 0}
"""Bytes of values between two cuts by content. Arrow's own, half of these, make files
3 % larger, since pages are compressed one by one; these, 1 %."""


@dataclass(frozen=True)
class Storage:
    """How the columns of a file are laid out and compressed.

    Of `compression`, a codec of Parquet or `none`, the level is None where it has no
    levels. `encodings` are paths of columns (`embedding.list.element` is the values of
    a list) and their encodings, such as `BYTE_STREAM_SPLIT`; others are written plain.
    Least and largest values are recorded of the columns of `statistics`; None for all.

    With `by_content` pages end where the content says so, and have an index: what is
    the same in a later version of the file is the same bytes there, which stores that
    look for them keep once, and readers find a page without those before it.
    """

    compression: str = "zstd"
    level: int | None = 3
    encodings: tuple[tuple[str, str], ...] = ()
    statistics: tuple[str, ...] | None = None
    by_content: bool = False


ZSTD = Storage()


class HashingFile:
    """A binary file that hashes and counts what is written through it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0
        self.discarding = False
        self._failed: OSError | None = None

    closed = False

    def write(self, data: bytes) -> int:
        """Write and hash; returns the number of bytes."""
        size = memoryview(data).nbytes
        if self.discarding:
            return size
        self._hash.update(data)
        try:
            self._file.write(data)
        except OSError as error:
            self._failed, self.discarding = error, True
        self.size += size
        return size

    def check(self) -> None:
        """Raise what went wrong when something was written, if anything did.

        Not at once: where pages end by content, Arrow writes on while it gives up, and
        the second error ends the process.
        """
        if self._failed is not None:
            raise self._failed

    def tell(self) -> int:
        """Bytes written so far."""
        return self.size

    def flush(self) -> None:
        """Hand over to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Keep the file open: its owner closes it."""

    def hexdigest(self) -> str:
        """SHA-256 of everything written, hex."""
        return self._hash.hexdigest()


class TableWriter:
    """Streams record batches of one schema into a Parquet file.

    Batches are gathered into row groups of at most `ROW_GROUP_ROWS` rows or about
    `ROW_GROUP_BYTES`, so memory is bounded and the layout depends on the rows only.

    The folder of the file must exist. Columns of `dictionary` are dictionary-encoded,
    others are written plain, if the storage does not say otherwise.
    """

    def __init__(
        self,
        path: Path,
        schema: pa.Schema,
        dictionary: tuple[str, ...] = (),
        storage: Storage = ZSTD,
    ) -> None:
        self.rows = 0
        self._schema = schema
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = 0
        self._pending_bytes = 0
        self._file = path.open("wb")
        self._hashing = HashingFile(self._file)
        self._writer = pq.ParquetWriter(
            self._hashing,
            schema,
            compression=storage.compression,
            compression_level=storage.level,
            use_dictionary=list(dictionary) or False,
            column_encoding=dict(storage.encodings) or None,
            write_statistics=(
                True if storage.statistics is None else list(storage.statistics)
            ),
            store_schema=True,
            write_page_index=storage.by_content,
            use_content_defined_chunking=_CHUNKS if storage.by_content else False,
        )

    def write(self, batch: pa.RecordBatch) -> None:
        """Add a batch.

        Raises:
            IsinglassError: The batch does not have the schema of the table.
        """
        if not batch.schema.equals(self._schema):
            missing = set(self._schema.names) ^ set(batch.schema.names)
            what = sorted(missing) or "types"
            msg = f"A batch does not fit the schema of its table; differing: {what}."
            raise IsinglassError(msg)
        if batch.num_rows == 0:
            return
        self.rows += batch.num_rows
        self._pending.append(batch)
        self._pending_rows += batch.num_rows
        self._pending_bytes += batch.nbytes
        if (
            self._pending_rows >= ROW_GROUP_ROWS
            or self._pending_bytes >= ROW_GROUP_BYTES
        ):
            self._flush()

    def _flush(self) -> None:
        if self._pending:
            table = pa.Table.from_batches(self._pending, schema=self._schema)
            self._writer.write_table(table, row_group_size=max(1, self._pending_rows))
            self._hashing.check()
        self._pending = []
        self._pending_rows = self._pending_bytes = 0

    def finish(self) -> tuple[int, str]:
        """Write the footer and make the file durable.

        Returns its bytes and SHA-256.
        """
        self._flush()
        self._writer.close()
        self._hashing.check()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._hashing.size, self._hashing.hexdigest()

    def abort(self) -> None:
        """Close without finishing; the file is not valid."""
        self._pending = []
        # The writer puts a footer when it is closed; a full disk must not matter now.
        self._hashing.discarding = True
        self._writer.close()
        self._file.close()

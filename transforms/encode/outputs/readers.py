"""One line to read what the encode pass writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from isinglass.schemas.arrays import Integers, Singles
from isinglass.schemas.errors import InputError
from isinglass.transforms.encode.outputs.megatron import (
    BIN,
    HEADER,
    IDX,
    MAGIC,
    TYPES,
    VERSION,
    half_path,
)


def read_embeddings(
    path: str | Path,
) -> tuple[pa.ChunkedArray, Singles | NDArray[np.float16]]:
    """The vectors of a file, or of all files of a folder in the order of their names.

    Row groups are read one after the other into the matrix, so that the memory is that
    of the matrix and little more.

    Args:
        path: A Parquet file of `embeddings/`, or the folder.

    Returns:
        The `doc_id` of each row, and the matrix of shape (rows, dimensions), float32
        or float16 as it was written. Where rows are windows a document has several.

    Raises:
        InputError: There are no such files, or they do not hold vectors of one kind.
    """
    files = _open_all(Path(path), "embedding")
    kinds = {name: _kind(file, name) for name, file in files.items()}
    first, (dimensions, dtype) = next(iter(kinds.items()))
    for name, kind in kinds.items():
        if kind != (dimensions, dtype):
            raise InputError(
                f"{name} holds vectors of {kind[0]} values of {kind[1]}, and "
                f"{first} of {dimensions} of {dtype}. Read them apart."
            )
    rows = sum(file.metadata.num_rows for file in files.values())
    matrix = np.empty((rows, dimensions), dtype)
    chunks: list[pa.Array] = []
    row = 0
    for part in _row_groups(files, ["doc_id", "embedding"]):
        chunks += part.column("doc_id").chunks
        for chunk in part.column("embedding").chunks:
            matrix[row : row + len(chunk)] = _vectors(chunk, dimensions, dtype)
            row += len(chunk)
    return pa.chunked_array(chunks, pa.string()), matrix


def read_hidden_states(path: str | Path) -> Iterator[tuple[str, NDArray[np.float16]]]:
    """The hidden states of one document, or window, after the other.

    Args:
        path: A Parquet file of `hidden_states/`, or the folder.

    Yields:
        The `doc_id` and a matrix of shape (n_tokens, width).

    Raises:
        InputError: There are no such files, or they do not hold hidden states.
    """
    files = _open_all(Path(path), "last_hidden_state")
    for name, file in files.items():
        kind = file.schema_arrow.field("last_hidden_state").type
        if not pa.types.is_list(kind):
            raise _of_another_type(name, "last_hidden_state", kind)
    for part in _row_groups(files, ["doc_id", "last_hidden_state"]):
        for batch in part.to_batches():
            column = batch.column("last_hidden_state")
            width = column.type.value_type.byte_width // 2
            vectors = _vectors(column.values, width, "<f2")
            offsets = column.offsets.to_numpy()
            for row, doc_id in enumerate(batch.column("doc_id")):
                yield doc_id.as_py(), vectors[offsets[row] : offsets[row + 1]]


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a Parquet file.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        msg = f"{path} cannot be read as Parquet: it is missing, damaged or none."
        raise InputError(msg) from error


def _open_all(path: Path, column: str) -> dict[Path, pq.ParquetFile]:
    """A file, or all files of a folder, that have `doc_id` and another column."""
    paths = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not paths:
        raise InputError(f"{path} has no .parquet files. Name the folder of a table.")
    files = {one: open_parquet(one) for one in paths}
    for one, file in files.items():
        names = file.schema_arrow.names
        if not {"doc_id", column} <= set(names):
            raise InputError(f"{one} has the columns {names}, not doc_id and {column}.")
    return files


def _kind(file: pq.ParquetFile, path: Path) -> tuple[int, str]:
    """How many values a vector has, and of which type."""
    kind = file.schema_arrow.field("embedding").type
    if pa.types.is_fixed_size_list(kind):
        return kind.list_size, "float32"
    if pa.types.is_fixed_size_binary(kind):
        return kind.byte_width // 2, "float16"
    raise _of_another_type(path, "embedding", kind)


def _of_another_type(path: Path, column: str, kind: pa.DataType) -> InputError:
    msg = f"{path}: {column} is of type {kind}, which this table does not have."
    return InputError(msg)


def _row_groups(
    files: dict[Path, pq.ParquetFile], columns: list[str]
) -> Iterator[pa.Table]:
    for path, file in files.items():
        for group in range(file.num_row_groups):
            try:
                yield file.read_row_group(group, columns=columns)
            except (pa.ArrowInvalid, OSError) as error:
                raise InputError(
                    f"{path} is damaged in row group {group}. Write it again."
                ) from error


def _vectors(column: pa.Array, width: int, dtype: str) -> NDArray[Any]:
    """The numbers of a column of vectors, as they lie in memory."""
    values: NDArray[Any]
    if len(column) == 0:
        values = np.zeros(0, dtype)
    elif pa.types.is_fixed_size_list(column.type):
        values = column.flatten().to_numpy()
    else:
        start = column.offset * column.type.byte_width
        values = np.frombuffer(column.buffers()[1], dtype, len(column) * width, start)
    return values.reshape(-1, width)


@dataclass(frozen=True, eq=False)
class MegatronData:
    """Documents of a pair of files `.bin` and `.idx`, mapped into memory.

    Attributes:
        lengths: Tokens of each sequence, int32.
        borders: Sequences before each document, int64, shape (documents + 1,).
    """

    _ids: NDArray[Any] = field(repr=False)
    lengths: NDArray[np.int32]
    _starts: Integers = field(repr=False)
    borders: Integers

    def __len__(self) -> int:
        """Documents, empty ones included."""
        return len(self.borders) - 1

    def __getitem__(self, document: int) -> NDArray[Any]:
        """Ids of one document, uint16 or int32.

        Raises:
            IndexError: There is no such document.
        """
        if not 0 <= document < len(self):
            raise IndexError(document)
        first, last = self.borders[document : document + 2]
        start = self._starts[first] if first < len(self._starts) else len(self._ids)
        return self._ids[start : start + self.lengths[first:last].sum()]


def read_megatron(prefix: str | Path) -> MegatronData:
    """Open the pair of files that `megatron/` holds for a shard.

    Args:
        prefix: Path of both files without `.bin` and `.idx`.

    Raises:
        InputError: A file is missing, or is not what the other says.
    """
    index, data = (half_path(Path(prefix), half) for half in (IDX, BIN))
    try:
        content = index.read_bytes()
        size = data.stat().st_size
    except OSError as error:
        msg = f"{error.filename} cannot be read: {error.strerror}."
        raise InputError(msg) from error
    if len(content) < HEADER.size:
        raise InputError(f"{index} is too short for an index of Megatron-LM.")
    magic, version, code, sequences, borders = HEADER.unpack_from(content)
    if magic != MAGIC or version != VERSION or code not in TYPES:
        msg = f"{index} is not an index of Megatron-LM with ids of uint16 or int32."
        raise InputError(msg)
    if len(content) != HEADER.size + 12 * sequences + 8 * borders:
        msg = f"{index} has {len(content)} bytes, not those of {sequences} sequences."
        raise InputError(msg)
    lengths = np.frombuffer(content, "<i4", sequences, HEADER.size)
    at = HEADER.size + lengths.nbytes
    starts = np.frombuffer(content, "<i8", sequences, at)
    ends = np.frombuffer(content, "<i8", borders, at + starts.nbytes)
    kind = TYPES[code]
    if size != int(lengths.sum(dtype=np.int64)) * kind.itemsize:
        msg = f"{data} has {size} bytes, not those of the tokens in {index}."
        raise InputError(msg)
    ids = np.memmap(data, kind, "r") if size else np.zeros(0, kind)
    return MegatronData(ids, lengths, starts // kind.itemsize, ends)

"""A Parquet footer whose statistics contradict its schema.

pyarrow refuses that by an exception of C++ which nobody catches, and which ends the
process, as soon as metadata of a column is looked at. So it is looked for before.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from isinglass.transforms.read.thrift import FAULTS, structure

_TAIL_BYTES = 8
_ROW_GROUPS, _COLUMNS, _METADATA, _SIZES = 4, 1, 3, 16
_TEXT_BYTES, _REPETITIONS, _DEFINITIONS = 1, 2, 3


def require_sizes(file: BinaryIO, schema: pq.ParquetSchema) -> None:
    """Hold the statistics of sizes (`SizeStatistics` of parquet.thrift) to a schema.

    Raises:
        pyarrow.ArrowInvalid: They are of another one.
    """
    end = file.seek(0, 2)
    file.seek(end - _TAIL_BYTES)
    length = int.from_bytes(file.read(4), "little")
    file.seek(end - _TAIL_BYTES - length)
    try:
        footer, _ = structure(file.read(length), 0)
        groups = [group[_COLUMNS] for group in footer.get(_ROW_GROUPS, [])]
        fits = all(
            _fits(chunk.get(_METADATA, {}).get(_SIZES, {}), schema.column(index))
            for chunks in groups
            for index, chunk in enumerate(chunks[: len(schema)])
        )
    except FAULTS:
        # What pyarrow could read and this cannot is for pyarrow to judge.
        return
    if not fits:
        raise pa.ArrowInvalid("statistics of sizes contradict the schema")


def _fits(sizes: dict[int, Any], column: pq.ColumnSchema) -> bool:
    levels = (
        (sizes.get(_REPETITIONS, []), column.max_repetition_level),
        (sizes.get(_DEFINITIONS, []), column.max_definition_level),
    )
    is_text = column.physical_type == "BYTE_ARRAY"
    return all(len(counts) in (0, most + 1) for counts, most in levels) and (
        is_text or _TEXT_BYTES not in sizes
    )

"""Class labels of the `datasets` library: integers whose names the schema tells.

The library keeps the names in the metadata of a Parquet or Arrow schema, under the key
`huggingface`. Where integers alone would be read, names are read, and what is carried
through keeps its names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

_KEY = b"huggingface"
_KIND = "ClassLabel"
Names = tuple[str, ...]


class ClassLabel(pa.ExtensionType):  # type: ignore[misc]
    """Type of a planned column of integers that stand for `names`."""

    def __init__(self, storage: pa.DataType, names: Names) -> None:
        self.names = names
        super().__init__(storage, "isinglass.class_label")

    def __arrow_ext_serialize__(self) -> bytes:
        """The names, as pyarrow asks of an extension type."""
        return json.dumps(self.names).encode()

    @classmethod
    def __arrow_ext_deserialize__(cls, storage: pa.DataType, serialized: bytes) -> Self:
        """Inverse of `__arrow_ext_serialize__`."""
        return cls(storage, tuple(json.loads(serialized)))


def planned_types(schema: pa.Schema) -> list[pa.DataType]:
    """The types of the columns of a file; integers with names are a `ClassLabel`."""
    names = class_names(schema)
    return [
        ClassLabel(field.type, names[field.name])
        if field.name in names and pa.types.is_integer(field.type)
        else field.type
        for field in schema
    ]


def class_names(schema: pa.Schema) -> dict[str, Names]:
    """The names by column of a schema; none where it tells none, or not well."""
    noted = (schema.metadata or {}).get(_KEY)
    return {} if noted is None else _parse(noted)


@lru_cache(maxsize=64)
def _parse(noted: bytes) -> dict[str, Names]:
    try:
        features = json.loads(noted)["info"]["features"].items()
        return {
            column: tuple(map(str, feature["names"]))
            for column, feature in features
            if isinstance(feature, dict) and feature.get("_type") == _KIND
        }
    # Whoever writes such a note may write anything.
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def note_names(names: Mapping[str, Names]) -> dict[bytes, bytes] | None:
    """Metadata of a schema by which the library knows these columns again."""
    if not names:
        return None
    features = {
        column: {"names": list(found), "_type": _KIND}
        for column, found in names.items()
    }
    return {_KEY: json.dumps({"info": {"features": features}}).encode()}


def name_labels(column: pa.Array, names: Names) -> pa.StringArray:
    """The names of integers; null for null and -1, which is the library's missing.

    A number that has no name stays a number.
    """
    numbers = column.cast(pa.int64())
    known = pc.and_(pc.greater_equal(numbers, 0), pc.less(numbers, len(names)))
    places = pc.if_else(known, numbers, pa.scalar(None, pa.int64()))
    other = pc.if_else(pc.equal(numbers, -1), None, numbers.cast(pa.string()))
    return pc.coalesce(pa.array(names, pa.string()).take(places), other)

"""Whether the buffers of a record batch hold together.

Arrow trusts what a file says of itself: an offset beyond a buffer or an index beyond a
dictionary is followed wherever it leads, and ends the process. So everything that leads
from one buffer into another is looked at before any value is.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

_OCTETS = {
    pa.string(): pa.binary(),
    pa.large_string(): pa.large_binary(),
    pa.string_view(): pa.binary_view(),
}


def require_structure(batch: pa.RecordBatch) -> None:
    """Raise a `pyarrow.ArrowInvalid` if some buffer leads out of another one.

    Strings that are no UTF-8 are allowed: they harm only their own record.
    """
    batch.validate()
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        pa.record_batch(_Octets(batch)).validate(full=True)


class _Octets:
    """A record batch, for pyarrow's import: the same buffers with bytes for strings.

    The sizes of buffers are not handed on, so they must have been checked.
    """

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[Any, Any]:
        del requested_schema
        types = map(_octets, self._batch.schema.types)
        schema = pa.schema([(str(index), kind) for index, kind in enumerate(types)])
        return schema.__arrow_c_schema__(), self._batch.__arrow_c_array__()[1]


def _octets(data_type: pa.DataType) -> pa.DataType:
    """The type with bytes for strings at any depth but that of unions."""
    kinds = pa.types
    if isinstance(data_type, pa.BaseExtensionType):
        return _octets(data_type.storage_type)
    if data_type in _OCTETS:
        return _OCTETS[data_type]
    if kinds.is_dictionary(data_type):
        return pa.dictionary(data_type.index_type, _octets(data_type.value_type))
    if kinds.is_run_end_encoded(data_type):
        values = _octets(data_type.value_type)
        return pa.run_end_encoded(data_type.run_end_type, values)
    return _nested_octets(data_type)


def _nested_octets(data_type: pa.DataType) -> pa.DataType:
    kinds = pa.types
    if kinds.is_struct(data_type):
        return pa.struct([field.with_type(_octets(field.type)) for field in data_type])
    if kinds.is_map(data_type):
        key, item = data_type.key_field, data_type.item_field
        fields = [field.with_type(_octets(field.type)) for field in (key, item)]
        return pa.map_(*fields)
    makers = [
        (kinds.is_list, pa.list_),
        (kinds.is_large_list, pa.large_list),
        (kinds.is_list_view, pa.list_view),
        (kinds.is_large_list_view, pa.large_list_view),
    ]
    is_fixed = kinds.is_fixed_size_list(data_type)
    made = [maker for is_kind, maker in makers if is_kind(data_type)]
    if not made and not is_fixed:
        return data_type
    inner = data_type.value_field.with_type(_octets(data_type.value_type))
    return pa.list_(inner, data_type.list_size) if is_fixed else made[0](inner)

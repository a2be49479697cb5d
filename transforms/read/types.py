"""Types of input columns -> types that the columns of `data/` can have.

Written are types that Parquet holds and that the `datasets` library has a feature for
(`datasets.features.features._arrow_to_datasets_dtype`); everything else is JSON.
"""

from __future__ import annotations

import pyarrow as pa

from isinglass.transforms.read.checks import is_text_type


def plain_type(data_type: pa.DataType) -> pa.DataType:
    """Return the type without encoding, extension, view or 64-bit offsets."""
    if isinstance(data_type, pa.BaseExtensionType):
        return plain_type(data_type.storage_type)
    if pa.types.is_dictionary(data_type) or pa.types.is_run_end_encoded(data_type):
        return plain_type(data_type.value_type)
    if pa.types.is_large_string(data_type) or pa.types.is_string_view(data_type):
        return pa.string()
    if pa.types.is_large_binary(data_type) or pa.types.is_binary_view(data_type):
        return pa.binary()
    if pa.types.is_decimal32(data_type) or pa.types.is_decimal64(data_type):
        return pa.decimal128(data_type.precision, data_type.scale)
    return data_type


def carried_type(data_type: pa.DataType) -> pa.DataType:
    """Return the type by which a column of this type is carried to `data/`.

    A type that `datasets` cannot load, or Parquet cannot hold, at any depth makes the
    whole column a string: of JSON where it is nested. Lists of a fixed size become
    lists, since Parquet does not give back a null one.
    """
    data_type = plain_type(data_type)
    return _written(data_type) if is_loadable(data_type) else pa.string()


def is_loadable(data_type: pa.DataType) -> bool:
    """Tell whether Parquet holds this type and `datasets` loads it."""
    if _is_list(data_type):
        return is_loadable(data_type.value_type)
    if pa.types.is_struct(data_type):
        inner = [field.type for field in data_type]
        return bool(inner) and all(map(is_loadable, inner))
    if pa.types.is_dictionary(data_type):
        return is_loadable(data_type.value_type)
    return _is_loadable_value(data_type)


def _is_loadable_value(data_type: pa.DataType) -> bool:
    kinds = pa.types
    return bool(
        # Null, and strings and bytes of any kind of offsets.
        is_text_type(data_type)
        or (kinds.is_primitive(data_type) and not kinds.is_interval(data_type))
        or kinds.is_decimal128(data_type)
        or kinds.is_decimal256(data_type)
        or kinds.is_fixed_size_binary(data_type)
    )


def _is_list(data_type: pa.DataType) -> bool:
    # A map is not one of these, and neither is a list of views.
    kinds = pa.types
    return bool(
        kinds.is_list(data_type)
        or kinds.is_large_list(data_type)
        or kinds.is_fixed_size_list(data_type)
    )


def _written(data_type: pa.DataType) -> pa.DataType:
    """Return the type with lists of a fixed size as lists, at any depth."""
    if pa.types.is_struct(data_type):
        fields = [field.with_type(_written(field.type)) for field in data_type]
        return pa.struct(fields)
    if not _is_list(data_type):
        return data_type
    inner = data_type.value_field.with_type(_written(data_type.value_type))
    return (
        pa.large_list(inner) if pa.types.is_large_list(data_type) else pa.list_(inner)
    )

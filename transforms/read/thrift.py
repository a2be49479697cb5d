"""Structures of Thrift's compact protocol, as the metadata of Parquet is written.

Source: thrift/doc/specs/thrift-compact-protocol.md.
"""

from __future__ import annotations

from typing import Any

FAULTS = (LookupError, StopIteration, AttributeError, TypeError, RecursionError)
"""What is raised, here and by who looks into the fields, over bytes that are none."""

_TRUE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCTURE = 1, 3, 7, 8, 9, 10, 12
_TRUTHS, _INTEGERS = (1, 2), (4, 5, 6)


def structure(data: bytes, place: int) -> tuple[dict[int, Any], int]:
    """Read a structure: numbers, structures and lists by field, and where it ends.

    Of bytes, such as a least value, nothing is kept.

    Raises:
        LookupError, RecursionError: It is none.
    """
    fields: dict[int, Any] = {}
    field = 0
    while True:
        head = data[place]
        place += 1
        kind = head & 15
        if not kind:
            return fields, place
        if head >> 4:
            field += head >> 4
        else:
            field, place = _integer(data, place)
        if kind in _TRUTHS:
            fields[field] = kind == _TRUE
        else:
            fields[field], place = _value(data, place, kind)


def _value(data: bytes, place: int, kind: int) -> tuple[Any, int]:
    if kind in _INTEGERS:
        return _integer(data, place)
    if kind == _STRUCTURE:
        return structure(data, place)
    if kind == _BINARY:
        size, place = _natural(data, place)
        return None, place + size
    if kind in (_LIST, _SET):
        return _values(data, place)
    if kind in (_BYTE, _DOUBLE):
        return None, place + (1 if kind == _BYTE else 8)
    raise LookupError(kind)


def _values(data: bytes, place: int) -> tuple[list[Any], int]:
    size, kind = data[place] >> 4, data[place] & 15
    place += 1
    if size == 15:  # noqa: PLR2004 - the number follows
        size, place = _natural(data, place)
    found = []
    for _ in range(size):
        # A truth value in a list takes a byte.
        value, place = _value(data, place, _BYTE if kind in _TRUTHS else kind)
        found.append(value)
    return found, place


def _natural(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:  # noqa: PLR2004 - the last one
            return value, place


def _integer(data: bytes, place: int) -> tuple[int, int]:
    value, place = _natural(data, place)
    return (value >> 1) ^ -(value & 1), place

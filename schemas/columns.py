"""Columns of one type, by their names, for schemas of tables."""

from __future__ import annotations

import pyarrow as pa


def filled(kind: pa.DataType, *names: str) -> list[pa.Field]:
    """Columns without nulls."""
    return [pa.field(name, kind, nullable=False) for name in names]


def nullable(kind: pa.DataType, *names: str) -> list[pa.Field]:
    """Columns that may hold nulls."""
    return [pa.field(name, kind) for name in names]

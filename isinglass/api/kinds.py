"""What the functions take, for those who read their signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Union

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Texts: TypeAlias = Union[
    "Sequence[str | None]", "pa.Array", "pa.ChunkedArray", "pd.Series[Any]"
]
"""A list of str or None, a pyarrow array of strings, or a pandas Series."""

Mode: TypeAlias = Literal["identifiers", "fast", "exact"]

"""Leaving out some texts of a batch, without another numbering of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray


def without_texts(texts: pa.StringArray, rows: NDArray[np.int64]) -> pa.StringArray:
    """Texts with empty ones in place of some, so that rows keep their numbers."""
    mask = np.zeros(len(texts), np.bool_)
    mask[rows] = True
    emptied = pc.if_else(pa.array(mask), "", texts)
    return emptied if isinstance(emptied, pa.Array) else emptied.combine_chunks()

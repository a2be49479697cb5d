"""Places of ambiguous terms, as a column of the survey, so that they can be drawn."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.transforms.demographics.senses import RULES

if TYPE_CHECKING:
    from isinglass.transforms.demographics.counts import Matches
    from isinglass.transforms.demographics.lexicon import Lexicons

JUDGED = "judged"
"""Column of the survey."""

_LABELS = b"terms"
_PLACE = pa.struct(
    [
        pa.field("term", pa.int32(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("rule", pa.uint8(), nullable=False),
    ]
)

_VETO = pa.struct(
    [
        pa.field("veto", pa.int32(), nullable=False),
        pa.field("count", pa.int32(), nullable=False),
    ]
)
VETOES = pa.field("vetoed", pa.list_(_VETO), nullable=False)
"""Column of the survey: places in `Lexicons.vetoes` of the run that made it."""


def place_field(lexicons: Lexicons) -> pa.Field:
    """The column; it names the terms itself, since lexicons change."""
    labels = json.dumps(lexicons.ambiguous, ensure_ascii=False).encode()
    kind = pa.list_(_PLACE)
    return pa.field(JUDGED, kind, nullable=False, metadata={_LABELS: labels})


def place_column(matches: Matches, documents: int, lexicons: Lexicons) -> pa.Array:
    """The matches of ambiguous terms in each of some documents."""
    ambiguous = np.array([term.ambiguous for _, _, term in lexicons.terms], np.bool_)
    own = ambiguous[matches.terms]
    terms = (np.cumsum(ambiguous) - 1)[matches.terms]
    columns: tuple[NDArray[np.integer], ...] = (
        terms,
        matches.starts,
        matches.stops,
        matches.rules,
    )
    places = pa.StructArray.from_arrays(
        [
            pa.array(column[own].astype(field.type.to_pandas_dtype()))
            for column, field in zip(columns, _PLACE, strict=True)
        ],
        fields=list(_PLACE),
    )
    counts = np.bincount(matches.rows[own], minlength=documents)
    starts = pa.array(np.append(0, np.cumsum(counts)).astype(np.int32))
    return pa.ListArray.from_arrays(starts, places, type=pa.list_(_PLACE))


def veto_column(matches: Matches, documents: int, lexicons: Lexicons) -> pa.Array:
    """How often each of some documents holds each phrase that counts for nothing."""
    width = max(1, len(lexicons.vetoes))
    keys, counts = np.unique(
        matches.vetoed[:, 0] * width + matches.vetoed[:, 1], return_counts=True
    )
    values = (keys % width, counts)
    cells = pa.StructArray.from_arrays(
        [pa.array(value.astype(np.int32)) for value in values], fields=list(_VETO)
    )
    held = np.bincount(keys // width, minlength=documents)
    starts = pa.array(np.append(0, np.cumsum(held)).astype(np.int32))
    return pa.ListArray.from_arrays(starts, cells, type=VETOES.type)


def read_vetoes(table: pa.Table) -> pa.Table:
    """`row` in a table with the column, `veto` and `count` of each."""
    column = table[VETOES.name].combine_chunks()
    veto, count = column.flatten().flatten()
    rows = pc.list_parent_indices(column).cast(pa.int64())
    return pa.table({"row": rows, "veto": veto, "count": count})


def read_places(table: pa.Table) -> pa.Table:
    """The places in a table with the column.

    Returns:
        `row` in the table, `label` as in `Lexicons.ambiguous`, `start` and `end` in
        code points, and `rule`, one of `senses.RULES`.
    """
    column = table[JUDGED].combine_chunks()
    term, start, end, rule = column.flatten().flatten()
    labels = json.loads(table.schema.field(JUDGED).metadata[_LABELS])
    return pa.table(
        {
            "row": pc.list_parent_indices(column).cast(pa.int64()),
            "label": pa.array(labels, pa.string()).take(term),
            "start": start.cast(pa.int64()),
            "end": end.cast(pa.int64()),
            "rule": pa.array(RULES, pa.string()).take(rule),
        }
    )

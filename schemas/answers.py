"""Tables that the functions of the package give back: `isinglass.find_pii` and others.

`failure` is why a text could not be processed, one of the quarantine reasons of
`schemas.reasons`, as in a run; all else of it is null. Offsets are code points, ends
exclusive.
"""

from __future__ import annotations

import pyarrow as pa

from isinglass.schemas.columns import filled, nullable
from isinglass.schemas.spans import APPLIED, FOUND

FOUND_PII = pa.schema(
    [
        *filled(pa.int64(), "row"),
        *(pa.field(field.name, field.type) for field in FOUND if field.name != "row"),
        pa.field("failure", pa.string()),
    ]
)
"""One row a finding, sorted by text and place; `row` counts the texts from 0.

A text that was not scanned has one row, in which all but `row` and `failure` is null; a
null among the texts has no failure either. So whoever has no row was found clean.
"""

_SPAN = pa.struct([field for field in APPLIED if field.name != "row"])

REDACTED = pa.schema(
    [
        pa.field("text", pa.string()),
        pa.field("spans", pa.list_(_SPAN)),
        pa.field("failure", pa.string()),
    ]
)
"""One row a text, in order. A text that could not be scanned is null, as is a null. Of
what was found in it, and what stands there now, see `spans.APPLIED`."""

DEDUPLICATED = pa.schema(
    [
        pa.field("kept", pa.bool_()),
        pa.field("kept_row", pa.int64()),
        pa.field("similarity", pa.float64()),
        *nullable(pa.string(), "reason", "failure"),
    ]
)
"""One row a text, in order; of one that goes the place of the text that stays for it,
their exact similarity, and `exact_duplicate`, `near_duplicate` or `contained`."""

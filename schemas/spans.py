"""Spans of texts on their way from who finds them to who changes the texts."""

from __future__ import annotations

import pyarrow as pa

FOUND = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("entity", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("detector", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("validated", pa.bool_()),
        pa.field("base_score", pa.float64(), nullable=False),
        pa.field("context", pa.string()),
    ]
)
"""Detected spans; offsets are code points of the text of that row, end exclusive.

`validated` is the outcome of a checksum, null without one. `base_score` is the score
before `context`, a context word of the recognizer, raised it to `score`."""

APPLIED = pa.schema(
    [
        *FOUND,
        pa.field("clean_start", pa.int32(), nullable=False),
        pa.field("clean_end", pa.int32(), nullable=False),
        pa.field("operator", pa.string(), nullable=False),
        pa.field("value_key", pa.string(), nullable=False),
    ]
)
"""Spans that were changed, or kept as they are: `clean_start` and `clean_end` cut what
stands there now out of the clean text."""

FAILURES = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
    ]
)
"""Rows that could not be scanned; `detail` is the class of the exception, no more."""

PLACE_ORDER = [(name, "ascending") for name in ("row", "start", "end", "entity")]
"""The order of spans in every table."""

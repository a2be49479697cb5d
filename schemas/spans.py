"""Spans of texts on their way from who finds them to who changes the texts."""

from __future__ import annotations

import pyarrow as pa

from isinglass.schemas.columns import filled, nullable

FOUND = pa.schema(
    [
        *filled(pa.int32(), "row", "start", "end"),
        *filled(pa.string(), "entity"),
        *filled(pa.float64(), "score"),
        *filled(pa.string(), "detector", "rule"),
        *nullable(pa.bool_(), "validated"),
        *filled(pa.float64(), "base_score"),
        *nullable(pa.string(), "context"),
    ]
)
"""Detected spans; offsets are code points of the text of that row, end exclusive.

`validated` is the outcome of a checksum, null without one. `base_score` is the score
before `context`, a word of the recognizer's list that stands near the finding, raised
it to `score`."""

APPLIED = pa.schema(
    [
        *FOUND,
        *filled(pa.int32(), "clean_start", "clean_end"),
        *filled(pa.string(), "operator", "value_key"),
    ]
)
"""Spans that were changed, or kept as they are: `clean_start` and `clean_end` cut what
stands there now out of the clean text."""

FAILURES = pa.schema(
    [*filled(pa.int32(), "row"), *filled(pa.string(), "reason", "detail")]
)
"""Rows that could not be scanned; `detail` is the class of the exception, no more."""

PLACE_ORDER = [(name, "ascending") for name in ("row", "start", "end", "entity")]
"""The order of spans in every table."""

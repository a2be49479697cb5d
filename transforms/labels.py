"""Values of metadata columns as labels of statistics.

Statistics, report and mapped tables may not hold personal data, but a `source` column
may well be an author's address. What looks like an identifier in a label is replaced
there; `data/` keeps the value as it was.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_REPLACEMENTS = (
    (r"[^\s@<>/]+@[^\s@<>/]+\.[A-Za-z]{2,}", "<EMAIL_ADDRESS>"),
    (r"\+[0-9][0-9 ().-]{6,}[0-9]|[0-9]{9,}|[0-9]{3}-[0-9]{2}-[0-9]{4}", "<NUMBER>"),
)
"""Addresses; telephone numbers, long runs of digits and social security numbers. Dates
such as 2026-11-24 stay."""

_LANGUAGE = r"^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*$"
"""A language tag in the way of BCP 47."""


def safe_labels(values: pa.StringArray) -> pa.StringArray:
    """Labels without what looks like an identifier; nulls stay."""
    for pattern, replacement in _REPLACEMENTS:
        values = pc.replace_substring_regex(values, pattern, replacement)
    return values


def is_language_tag(values: pa.StringArray) -> pa.BooleanArray:
    """Which values are language tags; null where the value is null."""
    return pc.match_substring_regex(values, _LANGUAGE)

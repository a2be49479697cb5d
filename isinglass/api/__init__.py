"""Functions on texts in memory: texts in, Arrow tables out; no files, no Beam.

They do what the passes of a run do, by the same transforms. `isinglass` names them,
and loads them when they are asked for.
"""

from __future__ import annotations

from isinglass.api.concepts import erase_concept
from isinglass.api.duplicates import deduplicate
from isinglass.api.languages import detect_languages
from isinglass.api.personal import find_pii, redact

__all__ = [
    "deduplicate",
    "detect_languages",
    "erase_concept",
    "find_pii",
    "redact",
]

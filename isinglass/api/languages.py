"""Languages of texts in memory."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from isinglass.api.texts import Texts, as_column, batches
from isinglass.transforms import language


def detect_languages(texts: Texts) -> pa.StringArray:
    """Tell the language of each text from its first 1,000 characters.

    Args:
        texts: A list of str or None, a pyarrow array of strings, or a pandas Series.

    Returns:
        One entry a text: an ISO 639-1 code (a longer one where there is none), or
        `und` where no language has at least half of the probability, and two models
        are not sure of one together (`docs/scripts.md`). Null for a null
        and for what is no text that can be read: bad UTF-8, NUL characters, more than
        2,000,000 characters.

    Raises:
        TypeError: `texts` is a single str, or holds something else than texts.
    """
    found: list[Any] = [
        batch.column(language.detect_languages(batch.texts))
        for batch in batches(as_column(texts))
    ]
    return pa.concat_arrays([pa.array([], pa.string()), *found])

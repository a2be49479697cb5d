"""Columns that folders give: all files below `language=de/` have the language `de`.

So do Spark, Hive, DuckDB and pyarrow write and read data sets.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

_KEY = re.compile(r"[^\W\d]\w*")
_NO_VALUE = ("", "__HIVE_DEFAULT_PARTITION__")


@lru_cache(maxsize=64)
def folder_values(relative: str) -> dict[str, str | None]:
    """Names and values in the folders of a path from the input's root, with `/`.

    Escapes such as `%20` are undone; an empty value, and the one by which Hive means
    that there is none, is None. Of two folders with one name the inner one counts.
    """
    found: dict[str, str | None] = {}
    for folder in relative.split("/")[:-1]:
        key, equals, value = folder.partition("=")
        key = unquote(key)
        if equals and _KEY.fullmatch(key):
            found[key] = None if value in _NO_VALUE else unquote(value)
    return found

"""Files that lie beside data and are none: notes on it, and what programs leave."""

from __future__ import annotations

import re
from collections.abc import Iterable

_DOCUMENT = re.compile(
    r"(?:(?:readme|licen[sc]e|copying|requirements)(?:[_-][a-z0-9]{1,12}|\.[a-z]{2})?"
    r"|notice|changelog|contributing|contributors|code_of_conduct|citation)"
    r"(?:\.(?:md|txt|rst))?",
    re.IGNORECASE,
)
_NOTE = re.compile(
    # Of the `datasets` library, MLCommons, Frictionless Data, Kaggle.
    r"(?:dataset_infos?|dataset_dict|state|metadata|datapackage|dataset-metadata)\.json"
    r"|.*croissant.*\.json"
    # Of Spark and Parquet, of Windows, and of what is still being written.
    r"|_success|_metadata|_common_metadata|_committed_\w+|_started_\w+"
    r"|thumbs\.db|desktop\.ini|.*\.(?:crc|tmp|partial|lock|swp)|.*~",
    re.IGNORECASE,
)
_FOLDERS = {"_delta_log", "_spark_metadata", "_temporary", "__MACOSX"}
_SHOWN = 5


def is_companion(name: str, *, texts_asked: bool) -> bool:
    """Tell whether a file, by its path below an input, lies there beside the data.

    `texts_asked` says that files of text were asked for by their suffix, so that those
    that are for people are meant.
    """
    *folders, last = name.split("/")
    if _FOLDERS.intersection(folders) or _NOTE.fullmatch(last):
        return True
    return not texts_asked and _DOCUMENT.fullmatch(last) is not None


def listed(names: Iterable[str]) -> str:
    """Some of the names, and how many there are besides."""
    ordered = sorted(names)
    more = len(ordered) - _SHOWN
    shown = ", ".join(ordered[:_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown

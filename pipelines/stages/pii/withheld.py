"""What of a configuration is not published with a run."""

from __future__ import annotations

import copy
from typing import Any

WITHHELD = "(withheld)"
"""Stands for each value of a list in manifest and report."""

LISTS = ("deny", "allow")


def without_lists(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration without the values of deny and allow lists.

    They may be names of persons. How many there are stays visible; `work/run.json`,
    which is not for publication, holds what was given.

    Args:
        config: As `RunConfig.model_dump` makes it.
    """
    recognizers = (config.get("pii") or {}).get("recognizers") or {}
    if not any(recognizers.get(name) for name in LISTS):
        return config
    shown = copy.deepcopy(config)
    for name in LISTS:
        for entry in shown["pii"]["recognizers"].get(name) or ():
            entry["values"] = [WITHHELD] * len(entry.get("values") or ())
    return shown

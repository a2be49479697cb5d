"""What of a text is never shown: what was personal data, and what may still be.

Texts of `data/` are clean as far as the run could tell. Before a part of one is shown,
it is scanned again, for all kinds that are looked for by default as well as those of
the run. What the run changed or kept is masked too, surrogates among it, which look
like somebody.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from isinglass.schemas.config import PiiConfig
from isinglass.transforms.pii.scan import load_detector, scan

MARGIN = 500
"""Code points behind what is shown that are scanned with it."""


class Masked(NamedTuple):
    """A stretch of a text, in code points, and what stands for it."""

    start: int
    stop: int
    entity: str


def masks(
    rows: Sequence[Mapping[str, Any]], section: PiiConfig | None
) -> list[list[Masked] | None]:
    """What is masked of each text, sorted; None of one that could not be scanned.

    Args:
        rows: Rows of `data/` with `text`, `language` and `pii`.
        section: That of the run, None if it had none.
    """
    texts = pa.array([row["text"] for row in rows], pa.string())
    languages = pa.array([row["language"] for row in rows], pa.string())
    found = scan(load_detector(_widened(section), time.monotonic), texts, languages)
    spans: list[list[Masked]] = [
        [Masked(one["start"], one["end"], one["entity"]) for one in row["pii"]]
        for row in rows
    ]
    for one in found.findings.to_pylist():
        spans[one["row"]].append(Masked(one["start"], one["end"], one["entity"]))
    failed = set(found.failures.column("row").to_pylist())
    return [None if at in failed else _joined(own) for at, own in enumerate(spans)]


def _widened(section: PiiConfig | None) -> PiiConfig:
    """The section of a run, that looks for all that is looked for by default, too."""
    default = PiiConfig()
    if section is None:
        return default
    return section.model_copy(
        update={"entities": {**default.entities, **section.entities}}
    )


def _joined(spans: list[Masked]) -> list[Masked]:
    """Spans that do not overlap; of those that do, the first says what they are."""
    found: list[Masked] = []
    for one in sorted(spans):
        if found and one.start < found[-1].stop:
            stop = max(found[-1].stop, one.stop)
            found[-1] = found[-1]._replace(stop=stop)
        elif one.start < one.stop:
            found.append(one)
    return found

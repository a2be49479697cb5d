"""The explanation of one record, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType

    from isinglass.pipelines.stage import Line


@dataclass(frozen=True)
class Record:
    """One record, as ledger and quarantine have it.

    Attributes:
        doc_id: Its id.
        source: Source name; None if no input of the manifest makes this id.
        path: File, relative to the input's root.
        row: Number of the record in the file.
        shard: Shard that it was read in.
        outcome: kept, dropped or quarantined.
        reason: Why it is not kept; None if it is.
        sentence: The reason in words; empty if there is none.
        detail: What was seen of a quarantined record, without its bytes.
        rule: Rule that decided.
        compared_by: What its shingles are made of.
        chars_in: Code points read; None if it could not be decoded.
        chars_out: Code points written; 0 or None if it was not kept.
    """

    doc_id: str
    source: str | None
    path: str
    row: int
    shard: str
    outcome: str
    reason: str | None
    sentence: str
    detail: str | None
    rule: str | None
    compared_by: str | None
    chars_in: int | None
    chars_out: int | None


@dataclass(frozen=True)
class Explanation:
    """All that a run folder tells about one record.

    Attributes:
        facts: JSON-able; `run` (run_id, name, verb, verdict and time of creation),
            `record`, `evidence` (None if the ledger names nothing), and what the
            stages tell.
        lines: Name and value of each line for a terminal; a line that goes on has no
            name.
        notes: What could not be told, and why.
        texts: What stands below all lines.
    """

    facts: Mapping[str, Any]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    texts: tuple[RenderableType, ...]

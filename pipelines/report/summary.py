"""The lines that a command prints when it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report.order import in_order
from isinglass.pipelines.report.text import grouped, share_of, shorten, visible
from isinglass.pipelines.report.verdict import HEADLINES, verdict_reasons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.pipelines.report.order import Asked
    from isinglass.schemas.manifest import Manifest

_LONGEST_REASON = 200


def summary_lines(manifest: Manifest, stages: Sequence[Asked] = ()) -> list[str]:
    """Verdict, records, and what the stages say.

    Plain text for a terminal: digits are grouped by commas, and no control character
    of a name gets through.

    Args:
        manifest: The finished manifest.
        stages: Further stages that are asked for a line.
    """
    lines = [_verdict(manifest), _records(manifest)]
    for line in (stage.line(manifest) for stage in in_order(stages)):
        if line[:1].islower():
            lines[-1] += f"; {line}"
        elif line:
            lines.append(line)
    return [visible(_plain(line)) for line in lines]


def _plain(line: str) -> str:
    """Thin spaces between digits become commas; before a unit, plain spaces."""
    parts = line.split("\u202f")
    joined = parts[0]
    for part in parts[1:]:
        joined += ("," if part[:1].isdigit() else " ") + part
    return joined


def _verdict(manifest: Manifest) -> str:
    first, *others = verdict_reasons(manifest)
    more = f" (and {len(others)} more)" if others else ""
    return f"{HEADLINES[manifest.verdict]}: {shorten(first, _LONGEST_REASON)}{more}"


def _records(manifest: Manifest) -> str:
    records = manifest.records
    dropped = sum(records.dropped.values())
    held = sum(records.quarantined.values())
    return (
        f"Records: {grouped(records.total_in)} in, {grouped(records.kept)} kept "
        f"({share_of(records.kept, records.total_in)}), {grouped(dropped)} dropped, "
        f"{grouped(held)} quarantined"
    )

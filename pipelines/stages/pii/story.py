"""The personal data that was found in a record, and by what evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from isinglass.pipelines.engine.workspace import exists, list_files
from isinglass.pipelines.explain.folder import read_columns
from isinglass.pipelines.stage import Line, Story
from isinglass.schemas.reasons import Outcome

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.pipelines.review.units import Kind

    Finding = Mapping[str, Any]
    """A row of `findings/`, of which the columns are `_SHOWN` and `_SCORES`."""

_SHOWN = ("start", "end", "entity", "operator", "detector", "rule", "validated")
_SCORES = ("base_score", "score", "context")
_LATER = frozenset({"base_score", "context"})
"""Columns that the first version of the table did not have."""
_EVIDENCE = ("operator", "detector", "rule", "validated", *_SCORES)

MOST_SPANS = 20
"""Findings shown one by one, unless all are asked for."""


def story(run: RunFolder, row: Mapping[str, Any], *, full: bool) -> Story:
    """Each finding, and how often each entity was found; never what was found."""
    if not exists(run.folder / "findings" / f"{row['shard']}.parquet"):
        return Story({"record": {"findings": None, "spans": []}})
    names = (*_SHOWN, *_SCORES)
    rows = run.rows(row["shard"], "findings", row["doc_id"], ["doc_id", *names], _LATER)
    spans = [{name: found[name] for name in names} for found in rows]
    spans.sort(key=itemgetter("start", "end", "entity"))
    told = {
        "findings": [
            {"entity": entity, "operator": operator, "count": count}
            for (entity, operator), count in count_spans(spans)
        ],
        "spans": spans,
    }
    kept = row["outcome"] == Outcome.KEPT
    lines = finding_lines(spans, kept=kept, full=full)
    return Story({"record": told}, tuple(lines))


def count_spans(spans: Sequence[Finding]) -> list[tuple[tuple[str, str], int]]:
    """How often each entity was found in a document, by what was done about it."""
    return sorted(Counter(map(itemgetter("entity", "operator"), spans)).items())


def finding_lines(
    spans: Sequence[Finding], *, kept: bool, full: bool
) -> Iterator[Line]:
    """Name and value of each line; a line that goes on has no name.

    Having no finding is worth a line if the record was kept.
    """
    if kept and not spans:
        yield "findings", "none"
    for index, ((entity, operator), count) in enumerate(count_spans(spans)):
        yield "" if index else "findings", f"{count:,} x {entity}, {operator}"
    shown = spans if full else spans[:MOST_SPANS]
    for index, span in enumerate(shown):
        yield "" if index else "evidence", evidence_of(span)
    more = len(spans) - len(shown)
    if more:
        yield "", f"and {more:,} more; --full shows all"


def evidence_of(span: Finding) -> str:
    """Where a finding is, what found it, and how its score came about."""
    place = f"{span['entity']} at {span['start']:,}-{span['end']:,}"
    said = f"{place}: {span['detector']}, {span['rule']}"
    if span["validated"] is not None:
        said += ", checksum holds" if span["validated"] else ", checksum fails"
    before, after, word = (span[name] for name in _SCORES)
    if word is not None and before is not None:
        return f'{said}, score {before:.2f} and {after:.2f} after the word "{word}"'
    return f"{said}, score {after:.2f}, no context word"


def cases(run: RunFolder, kind: Kind) -> Iterator[pa.Table]:
    """Findings, which may be right or wrong; equal values have equal keys."""
    if kind != "finding":
        return
    names = ["doc_id", "start", "end", "entity", "value_key", *_EVIDENCE]
    for path in list_files(run.folder / "findings", "[!.]*.parquet"):
        table = read_columns(path, names, _LATER)
        renamed = {"entity": "label", "value_key": "value"}
        yield table.rename_columns([renamed.get(name, name) for name in names])

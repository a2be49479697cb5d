"""The personal data that was found in a record: where, and by what evidence.

Of a kept record each finding is shown as it stands in the source, with what it became.
That is for the eyes of who has the texts anyway, and is written nowhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from isinglass.pipelines.engine.workspace import exists, list_files
from isinglass.pipelines.explain.folder import read_columns
from isinglass.pipelines.read_again import Missing
from isinglass.pipelines.report.text import CLOSE, OPEN, inert, shorten
from isinglass.pipelines.stage import Line, Story
from isinglass.schemas.reasons import Outcome

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder
    from isinglass.schemas.marks import Kind

    Finding = Mapping[str, Any]
    """A row of `findings/`, of which the columns are `_SHOWN` and `_SCORES`."""

_SHOWN = ("start", "end", "entity", "operator", "detector", "rule", "validated")
_SCORES = ("base_score", "score", "context")
_CLEAN = ("clean_start", "clean_end")
_LATER = frozenset({"base_score", "context", *_CLEAN})
"""Columns that the first version of the table did not have."""
_EVIDENCE = ("operator", "detector", "rule", "validated", *_SCORES)

_BLANKS = re.compile(r"\s+")

MOST_SPANS = 20
"""Findings shown one by one, unless all are asked for."""

MOST_CHARACTERS = 1_000
"""Of a finding that are shown, unless all are asked for."""

AROUND = 40
"""Code points shown before and behind a finding."""


def story(run: RunFolder, row: Mapping[str, Any], *, full: bool) -> Story:
    """Each finding, in context where the record was kept; how often each entity."""
    if not exists(run.folder / "findings" / f"{row['shard']}.parquet"):
        return Story({"record": {"findings": None, "spans": []}})
    names = (*_SHOWN, *_SCORES, *_CLEAN)
    rows = run.rows(row["shard"], "findings", row["doc_id"], ["doc_id", *names], _LATER)
    spans = [{name: found[name] for name in names} for found in rows]
    spans.sort(key=itemgetter("start", "end", "entity"))
    kept = row["outcome"] == Outcome.KEPT
    notes = _put_in_context(spans, run, row) if kept and spans else []
    told = {
        "findings": [
            {"entity": entity, "operator": operator, "count": count}
            for (entity, operator), count in count_spans(spans)
        ],
        "spans": spans,
    }
    lines = finding_lines(spans, kept=kept, full=full)
    return Story({"record": told}, tuple(lines), notes=notes)


def _put_in_context(
    spans: Sequence[dict[str, Any]], run: RunFolder, row: Mapping[str, Any]
) -> list[str]:
    """Add `in_context` to each span; returns notes on what cannot be told."""
    source = run.source_text(row)
    if isinstance(source, Missing):
        return [f"Findings are not shown in context: {source.why}."]
    clean = run.clean_text(row)
    for span in spans:
        span["in_context"] = in_context(source, span, clean)
    return []


def in_context(source: str, span: Finding, clean: str | None) -> dict[str, str | None]:
    """What stands around a finding, the value, and what is in its place now.

    `became` is None where the run wrote no texts.
    """
    start, end = span["start"], span["end"]
    low, high = span["clean_start"], span["clean_end"]
    unknown = clean is None or low is None or high is None
    return {
        "before": source[max(0, start - AROUND) : start],
        "value": source[start:end],
        "after": source[end : end + AROUND],
        "became": None if unknown or clean is None else clean[low:high],
    }


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
        if "in_context" in span:
            yield "", _line_of(span["in_context"], full=full)
    more = len(spans) - len(shown)
    if more:
        yield "", f"and {more:,} more; --full shows all"


def _line_of(found: Mapping[str, str | None], *, full: bool) -> str:
    """A finding in brackets between its neighbours, line ends as blanks."""

    def shown(name: str) -> str:
        text = _BLANKS.sub(" ", found[name] or "")
        return inert(text if full else shorten(text, MOST_CHARACTERS))

    now = "" if found["became"] is None else f"  ->  {shown('became') or '(nothing)'}"
    return (
        f"  ...{shown('before')}{OPEN}{shown('value')}{CLOSE}{shown('after')}...{now}"
    )


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

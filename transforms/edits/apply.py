"""The one place where texts are changed: clean texts, offsets and sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.arrays import Integers
from isinglass.schemas.spans import APPLIED, FAILURES
from isinglass.schemas.tables import DATA
from isinglass.transforms.batches import one_batch
from isinglass.transforms.edits.cut import place_keys
from isinglass.transforms.edits.edits import Precedence, no_spans, places_of
from isinglass.transforms.edits.leftovers import left_beside

if TYPE_CHECKING:
    from isinglass.transforms.edits.edits import Edits, Write, Written
    from isinglass.transforms.edits.view import View

    Places = tuple[Integers, Integers, Integers]

_UNCHANGED = "keep"


@dataclass(frozen=True, eq=False)
class Applied:
    """The documents of a batch after all edits.

    Attributes:
        view: What the stages saw, n documents.
        alive: int64 (k,), those that every stage could read, ascending.
        failures: `spans.FAILURES`, the others, ascending.
        texts: Clean texts of the documents alive (k,).
        findings: `spans.APPLIED`: all spans, sorted; `row` is an index into `alive`,
            `start` and `end` are those of the source texts.
        cut: int64 (k,), code points that were cut out of each text.
        redacted: int64 (k,), further code points that were taken out.
        inserted: int64 (k,), code points that were put in their place.
        changed: int64 (k,), spans that were changed.
        counts: Sums of all stages.
    """

    view: View
    alive: Integers
    failures: pa.RecordBatch
    texts: pa.StringArray = field(repr=False)
    findings: pa.RecordBatch = field(repr=False)
    cut: Integers
    redacted: Integers
    inserted: Integers
    changed: Integers
    counts: Counter[str]

    @property
    def doc_ids(self) -> pa.StringArray:
        """Names of the documents alive (k,)."""
        return self.view.doc_ids.take(pa.array(self.alive))

    @property
    def languages(self) -> pa.StringArray:
        """Their language tags (k,)."""
        return self.view.languages.take(pa.array(self.alive))

    @property
    def sources(self) -> pa.StringArray:
        """Safe labels (k,) of where they come from."""
        return self.view.sources.take(pa.array(self.alive))

    @property
    def spans(self) -> pa.ListArray:
        """The `pii` column of `tables.DATA` (k,): spans in the clean texts."""
        names = ("clean_start", "clean_end", "entity", "operator")
        return self.lists(DATA.field("pii").type, names)

    def lists(self, kind: pa.DataType, names: Sequence[str]) -> pa.ListArray:
        """Findings of each text (k,): lists of structs of the columns `names`."""
        rows = self.findings.column("row").to_numpy()
        per_row = np.bincount(rows, minlength=len(self.alive))
        offsets = np.append(0, np.cumsum(per_row)).astype(np.int32)
        columns = [self.findings.column(name) for name in names]
        values = pa.StructArray.from_arrays(columns, fields=list(kind.value_type))
        return pa.ListArray.from_arrays(pa.array(offsets), values, type=kind)


def apply_edits(view: View, edits: Sequence[Edits]) -> Applied:
    """Apply what stages want changed, one `Edits` a stage, to the texts of a batch.

    Where spans overlap, the one of the higher precedence wins; of equal ones that of
    the stage that comes first. What it leaves uncovered of the other is a span still:
    of one that is to be erased every character, of others see `leftovers`.
    Texts without spans pass through as Arrow buffers. Of failures of one document the
    first is told.

    Raises:
        ValueError: Spans of one stage overlap, are unsorted, or lie outside of their
            text or of all texts.
    """
    failed = pa.Table.from_batches([edit.failures for edit in edits], schema=FAILURES)
    _, firsts = np.unique(failed["row"].to_numpy(), return_index=True)
    failures = one_batch(failed.take(pa.array(firsts)))
    alive = np.setdiff1d(np.arange(len(view.texts)), failures.column("row").to_numpy())
    texts, cut = view.texts, view.cut.characters
    if failures.num_rows:
        texts, cut = texts.take(pa.array(alive)), cut[alive]
    spans, writes = _merged(edits, alive, view.source_texts)
    rows, starts, ends = places = _in_cut(spans, view, alive)
    entities = spans.column("entity").to_pylist()
    new, written = _rewrite(texts, places, entities, writes)
    changing = np.array([one.operator != _UNCHANGED for one in written], np.bool_)
    changed = rows[changing]

    def by_text(amounts: Integers) -> Integers:
        return np.bincount(changed, amounts[changing], len(alive)).astype(np.int64)

    counts: Counter[str] = Counter()
    for edit in edits:
        counts.update(edit.counts)
    return Applied(
        view=view,
        alive=alive,
        failures=failures,
        texts=new,
        findings=_findings(spans, places, written),
        cut=cut,
        redacted=by_text(ends - starts),
        inserted=by_text(_lengths(written)),
        changed=by_text(np.ones(spans.num_rows, np.int64)),
        counts=counts,
    )


def _merged(
    edits: Sequence[Edits], alive: Integers, texts: pa.StringArray
) -> tuple[pa.RecordBatch, list[Write]]:
    """Spans of all stages without overlaps, sorted; what writes each."""
    merged, writers = no_spans(), np.zeros(0, np.int64)
    for number in sorted(range(len(edits)), key=lambda n: edits[n].precedence):
        edit = edits[number]
        _check(edit.spans, len(texts))
        own = np.isin(edit.spans.column("row").to_numpy(), alive)
        spans = edit.spans if own.all() else edit.spans.filter(pa.array(own))
        if spans.num_rows == 0:
            continue
        whole = edit.precedence is Precedence.ERASE
        spans = left_beside(merged, spans, texts, whole=whole)
        table = pa.Table.from_batches([merged, spans])
        writers = np.append(writers, np.full(spans.num_rows, number))
        rows, starts, _ = places_of(table)
        order = np.argsort(place_keys(rows, starts), kind="stable")
        merged, writers = one_batch(table.take(pa.array(order))), writers[order]
    return merged, [edits[number].write for number in writers.tolist()]


def _check(spans: pa.RecordBatch, texts: int) -> None:
    rows, starts, ends = places_of(spans)
    if len(rows) and (rows.min() < 0 or rows.max() >= texts):
        raise ValueError(f"a span is of a row that is none of {texts}")
    starts, ends = place_keys(rows, starts), place_keys(rows, ends)
    if (starts > ends).any() or (starts[1:] < ends[:-1]).any():
        raise ValueError("a span of a stage overlaps another, or is out of order")


def _in_cut(spans: pa.RecordBatch, view: View, alive: Integers) -> Places:
    """Where spans are in the cut texts alive: text, start and end of each."""
    rows, starts, ends = places_of(spans)
    first = view.cut.from_source(rows, starts)
    last = view.cut.from_source(rows, ends)
    if (last - first != ends - starts).any():
        raise ValueError("a span lies in a part that was cut out, or over one")
    return np.searchsorted(alive, rows), first, last


def _rewrite(
    texts: pa.StringArray, places: Places, entities: list[str], writes: list[Write]
) -> tuple[pa.StringArray, list[Written]]:
    """Texts after their spans were written, and what was written for each span."""
    if not entities:
        return texts, []
    rows, starts, ends = (column.tolist() for column in places)
    touched, firsts = np.unique(rows, return_index=True)
    bounds = [*firsts.tolist(), len(entities)]
    news: list[str] = []
    written: list[Written] = []
    for old, span in zip(
        texts.take(pa.array(touched)).to_pylist(), pairwise(bounds), strict=True
    ):
        pieces: list[str] = []
        position = 0
        for index in range(*span):
            start, end = starts[index], ends[index]
            one = writes[index](entities[index], old[start:end])
            pieces += (old[position:start], one.output)
            position = end
            written.append(one)
        if position > len(old):
            raise ValueError(
                f"a span ends at {position}, outside of its text of {len(old)} "
                "code points"
            )
        news.append("".join([*pieces, old[position:]]))
    mask = np.zeros(len(texts), np.bool_)
    mask[touched] = True
    new = pc.replace_with_mask(texts, pa.array(mask), pa.array(news, pa.string()))
    return new, written


def _findings(
    spans: pa.RecordBatch, places: Places, written: list[Written]
) -> pa.RecordBatch:
    """`spans.APPLIED`: each text shifts by what was written in it before."""
    rows, starts, ends = places
    lengths = _lengths(written)
    growth = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(lengths - (ends - starts), out=growth[1:])
    first = starts + growth[:-1] - growth[np.searchsorted(rows, rows)]
    columns = [
        pa.array(rows.astype(np.int32)),
        *spans.columns[1:],
        pa.array(first.astype(np.int32)),
        pa.array((first + lengths).astype(np.int32)),
        pa.array([one.operator for one in written], pa.string()),
        pa.array([one.value_key for one in written], pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=APPLIED)


def _lengths(written: list[Written]) -> Integers:
    return np.array([len(one.output) for one in written], np.int64)

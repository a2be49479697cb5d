"""Small batches, cuts and spans for tests of edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.schemas.tables import DOCUMENTS
from isinglass.transforms.edits import Cuts, Edits, Precedence, View, Written
from isinglass.transforms.pii.budget import failures_batch
from tests.findings import Found, findings_batch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.transforms.edits.cut import Cut

Span = tuple[int, int]
"""First code point, and the one behind the last."""

FoundSpan = tuple[int, int, int, str]
"""Row, start, end and entity."""


def view_of(
    texts: Sequence[str],
    sources: Sequence[str | None] | None = None,
    ids: Sequence[str] | None = None,
) -> View:
    """English documents with the given texts."""
    many = len(texts)
    columns = {
        "doc_id": ids or [f"{n:032x}" for n in range(many)],
        "row": list(range(many)),
        "text": texts,
        "source": sources or [None] * many,
    }
    arrays = [
        pa.array(columns.get(kind.name, [None] * many), kind.type) for kind in DOCUMENTS
    ]
    documents = pa.RecordBatch.from_arrays(arrays, schema=DOCUMENTS)
    return View.of(documents, pa.array(["en"] * many, pa.string()))


def cuts_of(parts: Sequence[Sequence[Span]]) -> Cuts:
    """The given parts of each text."""
    flat = [(row, *part) for row, own in enumerate(parts) for part in own]
    columns = np.array(flat, np.int64).reshape(-1, 3)
    places = columns[:, 1:].astype(np.int32)
    return Cuts(columns[:, 0], places[:, 0], places[:, 1])


def cut_of(sources: Sequence[str], parts: Sequence[Sequence[Span]]) -> Cut:
    """Cut the given parts out, whatever they are."""
    return view_of(sources).with_cuts([cuts_of(parts)]).cut


def write(entity: str, value: str) -> Written:
    """Like some operators: nothing, the value, or something longer than it."""
    outputs = {"GONE": "", "KEPT": value}
    output = outputs.get(entity, f"<{entity}é{len(value)}>")
    operator = "keep" if entity == "KEPT" else "replace"
    return Written(operator, output, f"key of {value}")


def edits_of(
    spans: Sequence[FoundSpan],
    precedence: Precedence = Precedence.REDACT,
    failed: Sequence[int] = (),
) -> Edits:
    """What one stage changes, by `write`."""
    found = [Found(*span, 0.5, "detector", "rule", validated=True) for span in spans]
    failures = dict.fromkeys(failed, ("scan_timeout", precedence.name))
    return Edits(
        findings_batch(found), write, precedence, failures=failures_batch(failures)
    )


def spans_of(batch: pa.RecordBatch) -> list[FoundSpan]:
    """Row, start, end and entity of each span."""
    names = ("row", "start", "end", "entity")
    return list(zip(*(batch.column(n).to_pylist() for n in names), strict=True))

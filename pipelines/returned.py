"""What stages from outside return, held to what they declared; ours are trusted."""

from __future__ import annotations

import inspect
import json
import math
import re
import traceback
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.outside import check_names, is_outside
from isinglass.pipelines.stage import OPEN
from isinglass.schemas.errors import ConfigError, IsinglassError
from isinglass.schemas.spans import FOUND
from isinglass.transforms.edits import Edits, Precedence, Written
from isinglass.transforms.edits.edits import places_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.stage import Closed, Record, Stage, Verdict

    Loaded = list[tuple[Stage, Any]]

_OWN = re.compile(r"[a-z0-9_]+")
_KEY = re.compile(r"[0-9a-f]{32}")
_KEEP = "keep"
_EVIDENCE = {"rule": pa.string(), "similarity": pa.float64()}
"""Columns of the decisions that a stage from outside may fill."""


@contextmanager
def blamed(stage: Stage, method: str) -> Iterator[None]:
    """Let an error of a stage from outside say whose it is.

    Only class and place are told: the message may quote a document.
    """
    try:
        yield
    except (IsinglassError, MemoryError):
        raise
    except Exception as error:
        if not is_outside(stage):
            raise
        raise IsinglassError(
            f"stage {stage.name}: {method} raised {type(error).__name__} at "
            f"{_place(stage, error)}. Finished work is kept; mend the stage and run "
            "again."
        ) from error


def open_stages(
    stages: Iterable[Stage], phase: Literal["survey", "clean"], workspace: Workspace
) -> Loaded:
    """Load what stages need in a worker; each with its state."""
    opened: Loaded = []
    for stage in stages:
        with blamed(stage, "open"):
            opened.append((stage, stage.open(phase, workspace)))
    return opened


def _place(stage: Stage, error: Exception) -> str:
    """File and line, of the module of the stage if it is on the way."""
    frames = traceback.extract_tb(error.__traceback__)
    own = inspect.getsourcefile(type(stage))
    frame = next((f for f in reversed(frames) if f.filename == own), frames[-1])
    return f"{Path(frame.filename).name}:{frame.lineno}"


def check_declared(stage: Stage, carried: pa.Schema) -> None:
    """Refuse columns and tables that a stage from outside may not declare."""
    if not is_outside(stage):
        return
    fields = [*stage.fields("survey"), *stage.fields("data")]
    check_names(stage, "column", [field.name for field in fields], "_")
    taken = [name for name in carried.names if name.startswith(f"{stage.name}_")]
    if fields and taken:
        raise _refused(
            stage,
            f"the inputs have a column {taken[0]}; rename it with the `columns` of "
            "its source, or the stage",
        )
    if stage.tables():
        raise _refused(stage, "only `data/` can have more columns; it declares tables")


def check_verdict(stage: Stage, verdict: Verdict, documents: int) -> None:
    """Refuse what is no verdict of a stage from outside on so many documents."""
    if not is_outside(stage):
        return
    check_names(stage, "reason", verdict.reasons)
    drops = np.asarray(verdict.drops)
    if drops.shape != (documents,) or not np.issubdtype(drops.dtype, np.signedinteger):
        raise _refused(
            stage,
            f"drops must be {documents} signed integers, an index into `reasons` or "
            f"{OPEN}; they are {drops.dtype} of shape {drops.shape}",
        )
    if documents and not (OPEN <= drops.min() <= drops.max() < len(verdict.reasons)):
        raise _refused(
            stage,
            f"drops go from {drops.min()} to {drops.max()}, and there are "
            f"{len(verdict.reasons)} reasons",
        )
    if verdict.facts or not verdict.evidence.keys() <= _EVIDENCE.keys():
        names = sorted({*verdict.facts, *verdict.evidence} - _EVIDENCE.keys())
        raise _refused(
            stage, f"it may tell a rule and a similarity as evidence, not {names}"
        )
    for name, column in verdict.evidence.items():
        _check_column(stage, pa.field(name, _EVIDENCE[name]), column, documents)


def check_columns(
    stage: Stage,
    table: Literal["survey", "data"],
    columns: Mapping[str, pa.Array],
    rows: int,
) -> None:
    """Refuse columns of a stage from outside that are not as it declared them."""
    if not is_outside(stage):
        return
    fields = stage.fields(table)
    names = {field.name for field in fields}
    if columns.keys() != names:
        raise _refused(
            stage, f"it returned {sorted(columns)} and declared {sorted(names)}"
        )
    for field in fields:
        _check_column(stage, field, columns[field.name], rows)


def _check_column(stage: Stage, field: pa.Field, column: Any, rows: int) -> None:
    if not isinstance(column, pa.Array) or column.type != field.type:
        kind = column.type if isinstance(column, pa.Array) else type(column).__name__
        raise _refused(stage, f"{field.name} must be {field.type}, not {kind}")
    if len(column) != rows:
        raise _refused(stage, f"{field.name} has {len(column)} of {rows} entries")
    if column.null_count and not field.nullable:
        raise _refused(stage, f"{field.name} has nulls and is declared without")


def own_edits(stage: Stage, edits: Edits, texts: pa.StringArray) -> Edits:
    """Edits of a stage from outside, which never go before those of ours.

    Refused are kinds, detectors, rules and counts that are not its own, and spans
    outside of their text.
    """
    if not is_outside(stage):
        return edits
    if edits.spans.schema != FOUND:
        raise _refused(stage, "its spans are not `schemas.spans.FOUND`")
    rows, starts, ends = places_of(edits.spans)
    if len(rows) and not 0 <= rows.min() <= rows.max() < len(texts):
        raise _refused(stage, f"a span is of a row that is none of {len(texts)}")
    lengths = pc.utf8_length(texts).to_numpy()[rows]
    if ((starts < 0) | (ends < starts) | (ends > lengths)).any():
        raise _refused(
            stage, "a span lies outside of its text; offsets are code points, not bytes"
        )
    _check_own(stage, "kind", edits.spans.column("entity").unique().to_pylist())
    for column in ("detector", "rule"):
        names = edits.spans.column(column).unique().to_pylist()
        _check_own(stage, column, [name for name in names if name != stage.name])
    check_names(stage, "count", edits.counts)

    def write(entity: str, value: str) -> Written:
        with blamed(stage, "the writer of its edits"):
            written = edits.write(entity, value)
        _check_written(stage, written, value)
        return written

    return replace(edits, write=write, precedence=Precedence.SWAP)


def _check_written(stage: Stage, written: Written, value: str) -> None:
    if written.operator != _KEEP:
        _check_own(stage, "operator", [written.operator])
    elif written.output != value:
        raise _refused(stage, "it says `keep` of what it changes")
    if not _KEY.fullmatch(written.value_key):
        raise _refused(stage, "a value key must be 32 of 0-9a-f; `NO_KEY` is none")


def check_record(stage: Stage, record: Record, rows: int) -> None:
    """Check what a stage from outside wrote down about kept documents."""
    check_columns(stage, "data", record.columns, rows)
    check_names(stage, "count", record.counts)


def check_closed(stage: Stage, closed: Closed) -> None:
    """Check what a stage from outside adds to a closed run."""
    if not is_outside(stage):
        return
    check_names(stage, "statistic", [row.metric for row in closed.statistics])
    for row in closed.statistics:
        if not math.isfinite(row.value):
            raise _refused(stage, f"statistic {row.metric} is {row.value}")
    _check_own(stage, "table", closed.audit)
    try:
        json.dumps(dict(closed.manifest), allow_nan=False)
    except (TypeError, ValueError):
        raise _refused(stage, "its values for the manifest are no JSON") from None


def _check_own(stage: Stage, what: str, names: Iterable[str]) -> None:
    check_names(stage, what, names)
    for name in names:
        if not _OWN.fullmatch(name.removeprefix(f"{stage.name}.")):
            told = f"{what} {name!r} may hold small letters, digits and _"
            raise _refused(stage, told)


def _refused(stage: Stage, told: str) -> ConfigError:
    return ConfigError(f"stage {stage.name}: {told}.")

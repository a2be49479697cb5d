"""What stages from outside dropped, with what they measured beside their options.

None of their code is run: what a stage `x` measured is in columns of the survey that
begin with `x_`, and a limit is the option that such a column is named after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.explain.folder import whole_documents

if TYPE_CHECKING:
    from isinglass.pipelines.explain.folder import RunFolder

_COLUMNS = ["doc_id", "chars_in", "reason", "rule", "similarity"]


def outside_cases(run: RunFolder) -> Iterator[pa.Table]:
    """Documents that stages from outside dropped: their reasons alone have a dot."""
    given = run.manifest["config"].get("stages") or []
    options = {one["use"]: one.get("options") or {} for one in given}
    stages = run.manifest.get("stages") or {}
    for path, ledger in run.each_ledger(_COLUMNS) if given else ():
        parts = pc.split_pattern(ledger["reason"], ".", max_splits=1)
        theirs = ledger.filter(pc.greater(pc.list_value_length(parts), 1))
        names = pc.list_element(pc.split_pattern(theirs["reason"], "."), 0)
        for name in sorted(names.unique().to_pylist()):
            used = (stages.get(name) or {}).get("use")
            some = theirs.filter(pc.equal(names, name))
            measured = run.measured(path.stem, some["doc_id"], f"{name}_")
            yield _table(some, measured, f"{name}_", options.get(used, {}))


def _table(
    some: pa.Table, measured: pa.Table, prefix: str, options: Mapping[str, Any]
) -> pa.Table:
    """Cases of one stage: what it measured beside its options, by their names."""
    columns = {
        **whole_documents(some),
        "rule": some["rule"],
        "similarity": some["similarity"],
    }
    near = pa.nulls(some.num_rows, pa.float64())
    for name in measured.column_names:
        kind = measured.schema.field(name).type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            continue
        columns[name] = measured[name]
        limit = options.get(name.removeprefix(prefix))
        if isinstance(limit, int | float) and not isinstance(limit, bool):
            columns[f"{name} limit"] = pa.array([float(limit)] * some.num_rows)
            far = pc.abs(pc.subtract(measured[name].cast(pa.float64()), float(limit)))
            near = pc.min_element_wise(near, pc.divide(far, abs(limit) or 1.0))
    return pa.table({**columns, "near": near})

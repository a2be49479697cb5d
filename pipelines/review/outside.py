"""What stages from outside dropped, with what they measured beside their options.

None of their code is run: what a stage `x` measured is in columns of the survey that
begin with `x_`, and a limit is the option that such a column is named after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
            limits = {f"{name}_": options.get(used, {})}
            yield _table(run, path.stem, theirs.filter(pc.equal(names, name)), limits)


def _table(
    run: RunFolder, shard: str, some: pa.Table, limits: Mapping[str, Mapping[str, Any]]
) -> pa.Table:
    """Cases of one stage; `limits` are its options by the prefix of its columns."""
    ((prefix, options),) = limits.items()
    columns = {
        "doc_id": some["doc_id"],
        "start": pa.array(np.zeros(some.num_rows, np.int64)),
        "end": some["chars_in"],
        "label": some["reason"],
        "rule": some["rule"],
        "similarity": some["similarity"],
    }
    near = pa.nulls(some.num_rows, pa.float64())
    measured = run.measured(shard, some["doc_id"], prefix)
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

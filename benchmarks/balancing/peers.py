"""Raking by the package ipfn, in an interpreter that has it; nothing of isinglass.

The question is a JSON object on stdin, the answer one on stdout: `weights` of the
records, null where ipfn is not installed.
"""

from __future__ import annotations

import json
import sys
from importlib import metadata
from importlib.util import find_spec
from typing import Any


def rake(margins: list[list[int]], goals: list[list[float]]) -> list[float]:
    """Weights of records that bring each margin to its goals, from 1."""
    import pandas as pd  # type: ignore[import-untyped]  # noqa: PLC0415 - of the peers
    from ipfn import ipfn  # type: ignore[import-not-found]  # noqa: PLC0415 - likewise

    columns = [f"margin{place}" for place in range(len(margins))]
    frame = pd.DataFrame(dict(zip(columns, margins, strict=True)))
    frame["total"] = 1.0
    aggregates = []
    for name, goal in zip(columns, goals, strict=True):
        aggregates.append(pd.Series(goal, index=pd.RangeIndex(len(goal), name=name)))
    solver = ipfn.ipfn(
        frame,
        aggregates,
        [[name] for name in columns],
        convergence_rate=1e-14,
        max_iteration=2000,
        rate_tolerance=0.0,
    )
    return [float(weight) for weight in solver.iteration()["total"]]


def main() -> None:
    """Answer the question."""
    asked: dict[str, Any] = json.load(sys.stdin)
    if find_spec("ipfn") is None:
        print(json.dumps({"weights": None}))
        return
    weights = rake(asked["margins"], asked["goals"])
    print(json.dumps({"weights": weights, "version": metadata.version("ipfn")}))


if __name__ == "__main__":
    main()

"""The tokens of a record, and where they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from isinglass.pipelines.engine.workspace import exists
from isinglass.pipelines.explain.folder import RunFolder, read_columns
from isinglass.pipelines.report.text import grouped
from isinglass.pipelines.stage import Line, Story
from isinglass.transforms.batches import one_batch

MOST_ROWS = 8
"""Packed rows that are listed on a terminal."""


def story(run: RunFolder, row: Mapping[str, Any], *, full: bool) -> Story | None:
    """Tokens, windows and packed rows; None where the run encoded nothing of it.

    `tokens` are those of all windows together, special ones included.
    """
    shard, doc_id = row["shard"], row["doc_id"]
    tokens = run.rows(shard, "tokens", doc_id, ["doc_id", "n_tokens"])
    vectors = run.rows(shard, "embeddings", doc_id, ["doc_id"])
    packed = _packed_rows(run, shard, doc_id)
    if not (tokens or vectors or packed):
        return None
    encode = run.manifest["config"].get("encode") or {}
    windowed = encode.get("windows") == "window"
    told = {
        "tokens": sum(one["n_tokens"] for one in tokens) if tokens else None,
        "windows": len(tokens or vectors) if windowed else None,
        "packed_rows": packed,
    }
    return Story({"encode": told}, _lines(told, most=None if full else MOST_ROWS))


def _packed_rows(run: RunFolder, shard: str, doc_id: str) -> list[int] | None:
    """Numbers of the rows, from 0, that hold a piece of it; None without `packed/`."""
    path = run.folder / "packed" / f"{shard}.parquet"
    if not exists(path):
        return None
    pieces = one_batch(read_columns(path, ["doc_ids"])).column("doc_ids")
    mine = pieces.flatten().to_numpy(zero_copy_only=False) == doc_id
    owners = pieces.value_parent_indices().to_numpy()
    found: list[int] = np.unique(owners[mine]).tolist()
    return found


def _lines(told: Mapping[str, Any], most: int | None) -> list[Line]:
    names = ("tokens", "windows")
    lines = [(name, grouped(told[name])) for name in names if told[name] is not None]
    rows = told["packed_rows"]
    if rows:
        listed = ", ".join(grouped(number) for number in rows[:most])
        more = len(rows) - len(rows[:most])
        listed += f" and {grouped(more)} more" if more else ""
        lines.append(("packed in", f"row {listed} of its shard"))
    return lines

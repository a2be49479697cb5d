"""One file of `data/` as a trainer reads it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from isinglass.pipelines.engine.workspace import (
    file_sha256,
    table_batches,
    write_parts,
)
from isinglass.schemas.commit import OutputFile
from isinglass.schemas.errors import InputError, ReconcileError
from isinglass.transforms.export import Compression, Form, compressed, drawn, written
from isinglass.transforms.read.batches import BATCH_BYTES, cut
from isinglass.transforms.read.sizes import decoded_bytes

if TYPE_CHECKING:
    import pyarrow as pa

    from isinglass.pipelines.engine.commits import UnitOutputs

WEIGHT = "balance_weight"

BATCH_ROWS = 64
"""So many are read at a time, and written in parts of some megabytes."""


@dataclass(frozen=True)
class Target:
    """What files become: documents in a form, compressed, under names of a suffix."""

    form: Form
    suffix: str
    compression: Compression


def write_file(
    run: Path, target: Target, payload: str, outputs: UnitOutputs
) -> dict[str, int]:
    """Write one file of `data/`, which must be as the manifest has it.

    Returns:
        How many `documents` it has, how many times one was `written`, and how many have
        a weight that is neither written nor applied (`unweighted`).
    """
    source = OutputFile(**json.loads(payload))
    path = run / source.path
    if file_sha256(path) != source.sha256:
        raise InputError(
            f"{path} is not as the manifest records it. `isinglass verify` says what "
            "is damaged."
        )
    counts: Counter[str] = Counter(documents=0, written=0, unweighted=0)
    blocks = _blocks(path, target.form, counts, outputs)
    final = outputs.workspace.path / f"{outputs.unit}{target.suffix}"
    temporary = outputs.reserve(final)
    write_parts(temporary, compressed(blocks, target.compression))
    outputs.adopt(temporary, final, counts["written"])
    return dict(counts)


def _blocks(
    path: Path, form: Form, counts: Counter[str], outputs: UnitOutputs
) -> Iterator[bytes]:
    """What is written, batch by batch; documents are counted in the bytes."""
    wanted = list(dict.fromkeys([*form.reads, WEIGHT]))
    unweighted = form.draw is None and WEIGHT not in form.reads
    for batch in table_batches(path, wanted, BATCH_ROWS):
        counts["documents"] += batch.num_rows
        if unweighted:
            counts["unweighted"] += len(batch) - batch.column(WEIGHT).null_count
        rows = drawn(batch, form.draw) if form.draw else batch
        for piece in _pieces(rows):
            block = written(piece, form)
            if block.count(form.ending) != len(piece):
                raise ReconcileError(
                    f"Pass export, shard {outputs.unit}: {len(piece)} documents are "
                    "not as many in what is written of them."
                )
            counts["written"] += len(piece)
            yield block
        outputs.status.add(batch.num_rows)


def _pieces(rows: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A batch, or parts of one that is large."""
    if rows.nbytes <= BATCH_BYTES:
        yield rows
        return
    sizes = np.sum([decoded_bytes(column) for column in rows.columns], axis=0)
    for part in cut(sizes):
        yield rows.slice(part.start, part.stop - part.start)

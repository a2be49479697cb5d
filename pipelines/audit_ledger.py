"""The ledger of a shard whose texts need not be read again.

An audit that looks for nothing in the texts, in a shard of which every record could be
read, has all that the ledger says in survey and decisions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.mapped_tables import (
    check_same,
    decisions_path,
    id_words,
    read_mapped,
    survey_path,
)
from isinglass.pipelines.survey import LENGTHS, add_lengths
from isinglass.schemas.documents import Shard
from isinglass.schemas.reasons import Outcome
from isinglass.schemas.tables import LEDGER, QUARANTINE
from isinglass.transforms.accounts import EVIDENCE, count_records
from isinglass.transforms.batches import one_batch
from isinglass.transforms.read.identity import format_doc_ids
from isinglass.transforms.statistics.fold import TextGatherer

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.transforms.write import TableWriter


def write_ledger(
    shard: Shard, writers: dict[str, TableWriter], outputs: UnitOutputs
) -> tuple[dict[str, int], TextGatherer]:
    """Write ledger and quarantine of a shard; returns its counts and statistics."""
    workspace = outputs.workspace
    survey = read_mapped(survey_path(workspace, shard.shard_id))
    decisions = read_mapped(decisions_path(workspace, shard.shard_id))
    words = id_words(survey)
    check_same("clean", shard.shard_id, words, decisions)
    ledger = _ledger(shard, survey, decisions, format_doc_ids(words))
    writers["ledger"].write(ledger)
    writers["quarantine"].write(_quarantine(ledger))
    texts = TextGatherer()
    kept = pc.equal(decisions["outcome"], Outcome.KEPT.value)
    add_lengths(texts, one_batch(survey.select(LENGTHS).filter(kept)))
    counts = count_records(ledger)
    counts["characters_out"] = counts["characters_kept"]
    return dict(counts), texts


def _ledger(
    shard: Shard, survey: pa.Table, decisions: pa.Table, doc_ids: pa.StringArray
) -> pa.RecordBatch:
    paths = pa.array([piece.relative for piece in shard.pieces], pa.string())
    kept = pc.equal(decisions["outcome"], Outcome.KEPT.value)
    columns = {
        "doc_id": doc_ids,
        "shard": pa.repeat(pa.scalar(shard.shard_id), survey.num_rows),
        "path": paths.take(survey["piece"].combine_chunks()),
        "row": survey["row"],
        "outcome": decisions["outcome"],
        "reason": decisions["reason"],
        **{name: decisions[name] for name in EVIDENCE},
        "chars_in": survey["characters"],
        "chars_out": pc.if_else(kept, survey["characters"], 0),
        "spans_changed": pa.array(np.zeros(survey.num_rows, np.int32)),
    }
    table = pa.table([columns[name] for name in LEDGER.names], schema=LEDGER)
    return one_batch(table)


def _quarantine(ledger: pa.RecordBatch) -> pa.RecordBatch:
    """Rows of `quarantine/`, without the text: an audit writes none."""
    held = ledger.filter(pc.equal(ledger.column("outcome"), Outcome.QUARANTINED.value))
    names = ("doc_id", "shard", "path", "row", "reason")
    nothing = [
        pa.repeat(pa.scalar(""), held.num_rows),
        pa.nulls(held.num_rows, pa.large_binary()),
    ]
    columns = [*(held.column(name) for name in names), *nothing]
    return pa.RecordBatch.from_arrays(columns, schema=QUARANTINE)

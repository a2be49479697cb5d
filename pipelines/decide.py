"""From the survey to one decision a document: every stage is heard, in order.

The corridor itself says which texts are empty and which ids are used twice. A verdict
on a document that somebody dropped before is not heard.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.commits import UnitOutputs, outputs_digest_input
from isinglass.pipelines.engine.mapped_tables import (
    RESOLVE,
    WORDS,
    decisions_path,
    id_words,
    read_survey,
    write_mapped,
)
from isinglass.pipelines.engine.passes import run_step
from isinglass.pipelines.returned import blamed, check_verdict
from isinglass.pipelines.stage import OPEN, Driver, Stage, Standing, Verdict
from isinglass.schemas.columns import filled, nullable
from isinglass.schemas.commit import Commit
from isinglass.schemas.reasons import DropReason, Outcome, QuarantineReason
from isinglass.transforms.survey import ambiguous_ids

DECISIONS = pa.schema(
    [
        *filled(pa.uint64(), *WORDS),
        *filled(pa.string(), "outcome"),
        *nullable(pa.string(), "reason", "rule", "kept_doc_id", "kept_in"),
        *nullable(pa.float64(), "similarity"),
        *nullable(pa.string(), "compared_by", "evaluation_item"),
        *nullable(pa.float64(), "weight"),
    ]
)
"""One row a document of the shard, in reading order."""

_ADMISSION = (QuarantineReason.DUPLICATE_ID.value, DropReason.EMPTY.value)


@dataclass(frozen=True)
class Decided:
    """What was decided on all documents, and what each stage said, by its name."""

    resolved: Commit
    verdicts: Mapping[str, Verdict]

    @property
    def leaves(self) -> list[Commit]:
        """Commits of steps whose files the clean pass reads."""
        return [
            commit for verdict in self.verdicts.values() for commit in verdict.leaves
        ]


@dataclass
class _Table:
    """The decisions as they come together; one entry a document of the run.

    `code` (n,) is an index into `reasons`, and `OPEN` while nobody dropped it.
    """

    code: np.ndarray
    reasons: list[str] = field(default_factory=list)
    columns: dict[str, pa.Array] = field(default_factory=dict)

    def drop(self, chosen: np.ndarray, which: np.ndarray, names: Sequence[str]) -> None:
        self.code[chosen] = which[chosen].astype(np.int16) + len(self.reasons)
        self.reasons += names

    @property
    def open(self) -> np.ndarray:
        return np.asarray(self.code == OPEN)

    def finish(self) -> dict[str, pa.Array]:
        """All columns, with outcome and reason."""
        kept = self.open
        reason = pa.array(self.reasons, pa.string()).take(
            pa.array(self.code, mask=kept)
        )
        held = pc.equal(reason, QuarantineReason.DUPLICATE_ID.value)
        gone = pc.if_else(held, Outcome.QUARANTINED.value, Outcome.DROPPED.value)
        outcome = pc.if_else(pa.array(kept), Outcome.KEPT.value, gone)
        return {**self.columns, "outcome": outcome, "reason": reason}


def decide(driver: Driver, stages: Sequence[Stage], closed: Sequence[int]) -> Decided:
    """Hear every stage, and write the decisions of every shard.

    `closed` are documents that an earlier scan sent to quarantine, and their equals.
    """
    documents = driver.documents
    shut = np.zeros(documents, np.bool_)
    shut[list(closed)] = True
    admission = _admission(driver)
    admitted = admission == OPEN
    table = _Table(np.full(documents, OPEN, np.int16))
    verdicts: dict[str, Verdict] = {}
    flags: dict[str, np.ndarray] = {}
    for stage in (stage for stage in stages if stage.early):
        standing = Standing(table.open, np.zeros(documents, np.bool_), admitted)
        flags[stage.name] = _hear(driver, stage, standing, table, verdicts)
    table.drop(table.open & ~admitted, admission, _ADMISSION)
    for stage in (stage for stage in stages if not stage.early):
        standing = Standing(table.open, shut & table.open, admitted)
        flags[stage.name] = _hear(driver, stage, standing, table, verdicts)
    _merge(table, verdicts, flags)
    return Decided(_store(driver, table), verdicts)


def _admission(driver: Driver) -> np.ndarray:
    """int8 (n,): index into `_ADMISSION` of empty texts and of ids used twice."""
    names = [*WORDS, "hash_high", "hash_low", "id_key", "blank"]
    found = np.full(driver.documents, OPEN, np.int8)
    if not driver.places:
        return found
    survey = read_survey(driver.workspace, driver.places, names)
    ids, hashes = id_words(survey), id_words(survey, "hash")
    blank = survey["blank"].to_numpy()
    found[ambiguous_ids(survey["id_key"].to_numpy(), ids, hashes, blank)] = 0
    found[blank] = 1
    return found


def _hear(
    driver: Driver,
    stage: Stage,
    standing: Standing,
    table: _Table,
    verdicts: dict[str, Verdict],
) -> np.ndarray:
    """Ask a stage; returns which documents it drops."""
    with blamed(stage, "decide"):
        verdict = stage.decide(driver, standing)
    if verdict is None:
        return np.zeros(len(standing.open), np.bool_)
    check_verdict(stage, verdict, len(standing.open))
    verdicts[stage.name] = verdict
    chosen = standing.open & (verdict.drops != OPEN)
    table.drop(chosen, verdict.drops, verdict.reasons)
    return np.asarray(chosen)


def _merge(
    table: _Table, verdicts: Mapping[str, Verdict], dropped: Mapping[str, np.ndarray]
) -> None:
    """Put the columns of all verdicts together, in the order in which they were given.

    Evidence is that of the stage which dropped a document; of a document that nobody
    drops, that of the last stage which has some.
    """
    kept = table.open
    for name, verdict in verdicts.items():
        table.columns.update(verdict.facts)
        for column, evidence in verdict.evidence.items():
            present = evidence.is_valid().to_numpy(zero_copy_only=False)
            told = pa.array(present & (dropped[name] | kept))
            before = table.columns.get(column, pa.nulls(len(kept), evidence.type))
            table.columns[column] = pc.if_else(told, evidence, before)


def _store(driver: Driver, table: _Table) -> Commit:
    """Write the decisions of every shard, unless these are written already."""
    columns = table.finish()

    def write(outputs: UnitOutputs) -> dict[str, int]:
        for place in driver.places:
            survey = read_survey(driver.workspace, [place], WORDS)
            rows = place.stop - place.start
            own = {name: survey[name] for name in WORDS}
            own |= {n: c.slice(place.start, rows) for n, c in columns.items()}
            arrays = [own.get(f.name, pa.nulls(rows, f.type)) for f in DECISIONS]
            part = pa.Table.from_arrays(arrays, schema=DECISIONS)
            # A slice is written with bits of its neighbours, whose decisions would
            # then change its hash.
            part = part.take(np.arange(rows)).combine_chunks()
            path = decisions_path(driver.workspace, place.shard_id)
            write_mapped(outputs, path, DECISIONS, part.to_batches())
        return {"records_in": driver.documents, "kept": int(table.open.sum())}

    identity = [
        outputs_digest_input(list(driver.surveys.values())),
        {name: _digest(column) for name, column in columns.items()},
        driver.code,
    ]
    return run_step(driver.session, RESOLVE, identity, write)


def _digest(column: pa.Array) -> str:
    batch = pa.RecordBatch.from_arrays([column], names=["column"])
    return hashlib.sha256(batch.serialize()).hexdigest()

"""The clean pass: read again, apply decisions and edits, write data and accounts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from isinglass.pipelines.audit_ledger import write_ledger
from isinglass.pipelines.engine.commits import outputs_digest_input, read_commit
from isinglass.pipelines.engine.mapped_tables import (
    SURVEY,
    WORDS,
    check_same,
    decisions_path,
    id_words,
    read_mapped,
    survey_path,
)
from isinglass.pipelines.engine.units import Unit, shard_unit
from isinglass.pipelines.returned import blamed, check_record, open_stages, own_edits
from isinglass.pipelines.stage import Stage
from isinglass.schemas.commit import Commit
from isinglass.schemas.documents import DocumentBatch, Layout, Shard
from isinglass.schemas.errors import ReconcileError
from isinglass.schemas.tables import DATA, FINDINGS, LEDGER, QUARANTINE, with_carried
from isinglass.transforms.accounts import account, kept_view
from isinglass.transforms.edits import Applied, Edits, View, apply_edits
from isinglass.transforms.labels import safe_labels
from isinglass.transforms.read import read_shard
from isinglass.transforms.read.identity import doc_id_words, format_doc_ids
from isinglass.transforms.statistics.fold import TextGatherer
from isinglass.transforms.write import ZSTD, Storage

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.returned import Loaded
    from isinglass.pipelines.stage import Driver
    from isinglass.transforms.write import TableWriter

CLEAN = "clean"
DICTIONARY = (
    "source",
    "language",
    "license",
    "synthetic_by",
    "entity",
    "detector",
    "rule",
    "operator",
    "shard",
    "path",
    "outcome",
    "reason",
)
"""Columns with few distinct values, which Parquet stores as a dictionary."""

PUBLISHED = Storage(by_content=True)
"""Of `data/`, which is copied to hubs and buckets, in one version after the other."""


@dataclass(frozen=True)
class CleanWork:
    """Work of the clean pass. In an audit nothing that holds text is written."""

    layout: Layout
    stages: tuple[Stage, ...]
    workspace: Workspace
    write_text: bool
    name: str = CLEAN

    def open(self) -> Loaded:
        """Load what the stages read texts with, once a worker."""
        return open_stages(self._reading, "clean", self.workspace)

    @property
    def _reading(self) -> list[Stage]:
        """Stages that see the texts."""
        records = Stage.record
        return [s for s in self.stages if s.edits or type(s).record is not records]

    @property
    def data_schema(self) -> pa.Schema:
        """Of `data/`: what every run has, carried columns, and those of stages."""
        added = [field for stage in self.stages for field in stage.fields("data")]
        carried = self.layout.carried
        return with_carried(DATA, pa.schema([*carried, *added], carried.metadata))

    def run(self, state: Loaded, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Clean one shard; returns its counts."""
        shard = Shard.from_json(payload)
        writers = self._open_writers(shard.shard_id, outputs)
        if not self._needs_texts(shard.shard_id):
            counts, texts = write_ledger(shard, writers, outputs)
            _write_statistics(outputs, texts, {})
            return counts
        shard_pass = _ShardPass(self, state, shard, outputs, writers)
        for batch in read_shard(shard, self.layout):
            shard_pass.add(batch)
        return shard_pass.finish()

    def _needs_texts(self, shard_id: str) -> bool:
        """Whether the inputs of a shard must be read again."""
        if self.write_text or any(stage.edits for stage in self.stages):
            return True
        survey = read_mapped(survey_path(self.workspace, shard_id), WORDS)
        doc_ids = format_doc_ids(id_words(survey))
        if any(stage.wants_texts(doc_ids) for stage in self._reading):
            return True
        surveyed = read_commit(self.workspace, SURVEY, shard_id)
        return surveyed is None or surveyed.counts["rejected"] > 0

    def _open_writers(
        self, shard_id: str, outputs: UnitOutputs
    ) -> dict[str, TableWriter]:
        """Start the tables that the pass writes for a shard."""
        schemas = {"ledger": LEDGER, "quarantine": QUARANTINE}
        if any(stage.edits == "edit" for stage in self.stages):
            schemas["findings"] = FINDINGS
        for stage in self.stages:
            schemas |= stage.tables()
        if self.write_text:
            schemas["data"] = self.data_schema
        writers = {}
        for table, schema in schemas.items():
            path = outputs.workspace.table(table, shard_id)
            columns = tuple(name for name in DICTIONARY if name in schema.names)
            storage = PUBLISHED if table == "data" else ZSTD
            writers[table] = outputs.open_table(path, schema, columns, storage)
        return writers


class _ShardPass:
    """State of one shard while its batches go by."""

    def __init__(
        self,
        work: CleanWork,
        loaded: Loaded,
        shard: Shard,
        outputs: UnitOutputs,
        writers: dict[str, TableWriter],
    ) -> None:
        self._work, self._loaded = work, loaded
        self._shard, self._outputs, self._writers = shard, outputs, writers
        workspace, shard_id = outputs.workspace, shard.shard_id
        self._decisions = read_mapped(decisions_path(workspace, shard_id))
        survey = read_mapped(survey_path(workspace, shard_id), ["language"])
        self._languages = survey["language"]
        self._seen = 0
        self._counts: Counter[str] = Counter()
        self._partials: dict[str, dict[str, list[int]]] = {}
        self._texts = TextGatherer()

    def add(self, batch: DocumentBatch) -> None:
        """Clean one batch and write its rows."""
        documents, shard_id = batch.documents, self._shard.shard_id
        decisions = self._decisions.slice(self._seen, documents.num_rows)
        ids = doc_id_words(documents.column("doc_id"))
        check_same(CLEAN, shard_id, ids, decisions)
        languages = self._languages.slice(self._seen, documents.num_rows)
        self._seen += documents.num_rows
        view = kept_view(batch, decisions, languages.combine_chunks())
        applied, notes = self._edit(view)
        columns, tables = self._record(applied, notes)
        cleaned = account(batch, decisions, applied, shard_id, columns, self._withhold)
        self._counts.update(cleaned.counts)
        # Columns of stages as they are declared: in order, and null or not.
        schema = self._work.data_schema
        declared = [cleaned.data.column(name) for name in schema.names]
        tables |= {
            "data": pa.RecordBatch.from_arrays(declared, schema=schema),
            "findings": cleaned.findings,
            "ledger": cleaned.ledger,
            "quarantine": cleaned.quarantine,
        }
        for table, writer in self._writers.items():
            writer.write(tables[table])
        sources = safe_labels(cleaned.data.column("source"))
        self._texts.add(cleaned.data.column("text"), sources, applied.languages)
        self._outputs.status.add(documents.num_rows)

    def _edit(self, view: View) -> tuple[Applied, dict[str, Any]]:
        """What stages cut comes first: what they change is the text without it."""
        cuts = {}
        for stage, state in self._loaded:
            if stage.edits == "cut":
                with blamed(stage, "cut"):
                    cuts[stage.name] = stage.cut(state, view)
        view = view.with_cuts(list(cuts.values()))
        edits = []
        for stage, state in self._loaded:
            if stage.edits == "edit":
                with blamed(stage, "edit"):
                    edit = self._found(stage, state, view)
                edits.append(own_edits(stage, edit, view.source_texts))
        return apply_edits(view, edits), {n: c.note for n, c in cuts.items()}

    def _found(self, stage: Stage, state: Any, view: View) -> Edits:
        write, parts = stage.writer(state), self._outputs.parts
        kept = parts.take() if write else None
        if write and kept is not None:
            return Edits.from_batch(kept, write)
        edit: Edits = stage.edit(state, view)
        if write:
            parts.keep(edit.to_batch())
        return edit

    def _record(
        self, applied: Applied, notes: Mapping[str, Any]
    ) -> tuple[dict[str, pa.Array], dict[str, pa.RecordBatch]]:
        columns: dict[str, pa.Array] = {}
        tables: dict[str, pa.RecordBatch] = {}
        for stage, state in self._loaded:
            with blamed(stage, "record"):
                record = stage.record(state, applied, notes.get(stage.name))
            check_record(stage, record, len(applied.alive))
            columns |= record.columns
            tables |= record.tables
            self._counts.update(record.counts)
            add_partials(self._partials.setdefault(stage.name, {}), record.partials)
        return columns, tables

    def _withhold(self, doc_ids: pa.StringArray) -> np.ndarray:
        if not self._work.write_text:
            # An audit writes no text.
            return np.ones(len(doc_ids), np.bool_)
        masks = [stage.withhold(state, doc_ids) for stage, state in self._loaded]
        held = [mask for mask in masks if mask is not None]
        return np.logical_or.reduce([np.zeros(len(doc_ids), np.bool_), *held])

    def finish(self) -> dict[str, int]:
        """Write the statistics; check that every surveyed document came by."""
        if self._seen != self._decisions.num_rows:
            raise ReconcileError(
                f"Pass clean, shard {self._shard.shard_id}: {self._seen} documents "
                f"read, {self._decisions.num_rows} surveyed."
            )
        _write_statistics(self._outputs, self._texts, self._partials)
        return dict(self._counts)


def _write_statistics(
    outputs: UnitOutputs, texts: TextGatherer, partials: Mapping[str, Any]
) -> None:
    statistics = {"texts": texts.finish(), "partials": partials}
    path = statistics_path(outputs.workspace, outputs.unit)
    outputs.write_bytes(path, json.dumps(statistics, sort_keys=True))


def add_partials(
    total: dict[str, list[int]], more: Mapping[str, Sequence[int]]
) -> None:
    """Add lists of integers to those of the same key, in place."""
    for key, values in more.items():
        before = total.get(key, [0] * len(values))
        total[key] = [a + b for a, b in zip(before, values, strict=True)]


def statistics_path(workspace: Workspace, shard_id: str) -> Path:
    """Partial statistics of one shard's clean pass, JSON."""
    return workspace.mapped(CLEAN, f"{shard_id}.stats.json")


def clean_units(
    driver: Driver,
    work: CleanWork,
    decisions: Mapping[str, str],
    upstream: Sequence[Commit],
) -> list[Unit]:
    """One unit a shard; it depends on its input, its decisions and the stages.

    `decisions` are their hashes by shard; of the steps `upstream` the pass reads files.
    """
    shape = [
        [[stage.name, stage.identity("clean")] for stage in work.stages],
        work.write_text,
        outputs_digest_input(list(upstream)),
        driver.code,
    ]
    surveys = driver.surveys
    units = []
    for shard in driver.plan.shards:
        name, surveyed = shard.shard_id, surveys[shard.shard_id]
        unit = shard_unit(shard, [surveyed.fingerprint, decisions[name], shape])
        units.append(replace(unit, rows=surveyed.counts["documents"]))
    return units

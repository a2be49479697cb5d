"""The clean pass: read again, apply decisions, redact, write data and accounts."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.commits import read_commit
from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.progress import WorkerStatus
from isinglass.pipelines.engine.side_tables import (
    SURVEY,
    decisions_path,
    read_side,
    survey_path,
)
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.ledger import write_ledger
from isinglass.pipelines.paragraphs import boilerplate_path, load_boilerplate
from isinglass.schemas.documents import Layout, Shard
from isinglass.schemas.errors import ReconcileError
from isinglass.schemas.tables import (
    DATA,
    FINDINGS,
    LEDGER,
    PARAGRAPHS,
    QUARANTINE,
    with_carried,
)
from isinglass.transforms.clean import clean_batch
from isinglass.transforms.dedup.trim import Trimmer
from isinglass.transforms.labels import safe_labels
from isinglass.transforms.pii.canaries.plant import Sampled, plant
from isinglass.transforms.pii.canaries.recall import add_cells, measure
from isinglass.transforms.read import read_shard
from isinglass.transforms.read.identity import doc_id_words
from isinglass.transforms.scan import CleanSettings, Scanner
from isinglass.transforms.statistics.fold import TextGatherer

if TYPE_CHECKING:
    import numpy as np

    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.erase import Erasing
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import DedupConfig
    from isinglass.schemas.documents import DocumentBatch
    from isinglass.transforms.clean import CleanedBatch
    from isinglass.transforms.pii.erasure.spans import Eraser
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


@dataclass(frozen=True)
class Trimming:
    """What the clean pass looks for boilerplate by.

    Attributes:
        workspace: The run folder, which holds the boilerplate.
        dedup: The `dedup` section, with `paragraphs`.
        sha256: Of the file of the boilerplate.
    """

    workspace: Workspace
    dedup: DedupConfig
    sha256: str

    @classmethod
    def of(
        cls, workspace: Workspace, dedup: DedupConfig | None, found: Commit | None
    ) -> Trimming | None:
        """From the commit of `paragraphs.find_boilerplate`; None without one."""
        if dedup is None or dedup.paragraphs is None or found is None:
            return None
        path = workspace.relative(boilerplate_path(workspace))
        hashes = {output.path: output.sha256 for output in found.outputs}
        return cls(workspace, dedup, hashes[path])

    def load(self) -> Trimmer:
        """Map the boilerplate into memory."""
        assert self.dedup.paragraphs is not None
        boilerplate = load_boilerplate(self.workspace)
        return Trimmer(self.dedup.paragraphs, self.dedup.normalise, boilerplate)

    def identity(self) -> Any:
        """JSON-able: all that the spans depend on."""
        names = {"paragraphs", "normalise"}
        return [self.dedup.model_dump(include=names), self.sha256]


@dataclass(frozen=True)
class Tools:
    """What a worker loads once.

    Attributes:
        scanner: Finds identifiers.
        trimmer: Finds boilerplate; None looks for none.
        eraser: What is to go on request; None for nothing.
    """

    scanner: Scanner
    trimmer: Trimmer | None
    eraser: Eraser | None = None


@dataclass(frozen=True)
class CleanWork:
    """Work of the clean pass.

    Attributes:
        layout: Columns of the inputs.
        settings: PII section, key and seed.
        write_text: False in an audit: nothing that holds text is written.
        canary_share: Share of the documents that get planted identifiers.
        trimming: How boilerplate is found; None looks for none.
        erasing: What is erased on request; None for nothing.
    """

    layout: Layout
    settings: CleanSettings
    write_text: bool
    canary_share: float
    trimming: Trimming | None = None
    erasing: Erasing | None = None
    name: str = CLEAN

    def open(self) -> Tools:
        """Load the detector and the boilerplate, once a worker."""
        scanner = Scanner.load(self.settings, time.monotonic)
        return Tools(
            scanner,
            self.trimming.load() if self.trimming else None,
            self.erasing.load() if self.erasing else None,
        )

    def run(self, state: Tools, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Clean one shard; returns its counts."""
        shard = Shard.from_json(payload)
        if not self._needs_texts(outputs.workspace, shard.shard_id):
            writers = self.open_writers(shard.shard_id, outputs)
            path = statistics_path(outputs.workspace, shard.shard_id)
            return write_ledger(shard, writers, outputs, path)
        shard_pass = _ShardPass(self, state, shard, outputs)
        for batch in read_shard(shard, self.layout):
            shard_pass.add(batch)
        return shard_pass.finish()

    def _needs_texts(self, workspace: Workspace, shard_id: str) -> bool:
        """Whether the inputs of a shard must be read again."""
        if self.write_text or self.settings.operators is not None or self.trimming:
            return True
        surveyed = read_commit(workspace, SURVEY, shard_id)
        return surveyed is None or surveyed.counts["rejected"] > 0

    def open_writers(
        self, shard_id: str, outputs: UnitOutputs
    ) -> dict[str, TableWriter]:
        """Start the tables that the pass writes for a shard."""
        schemas = {"ledger": LEDGER, "quarantine": QUARANTINE}
        if self.settings.operators is not None:
            schemas["findings"] = FINDINGS
        if self.trimming is not None:
            schemas["paragraphs"] = PARAGRAPHS
        if self.write_text:
            schemas["data"] = with_carried(DATA, self.layout.carried)
        writers = {}
        for table, schema in schemas.items():
            path = outputs.workspace.table(table, shard_id)
            columns = tuple(name for name in DICTIONARY if name in schema.names)
            writers[table] = outputs.open_table(path, schema, columns)
        return writers


class _ShardPass:
    """State of one shard while its batches go by."""

    def __init__(
        self, work: CleanWork, tools: Tools, shard: Shard, outputs: UnitOutputs
    ) -> None:
        self._work = work
        self._scanner, self._trimmer = tools.scanner, tools.trimmer
        self._eraser = tools.eraser
        self._shard = shard
        self._outputs = outputs
        workspace = outputs.workspace
        self._decisions = read_side(decisions_path(workspace, shard.shard_id))
        survey = read_side(survey_path(workspace, shard.shard_id), ["language"])
        self._languages = survey["language"]
        self._seen = 0
        self.counts: dict[str, int] = {}
        self._canaries: dict[str, list[int]] = {}
        self._texts = TextGatherer()
        self._status = WorkerStatus(workspace, work.name, shard.shard_id)
        self._writers = work.open_writers(shard.shard_id, outputs)

    def add(self, batch: DocumentBatch) -> None:
        """Clean one batch and write its rows."""
        documents = batch.documents
        decisions = self._take(self._decisions, documents)
        languages = self._languages.slice(self._seen, documents.num_rows)
        self._seen += documents.num_rows
        cleaned = clean_batch(
            batch,
            decisions,
            languages.combine_chunks(),
            self._scanner,
            self._shard.shard_id,
            self._trimmer,
            self._eraser,
        )
        self._write(cleaned)
        kept = pc.equal(decisions["outcome"], "kept").combine_chunks()
        self._measure_canaries(
            Sampled(
                cleaned.scanned,
                documents.column("doc_id").filter(kept),
                languages.combine_chunks().filter(kept),
                documents.column("source").filter(kept),
            )
        )
        for name, value in cleaned.counts.items():
            self.counts[name] = self.counts.get(name, 0) + value
        data = cleaned.data
        sources = safe_labels(data.column("source"))
        self._texts.add(data.column("text"), sources, cleaned.languages)
        self._status.add(documents.num_rows, cleaned.counts["characters_in"])

    def _take(self, decisions: pa.Table, documents: pa.RecordBatch) -> pa.Table:
        part = decisions.slice(self._seen, documents.num_rows)
        words = doc_id_words(documents.column("doc_id"))
        high, low = part["doc_high"].to_numpy(), part["doc_low"].to_numpy()
        if len(high) != len(words) or not _same(words, high, low):
            msg = (
                f"Pass clean, shard {self._shard.shard_id}: the documents read are not "
                "those that were surveyed. Did the input change? Run again."
            )
            raise ReconcileError(msg)
        return part

    def _write(self, cleaned: CleanedBatch) -> None:
        quarantine = cleaned.quarantine
        if not self._work.write_text:
            nothing = pa.nulls(quarantine.num_rows, pa.large_binary())
            quarantine = quarantine.set_column(6, QUARANTINE.field("raw"), nothing)
        tables = {
            "ledger": cleaned.ledger,
            "quarantine": quarantine,
            "findings": cleaned.findings,
            "paragraphs": cleaned.paragraphs,
            "data": cleaned.data,
        }
        for table, writer in self._writers.items():
            writer.write(tables[table])

    def _measure_canaries(self, scanned: Sampled) -> None:
        """Plant identifiers in some of the texts that were scanned; count the found."""
        settings = self._work.settings
        if settings.pii is None or self._scanner.detector is None:
            return
        chosen = settings.sample(scanned.doc_ids, self._work.canary_share)
        if not chosen.any():
            return
        sampled = Sampled(*(column.filter(pa.array(chosen)) for column in scanned))
        planted = plant(sampled, settings.pii, settings.seed)
        add_cells(self._canaries, measure(self._scanner.detector, planted))

    def finish(self) -> dict[str, int]:
        """Write the statistics; check that every surveyed document came by."""
        if self._seen != self._decisions.num_rows:
            msg = (
                f"Pass clean, shard {self._shard.shard_id}: {self._seen} documents "
                f"read, {self._decisions.num_rows} surveyed."
            )
            raise ReconcileError(msg)
        statistics = {"texts": self._texts.finish(), "canaries": self._canaries}
        path = statistics_path(self._outputs.workspace, self._shard.shard_id)
        self._outputs.write_bytes(path, json.dumps(statistics, sort_keys=True))
        return self.counts


def _same(words: np.ndarray, high: np.ndarray, low: np.ndarray) -> bool:
    return bool((words[:, 0] == high).all() and (words[:, 1] == low).all())


def statistics_path(workspace: Workspace, shard_id: str) -> Any:
    """Partial statistics of one shard's clean pass, JSON."""
    return workspace.side(CLEAN, f"{shard_id}.stats.json")


def clean_units(
    shards: tuple[Shard, ...],
    surveys: dict[str, Commit],
    decisions: dict[str, str],
    work: CleanWork,
    code: str,
) -> list[Unit]:
    """One unit a shard; it depends on its input, its decisions and the PII section."""
    trimming = work.trimming.identity() if work.trimming else None
    shape = [
        work.settings.identity(),
        work.write_text,
        work.canary_share,
        trimming,
        work.erasing.sha256 if work.erasing else None,
        code,
    ]
    units = []
    for shard in shards:
        survey = surveys[shard.shard_id].fingerprint
        identity = digest([survey, decisions[shard.shard_id], shape])
        weight = sum(piece.bytes for piece in shard.pieces)
        units.append(Unit(shard.shard_id, shard.to_json(), identity, weight))
    return units

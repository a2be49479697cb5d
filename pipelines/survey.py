"""The survey pass: read every shard once, keep hashes, counts and statistics."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.decontaminate import open_index
from isinglass.pipelines.engine.commits import outputs_digest_input
from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.progress import WorkerStatus
from isinglass.pipelines.engine.side_tables import SURVEY, survey_path, write_side
from isinglass.pipelines.engine.units import Unit
from isinglass.schemas.documents import Layout, Shard
from isinglass.transforms.read import read_shard
from isinglass.transforms.statistics.fold import GroupFold, TextGatherer
from isinglass.transforms.survey import (
    SurveySettings,
    survey_documents,
    survey_schema,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.documents import DocumentBatch
    from isinglass.transforms.decontaminate.items import ItemIndex

PIECE = pa.field("piece", pa.int32(), nullable=False)
"""Index of the piece of the shard that holds a document, added to the survey."""


@dataclass(frozen=True)
class SurveyWork:
    """Work of the survey pass.

    Attributes:
        layout: Columns of the inputs.
        settings: Sections that the survey depends on.
        index_in: Run folder with the index of the evaluation items, if there is one.
    """

    layout: Layout
    settings: SurveySettings
    index_in: Workspace | None = None
    name: str = SURVEY

    def open(self) -> ItemIndex | None:
        """Map the index of the evaluation items into memory."""
        return None if self.index_in is None else open_index(self.index_in)

    def run(
        self, state: ItemIndex | None, payload: str, outputs: UnitOutputs
    ) -> dict[str, int]:
        """Survey one shard; returns its record and character counts."""
        shard = Shard.from_json(payload)
        fold = _ShardFold(WorkerStatus(outputs.workspace, self.name, shard.shard_id))
        path = survey_path(outputs.workspace, shard.shard_id)
        rows = self._rows(shard, fold, state)
        schema = survey_schema(self.settings).append(PIECE)
        write_side(outputs, path, schema, rows)
        statistics = json.dumps(fold.statistics(), sort_keys=True)
        outputs.write_bytes(path.with_suffix(".stats.json"), statistics)
        return dict(fold.counts)

    def _rows(
        self, shard: Shard, fold: _ShardFold, items: ItemIndex | None
    ) -> Iterator[pa.RecordBatch]:
        pieces = {piece.relative: n for n, piece in enumerate(shard.pieces)}
        for batch in read_shard(shard, self.layout):
            survey = survey_documents(batch.documents, self.settings, items)
            fold.add(batch, survey)
            place = pa.scalar(pieces[batch.path], pa.int32())
            piece = pa.repeat(place, survey.table.num_rows)
            yield survey.table.append_column(PIECE, piece)


class _ShardFold:
    """Counts and statistics of one shard as its batches go by."""

    def __init__(self, status: WorkerStatus) -> None:
        self.counts: Counter[str] = Counter(records_in=0, documents=0, rejected=0)
        self._texts = TextGatherer()
        self._groups = GroupFold()
        self._group_sums = self._groups.create()
        self._status = status

    def add(self, batch: DocumentBatch, survey: Any) -> None:
        """Count one batch."""
        documents, table = batch.documents, survey.table
        characters = pc.sum(table.column("characters")).as_py() or 0
        self.counts["records_in"] += documents.num_rows + batch.rejected.num_rows
        self.counts["documents"] += documents.num_rows
        self.counts["rejected"] += batch.rejected.num_rows
        self.counts["characters"] += characters
        for name in ("fingerprints", "paragraphs"):
            if name in table.schema.names:
                listed = pc.sum(pc.list_value_length(table.column(name)))
                self.counts[name] += listed.as_py() or 0
        sources, languages = table.column("source"), survey.languages
        lengths, words = (table.column(n) for n in ("characters", "text_words"))
        self._texts.add_lengths(
            lengths.to_numpy(), words.to_numpy(), sources, languages
        )
        if survey.mentions is not None:
            self._group_sums = self._groups.add(
                self._group_sums, survey.mentions, sources, languages
            )
        self._status.add(documents.num_rows, characters)

    def statistics(self) -> dict[str, Any]:
        """Mergeable accumulators, JSON-able."""
        return {"texts": self._texts.finish(), "groups": self._group_sums}


def survey_units(
    shards: tuple[Shard, ...],
    layout: Layout,
    settings: SurveySettings,
    code: str,
    index: Commit | None = None,
) -> list[Unit]:
    """One unit a shard; its fingerprint covers input bytes, layout, sections, code.

    Args:
        shards: Of the plan.
        layout: Of the plan.
        settings: Sections that the survey depends on.
        code: Fingerprint of the code.
        index: Commit of the index of the evaluation items, if there is one.
    """
    shape = [
        layout.carried.serialize().to_pybytes().hex(),
        [columns.model_dump() for columns in layout.columns],
        layout.renamed,
        layout.max_chars,
    ]
    sections = [_sections(settings), outputs_digest_input([index] if index else [])]
    units = []
    for shard in shards:
        identity = [_portable(shard), shape, sections, code]
        weight = sum(piece.bytes for piece in shard.pieces)
        units.append(Unit(shard.shard_id, shard.to_json(), digest(identity), weight))
    return units


def _sections(settings: SurveySettings) -> Any:
    """Only what changes the survey: not the threshold, not which document stays."""
    fuzzy = settings.fuzzy
    names = {"ngram", "bands", "rows", "seed"}
    split = settings.paragraphs
    return [
        None
        if split is None
        else split.model_dump(include={"split", "min_characters"}),
        settings.survey.model_dump(),
        settings.normalise.model_dump(),
        None if fuzzy is None else fuzzy.model_dump(include=names),
        fuzzy is not None and fuzzy.containment is not None,
    ]


def _portable(shard: Shard) -> Any:
    """The shard without the place where its files lie."""
    data = json.loads(shard.to_json())
    for piece in data["pieces"]:
        del piece["path"]
    return data

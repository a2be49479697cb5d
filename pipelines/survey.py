"""The survey pass: read every shard once, keep hashes, counts and statistics."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.commits import UnitOutputs, outputs_digest_input
from isinglass.pipelines.engine.mapped_tables import SURVEY, survey_path, write_mapped
from isinglass.pipelines.engine.units import Unit, shard_unit
from isinglass.pipelines.returned import blamed, check_columns, open_stages
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import NormaliseConfig
from isinglass.schemas.documents import DocumentBatch, Layout, Shard
from isinglass.transforms.read import read_shard
from isinglass.transforms.seen import Seen
from isinglass.transforms.statistics.fold import TextGatherer
from isinglass.transforms.survey import SURVEY as OWN
from isinglass.transforms.survey import survey_columns

if TYPE_CHECKING:
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.returned import Loaded
    from isinglass.pipelines.stage import Driver, Stage

PIECE = pa.field("piece", pa.int32(), nullable=False)
"""Index of the piece of the shard that holds a document, added to the survey."""

LENGTHS = ("characters", "text_words", "source", "language")
"""Columns of the survey that statistics of texts are about."""


@dataclass(frozen=True)
class SurveyWork:
    """Work of the survey pass; each stage adds its columns.

    `detect` asks for the language of documents that do not name one.
    """

    layout: Layout
    stages: tuple[Stage, ...]
    workspace: Workspace
    normalise: NormaliseConfig
    detect: bool
    name: str = SURVEY

    @property
    def schema(self) -> pa.Schema:
        """Of the mapped table of a shard."""
        fields = [f for stage in self.stages for f in stage.fields("survey")]
        return pa.schema([*OWN, *fields, PIECE])

    def open(self) -> Loaded:
        """Load what the stages survey by, once a worker."""
        surveying = [stage for stage in self.stages if stage.fields("survey")]
        return open_stages(surveying, "survey", self.workspace)

    def run(self, state: Loaded, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Survey one shard; returns its record and character counts."""
        shard = Shard.from_json(payload)
        counts: Counter[str] = Counter(records_in=0, documents=0, rejected=0)
        texts = TextGatherer()

        def rows() -> Iterator[pa.RecordBatch]:
            for batch in read_shard(shard, self.layout):
                table = self._survey(shard, batch, state)
                _add(counts, texts, table, batch.rejected.num_rows)
                outputs.status.add(table.num_rows)
                yield table

        path = survey_path(outputs.workspace, shard.shard_id)
        write_mapped(outputs, path, self.schema, rows())
        statistics = json.dumps({"texts": texts.finish()}, sort_keys=True)
        outputs.write_bytes(path.with_suffix(".stats.json"), statistics)
        return dict(counts)

    def _survey(
        self, shard: Shard, batch: DocumentBatch, state: Loaded
    ) -> pa.RecordBatch:
        schema, rows = self.schema, batch.documents.num_rows
        seen = Seen(batch.documents, self.detect)
        columns = survey_columns(seen, self.normalise)
        for stage, loaded in state:
            with blamed(stage, "survey"):
                added = stage.survey(loaded, seen)
            check_columns(stage, "survey", added, rows)
            columns |= added
        places = {one.relative: place for place, one in enumerate(shard.pieces)}
        pieces = pa.array([places[path] for path in batch.files], pa.int32())
        columns[PIECE.name] = pieces.take(batch.document_files)
        return pa.RecordBatch.from_arrays(
            [columns[name] for name in schema.names], schema=schema
        )


def _add(
    counts: Counter[str], texts: TextGatherer, table: pa.RecordBatch, rejected: int
) -> None:
    """Add a batch of the mapped table to counts and statistics."""
    counts["records_in"] += table.num_rows + rejected
    counts["documents"] += table.num_rows
    counts["rejected"] += rejected
    counts["characters"] += pc.sum(table.column("characters")).as_py() or 0
    for field in table.schema:
        if pa.types.is_large_list(field.type):
            listed = pc.sum(pc.list_value_length(table.column(field.name)))
            counts[field.name] += listed.as_py() or 0
    add_lengths(texts, table)


def add_lengths(texts: TextGatherer, survey: pa.RecordBatch) -> None:
    """Add the columns `LENGTHS` of some documents to statistics."""
    lengths, words, sources, languages = map(survey.column, LENGTHS)
    texts.add_lengths(lengths.to_numpy(), words.to_numpy(), sources, languages)


def survey_units(
    driver: Driver, work: SurveyWork, upstream: Sequence[Commit]
) -> list[Unit]:
    """One unit a shard; its fingerprint covers input bytes, layout, stages, code.

    `upstream` are commits of steps that the survey reads the outputs of.
    """
    layout = work.layout
    shape = [
        layout.carried.serialize().to_pybytes().hex(),
        [columns.model_dump() for columns in layout.columns],
        layout.renamed,
        layout.max_chars,
    ]
    asked = [
        work.normalise.model_dump(),
        work.detect,
        [[stage.name, stage.identity("survey")] for stage in work.stages],
        outputs_digest_input(list(upstream)),
    ]
    units = []
    for shard in driver.plan.shards:
        # Not where its files lie.
        pieces = [vars(piece) | {"path": ""} for piece in shard.pieces]
        place = [shard.shard_id, shard.source, shard.input, pieces]
        units.append(shard_unit(shard, [place, shape, asked, driver.code]))
    return units

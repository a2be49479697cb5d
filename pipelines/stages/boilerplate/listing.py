"""`audit/paragraphs.parquet`: every boilerplate paragraph, without its text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.mapped_tables import read_mapped, survey_path
from isinglass.pipelines.engine.workspace import Workspace, read_table
from isinglass.pipelines.stages.boilerplate.count import KEYS
from isinglass.schemas.config.dedup import ParagraphsConfig
from isinglass.schemas.reasons import DropReason
from isinglass.schemas.tables import PARAGRAPH_LIST, PARAGRAPHS
from isinglass.transforms.boilerplate.boilerplate import UNKNOWN, list_parts

if TYPE_CHECKING:
    from isinglass.transforms.boilerplate.boilerplate import Boilerplate

NAME = "paragraphs"
"""Of the table, under `audit/`."""
MOST_PARAGRAPHS = 20
"""Those that the report shows one by one; never their text."""

_EXAMPLE = ["paragraph", "doc_id", "start", "end"]


class BoilerplateParagraph(NamedTuple):
    """One row of `audit/paragraphs.parquet`."""

    paragraph: int
    source: str | None
    documents: int
    characters: int | None
    example_doc_id: str | None


@dataclass(frozen=True)
class BoilerplateList:
    """The list of boilerplate, and what became of it.

    Its paragraphs are those of all sources, `top` the first by number. `spans` are
    places in kept documents, `cut` the code points cut out of these, `total` what they
    had before; of `dropped` documents nothing would have been left.
    """

    paragraphs: int
    spans: int
    cut: int
    total: int
    dropped: int
    top: tuple[BoilerplateParagraph, ...]


def paragraph_list(
    workspace: Workspace,
    shard_ids: list[str],
    boilerplate: Boilerplate,
    config: ParagraphsConfig,
) -> pa.Table:
    """The list as `tables.PARAGRAPH_LIST`, one row a paragraph, by number."""
    paths = [workspace.table("paragraphs", shard_id) for shard_id in shard_ids]
    examples = first_places(read_table(path, _EXAMPLE) for path in paths)
    many = len(boilerplate.keys)
    numbers = pa.array(np.arange(many, dtype=np.int32))
    place = pc.index_in(numbers, value_set=examples["paragraph"])
    example = examples.take(place).combine_chunks()
    start, end = (example[name] for name in ("start", "end"))
    columns = {
        "paragraph": numbers,
        "source": _sources(workspace, shard_ids, boilerplate),
        "documents": pa.array(boilerplate.documents[boilerplate.order]),
        "characters": pc.subtract(end, start),
        "example_doc_id": example["doc_id"],
        "example_start": start,
        "example_end": end,
        "removed": pa.array(np.full(many, config.remove)),
    }
    return pa.table([columns[n] for n in PARAGRAPH_LIST.names], schema=PARAGRAPH_LIST)


def first_places(tables: Iterable[pa.Table]) -> pa.Table:
    """Of each paragraph the first place in the document with the smallest doc_id.

    Takes columns of `tables.PARAGRAPHS`; returns a row a paragraph, by number.
    """
    schema = pa.schema(list(map(PARAGRAPHS.field, _EXAMPLE)))
    found = schema.empty_table()
    for table in tables:
        both = pa.concat_tables([found, table.select(schema.names).cast(schema)])
        order = [(name, "ascending") for name in ("paragraph", "doc_id", "start")]
        both = both.sort_by(order)
        numbers = both["paragraph"].to_numpy()
        first = np.ones(len(numbers), np.bool_)
        first[1:] = numbers[1:] != numbers[:-1]
        found = both.filter(pa.array(first))
    return found.combine_chunks()


def _sources(
    workspace: Workspace, shard_ids: list[str], boilerplate: Boilerplate
) -> pa.Array:
    """Source of each paragraph by number; null for documents without one."""
    sources: list[str | None] = [None] * len(boilerplate.keys)
    for shard_id in shard_ids:
        table = read_mapped(survey_path(workspace, shard_id), [KEYS, "source"])
        keys, offsets = list_parts(table[KEYS].combine_chunks())
        # All documents that hold a paragraph have one source, or none.
        numbers, first = np.unique(boilerplate.find(keys), return_index=True)
        rows = np.searchsorted(offsets, first, side="right") - 1
        names = table["source"].take(pa.array(rows)).to_pylist()
        for number, name in zip(numbers.tolist(), names, strict=True):
            if number != UNKNOWN and sources[number] is None:
                sources[number] = name or None
    return pa.array(sources, pa.string())


def boilerplate_list(listed: pa.Table, counts: dict[str, int]) -> BoilerplateList:
    """What the report shows of the list; `counts` are the sums of the clean pass."""
    names = BoilerplateParagraph._fields
    rows = listed.slice(0, MOST_PARAGRAPHS).select(names).to_pylist()
    return BoilerplateList(
        paragraphs=listed.num_rows,
        spans=counts.get("paragraphs_found", 0),
        cut=counts.get("characters_cut", 0),
        total=counts.get("characters_kept", 0),
        dropped=counts.get(f"dropped.{DropReason.ONLY_BOILERPLATE.value}", 0),
        top=tuple(BoilerplateParagraph(**row) for row in rows),
    )

"""Words that lean to a group, in a sample of the documents that were kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.mapped_tables import (
    WORDS,
    id_words,
    read_mapped,
    survey_path,
)
from isinglass.pipelines.engine.workspace import Workspace, read_table
from isinglass.schemas.demographics import DemographicsSummary
from isinglass.transforms.demographics.associations import associations, sampled_in
from isinglass.transforms.demographics.shares import term_shares
from isinglass.transforms.read.identity import format_doc_ids

if TYPE_CHECKING:
    from isinglass.transforms.demographics.lexicon import Lexicons

SAMPLED = 5_000
"""Documents that are read."""

MOST, TERMS, PAIRS = 10, 20, 100
"""Words told of each group, terms of each axis, and pairs of groups."""


def leaning_words(
    workspace: Workspace, shard_ids: Sequence[str], lexicons: Lexicons
) -> DemographicsSummary:
    """Read documents with the smallest ids, which are hashes: the same in any order."""
    parts = [workspace.table("data", shard_id) for shard_id in shard_ids]
    # Of each shard as many as are drawn of all: ids of all documents take much memory.
    first = [_first(read_table(path, ["doc_id"])["doc_id"]) for path in parts]
    chosen = _first(pa.chunked_array(first, pa.string()))
    drawn = []
    for shard_id, path, own in zip(shard_ids, parts, first, strict=True):
        if pc.any(pc.is_in(own, value_set=chosen)).as_py():
            table = read_table(path, ["text", "doc_id"])
            some = table.filter(pc.is_in(table["doc_id"], value_set=chosen))
            drawn.append(_with_languages(workspace, shard_id, some))
    if not drawn:
        return DemographicsSummary(documents=0, words=[])
    sample = pa.concat_tables(drawn).sort_by("doc_id")
    texts, languages = (
        sample[name].combine_chunks().cast(pa.string()) for name in ("text", "language")
    )
    found = associations(texts, languages, lexicons, MOST)
    told, untold = sampled_in(languages, lexicons)
    return DemographicsSummary(
        documents=len(sample),
        words=found.words,
        polarity=found.polarity,
        shares=term_shares(texts, languages, lexicons, TERMS),
        together=found.together[:PAIRS],
        told_in=told,
        not_told_in=untold,
    )


def _with_languages(workspace: Workspace, shard_id: str, some: pa.Table) -> pa.Table:
    """The languages by which the survey counted, which are told or recognised.

    That of `data/` is what stood in the input, and may say `English`, or nothing.
    """
    survey = read_mapped(survey_path(workspace, shard_id), [*WORDS, "language"])
    ids = format_doc_ids(id_words(survey))
    place = pc.index_in(some["doc_id"].combine_chunks(), value_set=ids)
    return some.append_column("language", survey["language"].take(place))


def _first(ids: pa.ChunkedArray) -> pa.StringArray:
    """The smallest ids, ascending."""
    ids = ids.combine_chunks()
    found: pa.StringArray = ids.take(pc.array_sort_indices(ids)[:SAMPLED])
    return found

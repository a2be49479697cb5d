"""Who is in the documents before cleaning, and in those that were kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.mapped_tables import (
    WORDS,
    decisions_path,
    id_words,
    read_mapped,
    survey_path,
)
from isinglass.pipelines.engine.workspace import Workspace, read_table
from isinglass.schemas.arrays import Flags
from isinglass.schemas.config import RunConfig
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.demographics.counts import (
    MentionCounts,
    mention_fields,
    read_mentions,
)
from isinglass.transforms.demographics.groups import group_statistics
from isinglass.transforms.demographics.lexicon import (
    Group,
    Lexicons,
    load_lexicons,
    with_absolute_lexicons,
)
from isinglass.transforms.read.identity import format_doc_ids

COUNTS = ("mentions", "covered", "words")
"""Columns of the survey that `read_mentions` takes."""


def groups_of(config: RunConfig, base: Path = Path()) -> tuple[Group, ...]:
    """Axis and group of each column of counts; paths start from `base`."""
    return lexicons_of(config, base).groups


def lexicons_of(config: RunConfig, base: Path = Path()) -> Lexicons:
    """The lexicons of a run; paths start from `base`."""
    return load_lexicons(with_absolute_lexicons(config.demographics, base))


def sure_mentions(
    workspace: Workspace, shard: str, columns: Sequence[int], doc_ids: pa.Array
) -> tuple[Flags, Flags]:
    """Which groups documents of a shard mention (n, k), and of which it is known (n,).

    Only mentions count that are sure, as for balancing. `columns` are those of groups.
    """
    survey = read_mapped(survey_path(workspace, shard), [*WORDS, *COUNTS])
    rows = pc.index_in(doc_ids, format_doc_ids(id_words(survey))).to_numpy()
    mentions = read_mentions(survey)
    return mentions.dense(columns, firm=True)[rows] > 0, mentions.covered[rows]


@dataclass(frozen=True)
class Kept:
    """Survey facts of the n documents of a run, and which of them were kept.

    Attributes:
        kept: bool (n,), the document is in `data/`.
        reason: Why not, from the decisions or the scan; null for kept ones.
        weight: float64 (n,), balance weight; NaN when there is none.
    """

    kept: np.ndarray
    reason: pa.Array
    weight: np.ndarray
    mentions: MentionCounts
    sources: pa.Array
    languages: pa.Array


def kept_documents(workspace: Workspace, shard_ids: Sequence[str]) -> Kept:
    """Join survey, decisions and the scan's failures of all shards."""
    # Large strings: those of all documents may take more than 2 GB.
    names = ("reason", "source", "language")
    fields = [pa.field(name, pa.large_string()) for name in names]
    schema = pa.schema([*fields, pa.field("weight", pa.float64()), *mention_fields()])
    shards = [_joined(workspace, shard_id, schema) for shard_id in shard_ids]
    whole = pa.concat_tables([schema.empty_table(), *shards]).combine_chunks()
    reason, sources, languages = (whole[name].combine_chunks() for name in names)
    return Kept(
        kept=pc.is_null(reason).to_numpy(zero_copy_only=False),
        reason=reason,
        weight=pc.fill_null(whole["weight"], np.nan).to_numpy(),
        mentions=read_mentions(whole),
        sources=sources,
        languages=languages,
    )


def _joined(workspace: Workspace, shard_id: str, schema: pa.Schema) -> pa.Table:
    survey = read_mapped(survey_path(workspace, shard_id))
    decisions = read_mapped(decisions_path(workspace, shard_id))
    path = workspace.table("quarantine", shard_id)
    held = read_table(path, ["doc_id", "reason"]).combine_chunks()
    position = pc.index_in(format_doc_ids(id_words(survey)), held["doc_id"])
    reason = pc.coalesce(decisions["reason"], held["reason"].take(position))
    own = {"reason": reason, "weight": decisions["weight"]}
    columns = [own[n] if n in own else survey[n] for n in schema.names]
    return pa.table(columns, names=schema.names).cast(schema)


def kept_statistics(kept: Kept, lexicons: Lexicons) -> list[Statistic]:
    """Mentions before and after cleaning."""
    every, flags = kept.mentions, pa.array(kept.kept)
    chosen = every.filter(kept.kept)
    sources, languages = kept.sources.filter(flags), kept.languages.filter(flags)
    return [
        *group_statistics(every, lexicons, kept.sources, kept.languages, "input"),
        *group_statistics(chosen, lexicons, sources, languages, "output"),
    ]

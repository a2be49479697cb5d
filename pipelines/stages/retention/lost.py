"""Statistics of who is lost, from the tables of a run that is closed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.pipelines.engine.mapped_tables import read_mapped, survey_path
from isinglass.pipelines.stages.demographics.kept import Kept, kept_documents
from isinglass.pipelines.stages.retention.cuts import Cut, cut_shares
from isinglass.schemas.arrays import Flags, Floats
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.demographics.measured import axes_by_lexicon, lexicon_places
from isinglass.transforms.retention import audit
from isinglass.transforms.retention.dialect import GROUP
from isinglass.transforms.retention.tally import (
    Pairs,
    Population,
    classes_of,
    length_classes,
    mention_pairs,
    moments,
    outcomes_of,
    tally,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.transforms.demographics.lexicon import Lexicons

DIALECT = "dialect_aae"
"""Column of the survey, which is for this audit alone."""


def lost_statistics(
    workspace: Workspace,
    shard_ids: Sequence[str],
    lexicons: Lexicons,
    *,
    dialect: bool,
) -> list[Statistic]:
    """Who stays and who is lost of those that mention a group, or read like a dialect.

    `lexicons` are those that were counted by; with `dialect` the survey has the column
    `DIALECT`.
    """
    kept = kept_documents(workspace, shard_ids)
    taken = cut_shares(workspace, shard_ids)
    mentioning = _mentioning(kept, lexicons)
    codes, reasons = outcomes_of(kept.reason)
    everyone = tally(mentioning, codes, len(reasons) + 1)
    found = [
        *audit.retention(everyone),
        *audit.parity(everyone),
        *_losses(mentioning, kept, taken),
    ]
    if dialect:
        speaking = _speaking(kept, workspace, shard_ids)
        # What holds of all documents is told above.
        found += [row for row in _losses(speaking, kept, taken) if row.axis]
    return found


def _mentioning(kept: Kept, lexicons: Lexicons) -> Population:
    """Documents whose language has a lexicon."""
    mentions, axes = kept.mentions, axes_by_lexicon(lexicons)
    places = lexicon_places(kept.languages, lexicons)

    def pairs() -> Pairs:
        return mention_pairs(mentions)

    return Population(
        lexicons.groups,
        pairs,
        places >= 0,
        classes_of(mentions.words, places),
        np.array([axes[axis] for axis, _ in lexicons.groups]),
    )


def _speaking(kept: Kept, workspace: Workspace, shard_ids: Sequence[str]) -> Population:
    """Documents of which the dialect can be told, and those that read like it."""
    parts = [read_mapped(survey_path(workspace, s), [DIALECT]) for s in shard_ids]
    told = pa.concat_tables(parts)[DIALECT].combine_chunks()
    known = told.is_valid().to_numpy(zero_copy_only=False)
    flagged = told.fill_null(False).to_numpy(zero_copy_only=False)  # noqa: FBT003
    documents = np.flatnonzero(flagged)

    def pairs() -> Pairs:
        return [(documents, np.zeros(len(documents), np.int64))]

    # All of them are in English.
    classes = length_classes(kept.mentions.words, known)
    return Population((GROUP,), pairs, known, classes, np.ones((1, 1), np.bool_))


def _losses(
    population: Population, kept: Kept, taken: Mapping[Cut, Floats]
) -> Iterator[Statistic]:
    """Removed, cut and weighted: groups of a population against its other documents."""
    codes, reasons = outcomes_of(kept.reason)
    counted = tally(population, codes, len(reasons) + 1)
    yield from audit.removal(counted, reasons)
    stayed = population.among(kept.kept)
    for (stage, entity), shares in taken.items():
        cut = tally(stayed, (shares > 0).astype(np.int64), 2)
        at = {"entity": entity} if entity else {}
        yield from audit.cuts(cut, moments(stayed, shares), stage, **at)
    weighted: Flags = ~np.isnan(kept.weight)
    if weighted.any():
        some = stayed.among(weighted)
        yield from audit.weights(moments(some, np.nan_to_num(kept.weight)))

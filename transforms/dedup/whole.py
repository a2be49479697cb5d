"""Deduplication of texts that are all at hand: from texts to one decision each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.config import DedupConfig
from isinglass.transforms.dedup.candidates import (
    LEAST_SHARE,
    candidate_pairs,
    compare,
    counted_pairs,
    merge_pairs,
)
from isinglass.transforms.dedup.decide import READ, decide, identify
from isinglass.transforms.dedup.keepers import Similarity, resolve_near
from isinglass.transforms.dedup.shingles import NO_UNIT, shingle_sets
from isinglass.transforms.dedup.survey import (
    FINGERPRINTS,
    band_name,
    near_columns,
    near_fields,
)
from isinglass.transforms.normalise import normalise
from isinglass.transforms.survey import SURVEY
from isinglass.transforms.text import content_hashes

if TYPE_CHECKING:
    from isinglass.transforms.dedup.decide import Decided, Identified


def _schema(dedup: DedupConfig) -> pa.Schema:
    return pa.schema([*map(SURVEY.field, READ), *near_fields(dedup)])


@dataclass(frozen=True, eq=False)
class Texts:
    """A batch of texts without nulls and what says which of them are preferred.

    Attributes:
        words: uint64 (n, 2), high and low words of their doc_ids, which are all
            different; of texts preferred alike the one with the smallest stays.
        collected_at: Dates (n,), read for `keep: newest`; null where unknown.
    """

    texts: pa.StringArray = field(repr=False)
    words: NDArray[np.uint64]
    collected_at: pa.StringArray

    def survey(self, dedup: DedupConfig) -> pa.RecordBatch:
        """What duplicates are found by: ids, hashes, lengths, `near_fields`."""
        normalised = normalise(self.texts, dedup.normalise)
        hashes = content_hashes(normalised)
        own = [
            *map(pa.array, (*self.words.T, *hashes.T)),
            pc.cast(pc.utf8_length(self.texts), pa.int64()),
            self.collected_at,
        ]
        near, schema = near_columns(normalised, dedup), _schema(dedup)
        arrays = [*own, *(near[name] for name in schema.names[len(READ) :])]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)


def deduplicate(batches: Sequence[Texts], dedup: DedupConfig) -> Decided:
    """Decide which texts stay.

    Candidates, comparison and order are those of the passes of a run. Memory: the
    survey (200 bytes a text with 25 bands) and 8 bytes for each word of a candidate.

    None is given twice. What the section says of runs (`against`, `max_removed`) and of
    parts of texts (`paragraphs`, `repeats`) is not read. Returns one entry a text, in
    the order of all batches.
    """
    surveys = [batch.survey(dedup) for batch in batches]
    survey = pa.Table.from_batches(surveys, schema=_schema(dedup))
    found = identify(survey, dedup, np.ones(len(survey), np.bool_))
    if not dedup.fuzzy:
        return decide(found, None)
    pairs = find_candidates(survey, found, dedup)
    similarity = _compare(pairs, found, [batch.texts for batch in batches], dedup)
    return decide(found, resolve_near(pairs, similarity, dedup, found.ranked))


def find_candidates(
    survey: pa.Table, found: Identified, dedup: DedupConfig
) -> NDArray[np.uint32]:
    """Pairs of ranks (p, 2); of equal texts only the one that stays is compared.

    `survey` has the columns of `near_fields`.
    """
    compared = survey["unit"].to_numpy() != NO_UNIT
    compared &= found.exact_keeper == np.arange(len(survey))
    ranks = found.rank[compared]
    bands = (survey[band_name(n)].to_numpy()[compared] for n in range(dedup.bands))
    near = merge_pairs(candidate_pairs(band, ranks) for band in bands)
    if dedup.containment is None:
        return near
    totals = np.zeros(len(survey), np.uint32)
    lengths = pc.list_value_length(survey[FINGERPRINTS]).to_numpy()
    totals[found.rank] = lengths
    keys = pc.list_flatten(survey[FINGERPRINTS]).to_numpy()
    chosen = np.repeat(compared, lengths)
    inside = counted_pairs(keys[chosen], np.repeat(found.rank, lengths)[chosen])
    return merge_pairs([near, inside.at_least(LEAST_SHARE, totals)])


def _compare(
    pairs: NDArray[np.uint32],
    found: Identified,
    batches: Sequence[pa.StringArray],
    dedup: DedupConfig,
) -> Similarity:
    """Exact similarity of pairs of ranks, by the shingle sets of their texts."""
    places = np.argsort(found.rank, kind="stable")[pairs]
    wanted = np.unique(places)
    bounds = np.cumsum([0, *map(len, batches)])
    values, sizes = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for first, texts in zip(bounds[:-1], batches, strict=True):
        low, high = np.searchsorted(wanted, [first, first + len(texts)])
        own = texts.take(pa.array(wanted[low:high] - first))
        sets = shingle_sets(normalise(own, dedup.normalise), dedup.ngram)
        values.append(sets.values)
        sizes.append(np.diff(sets.offsets))
    offsets = np.append(np.int64(0), np.cumsum(np.concatenate(sizes)))
    return compare(
        np.concatenate(values),
        offsets,
        np.searchsorted(wanted, places).astype(np.int64),
        contained=dedup.containment is not None,
    )

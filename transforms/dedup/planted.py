"""Edited copies of documents, and which of them a configuration would remove.

Each sampled document is copied once for every kind of edit, and copy and document go
through what documents of a run go through: normalising, bands (and fingerprints),
exact comparison, removal. Every pair is by itself, so that no other document of the
batch has a part in it. Copies are never written.
"""

from __future__ import annotations

from collections import defaultdict
from math import ceil, log2

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.arrays import Flags, Integers
from isinglass.schemas.config import DedupConfig
from isinglass.transforms.dedup.candidates import compare
from isinglass.transforms.dedup.decide import Identified
from isinglass.transforms.dedup.edits import EDITS, originals
from isinglass.transforms.dedup.keepers import Similarity, resolve_near
from isinglass.transforms.dedup.recall import (
    BELOW,
    CONTAINED,
    SEPARATOR,
    is_measured,
    slices,
)
from isinglass.transforms.dedup.shingles import CHARACTER_UNIT, shingle, shingle_sets
from isinglass.transforms.dedup.survey import FINGERPRINTS, band_name, near_columns
from isinglass.transforms.dedup.whole import find_candidates
from isinglass.transforms.draws import Draw, sample_documents
from isinglass.transforms.normalise import normalise

EXCERPT_CHARS = 20_000
"""Of a longer document the beginning is copied: recall goes by the similarity, not by
the length."""

_LEAST_RECALL, _ALIKE = 0.9, 0.6
"""The wanted interval is reached where recall is at least this; and the share of the
copies that turn out alike enough."""

_BEYOND, _BEYOND_CONTAINED = 0.1, 0.5
"""How far below the threshold copies are aimed at; with containment, which finds what
is less alike."""

_SALT = np.uint64(0x9E3779B97F4A7C15)


def share_sampled(dedup: DedupConfig, documents: int) -> float:
    """Share of so many documents to sample, for the interval that is asked for.

    The half-width of a 95 % interval of a share p of n is about 1.96 sqrt(p (1 - p) /
    n) (Wald). It is rounded up to a power of two, so that a few documents more or less
    leave the sample, and what was computed of it, as it is.
    """
    wanted = dedup.canaries.documents
    if wanted is None:
        spread = _LEAST_RECALL * (1 - _LEAST_RECALL)
        copies = spread * (1.96 / dedup.canaries.half_width) ** 2
        wanted = ceil(copies / (_ALIKE * len(EDITS)))
    if not is_measured(dedup) or not documents:
        return 0.0
    return min(1.0, 2.0 ** ceil(log2(wanted / documents)))


def sampled(doc_ids: pa.StringArray, share: float, dedup: DedupConfig) -> Flags:
    """Which documents are copied: bool (n,), true for about a `share` of them."""
    return sample_documents(doc_ids, share, f"near-duplicates sample {dedup.seed}")


def plant_edits(
    texts: pa.StringArray, doc_ids: pa.StringArray, share: float, dedup: DedupConfig
) -> dict[str, list[int]]:
    """Count copies and removed copies of a sampled share of documents.

    What is drawn depends on seed and doc_id alone. Results are merged by adding.

    Returns:
        `[copies, removed]` by `kind|slice`, keys sorted; the slice is one of `slices`,
        `CONTAINED` or `BELOW`.
    """
    chosen = pa.array(sampled(doc_ids, share, dedup))
    texts = pc.utf8_slice_codeunits(texts.filter(chosen), 0, EXCERPT_CHARS)
    rows, copies = _copies(texts, doc_ids.filter(chosen), dedup)
    if not copies:
        return {}
    both = pa.concat_arrays([texts, pa.array(copies, pa.string())])
    pairs = np.stack([rows, len(texts) + np.arange(len(rows))], axis=1)
    similarity, removed = judge(both, pairs, dedup)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    kinds = list(EDITS) * (len(rows) // len(EDITS))
    names = _slices_of(similarity, dedup)
    for kind, name, gone in zip(kinds, names, removed.tolist(), strict=True):
        cell = counts[f"{kind}{SEPARATOR}{name}"]
        cell[0] += 1
        cell[1] += int(gone)
    return dict(sorted(counts.items()))


def _copies(
    texts: pa.StringArray, doc_ids: pa.StringArray, dedup: DedupConfig
) -> tuple[Integers, list[str]]:
    """Row of the document and text of each copy: each kind once, in their order.

    Texts of fewer units than two shingles without overlap are left out.
    """
    units = shingle(normalise(texts, dedup.normalise), dedup.ngram).unit
    beyond = _BEYOND if dedup.containment is None else _BEYOND_CONTAINED
    least = max(_BEYOND, dedup.threshold - beyond)
    rows, copies = [], []
    cut = originals(texts, units == CHARACTER_UNIT, dedup.ngram)
    for row, (original, doc_id) in enumerate(
        zip(cut, doc_ids.to_pylist(), strict=True)
    ):
        if len(original.spans) < 2 * dedup.ngram:
            continue
        for kind, edit in EDITS.items():
            draw = Draw.of(f"{kind} {dedup.seed} {doc_id}")
            aim = least + draw.share() * (1 - least)
            rows.append(row)
            copies.append(edit(original, aim, draw))
    return np.array(rows, np.int64), copies


def judge(
    texts: pa.StringArray, pairs: Integers, dedup: DedupConfig
) -> tuple[Similarity, Flags]:
    """Exact similarity of pairs of texts, and whether a run removes one of each.

    `pairs` (p, 2) are rows of a document and of a copy. The document stays, or, where
    the longest is kept, the longer one.
    """
    if dedup.keep == "longest":
        lengths = pc.utf8_length(texts).to_numpy()[pairs]
        pairs = np.where(
            (lengths[:, 1] > lengths[:, 0])[:, None], pairs[:, ::-1], pairs
        )
    normalised = normalise(texts, dedup.normalise)
    contained = dedup.containment is not None
    sets = shingle_sets(normalised, dedup.ngram)
    similarity = compare(sets.values, sets.offsets, pairs, contained=contained)
    met = _candidates(normalised, pairs, dedup)
    which = met[:, 0] // 2
    inside = similarity.contained
    found = Similarity(
        similarity.jaccard[which], None if inside is None else inside[which]
    )
    removals = resolve_near(met, found, dedup, 2 * len(pairs))
    return similarity, removals.kept[1::2] >= 0


def _candidates(
    normalised: pa.StringArray, pairs: Integers, dedup: DedupConfig
) -> np.ndarray:
    """Those pairs that are met, as ranks: pair i has the ranks 2 i and 2 i + 1."""
    near, places = near_columns(normalised, dedup), pa.array(pairs.ravel())
    columns = {name: column.take(places) for name, column in near.items()}
    ranks = np.arange(2 * len(pairs))
    # Keys of one pair are those of no other.
    salt = (ranks // 2).astype(np.uint64) * _SALT
    for name in map(band_name, range(dedup.bands)):
        columns[name] = pa.array(columns[name].to_numpy() ^ salt)
    if dedup.containment is not None:
        lists = columns[FINGERPRINTS]
        lengths = pc.list_value_length(lists).to_numpy()
        keys = pc.list_flatten(lists).to_numpy() ^ np.repeat(salt, lengths)
        offsets = pa.array(np.append(0, np.cumsum(lengths)))
        columns[FINGERPRINTS] = pa.LargeListArray.from_arrays(offsets, pa.array(keys))
    alone = Identified(np.ones(len(ranks), np.bool_), ranks, ranks.astype(np.uint32))
    return find_candidates(pa.table(columns), alone, dedup)


def _slices_of(similarity: Similarity, dedup: DedupConfig) -> list[str]:
    names = slices(dedup.threshold)
    edges = np.array([*names.values()])
    place = np.searchsorted(edges, similarity.jaccard, side="right") - 1
    inside: Flags = np.zeros(len(place), np.bool_)
    if dedup.containment is not None and similarity.contained is not None:
        inside = similarity.contained >= dedup.containment
    known = np.array([*names, CONTAINED, BELOW])
    lower = np.where(inside, len(names), len(names) + 1)
    return [str(name) for name in known[np.where(place >= 0, place, lower)]]

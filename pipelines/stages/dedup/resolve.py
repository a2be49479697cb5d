"""From equal texts and compared pairs to the verdict: who goes, for whom, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.mapped_tables import WORDS, id_words, read_survey
from isinglass.pipelines.stage import OPEN, Verdict
from isinglass.schemas.config import DedupConfig
from isinglass.schemas.reasons import DUPLICATE_REASONS
from isinglass.transforms.dedup.decide import Decided, Fate, Identified, decide
from isinglass.transforms.dedup.keepers import Similarity, resolve_near
from isinglass.transforms.dedup.shingles import COMPARED_BY
from isinglass.transforms.read.identity import format_doc_ids

if TYPE_CHECKING:
    from isinglass.pipelines.engine.mapped_tables import Extent
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.pipelines.stages.dedup.rank import EarlierRun


@dataclass(frozen=True)
class Documents:
    """The documents of this run, and behind them those of earlier runs.

    `words` are doc_ids, uint64 (n, 2); `run` is the index of the earlier run, int32
    (n,), -1 for this one. `compared_by` has an entry a document of this run; see
    `COMPARED_BY`.
    """

    words: np.ndarray
    run: np.ndarray
    run_ids: tuple[str, ...]
    compared_by: pa.Array

    @classmethod
    def read(
        cls,
        workspace: Workspace,
        places: Sequence[Extent],
        earlier: Sequence[EarlierRun],
        dedup: DedupConfig,
    ) -> Documents:
        """From the survey of this run and of the earlier ones."""
        own = [place for place in places if not place.run]
        documents = own[-1].stop if own else 0
        words = np.zeros((0, 2), np.uint64)
        if places:
            words = id_words(read_survey(workspace, places, WORDS))
        folders = [run.folder for run in earlier]
        run = np.full(len(words), -1, np.int32)
        for place in places:
            if place.run:
                run[place.start : place.stop] = folders.index(place.run)
        unit = pa.array(["whole_text"] * documents, pa.string())
        if dedup.fuzzy and own:
            found = read_survey(workspace, own, ["unit"])["unit"]
            unit = pa.array(COMPARED_BY, pa.string()).take(found.combine_chunks())
        return cls(words, run, tuple(one.run_id for one in earlier), unit)


def resolve(
    found: Identified,
    compared: tuple[np.ndarray, Similarity] | None,
    documents: Documents,
    dedup: DedupConfig,
) -> Verdict:
    """Decide on all documents.

    `compared` are keeper ranks of candidate pairs, uint32 (p, 2), and how similar they
    are; None where near-duplicates are not looked for.
    """
    counts = {"candidate_pairs": 0, "verified_pairs": 0}
    removals = None
    if compared is not None:
        pairs, similarity = compared
        removals = resolve_near(pairs, similarity, dedup, found.ranked)
        enough = similarity.jaccard >= dedup.threshold
        if dedup.containment is not None and similarity.contained is not None:
            enough |= similarity.contained >= dedup.containment
        counts = {
            "candidate_pairs": len(similarity.jaccard),
            "verified_pairs": int(enough.sum()),
        }
    return _verdict(decide(found, removals), documents, dedup, counts)


def _verdict(
    decided: Decided, documents: Documents, dedup: DedupConfig, counts: dict[str, int]
) -> Verdict:
    rows = len(documents.compared_by)
    fate = decided.fate[:rows]
    evidence = decided.kept[:rows] >= 0
    kept = np.where(evidence, decided.kept[:rows], 0)
    ids = pc.if_else(pa.array(evidence), format_doc_ids(documents.words[kept]), None)
    there = documents.run[kept]
    index = pa.array(there, mask=~evidence | (there < 0))
    kept_in = pa.array(documents.run_ids, pa.string()).take(index)
    similarity = pa.array(decided.similarity[:rows], from_pandas=True)
    return Verdict(
        drops=fate.astype(np.int8) + np.int8(OPEN),
        reasons=tuple(reason.value for reason in DUPLICATE_REASONS),
        evidence={
            "rule": rules(fate, documents.compared_by, dedup),
            "kept_doc_id": ids,
            "kept_in": kept_in,
            "similarity": similarity,
        },
        facts={"compared_by": documents.compared_by},
        counts={**counts, "for_earlier": rows - kept_in.null_count},
    )


def rules(fate: np.ndarray, compared_by: pa.Array, dedup: DedupConfig) -> pa.Array:
    """Rule by which each document goes; what a shingle is depends on the document."""
    unit = pc.if_else(pc.equal(compared_by, "characters"), "character", "word")
    tail = f" {dedup.ngram}-grams"
    near, inside = (
        pc.binary_join_element_wise(f"{what} on ", unit, tail, "")
        for what in (
            f"jaccard>={dedup.threshold:g}",
            f"containment>={dedup.containment or 0:g}",
        )
    )
    nothing = pa.nulls(len(fate), pa.string())
    rule = pc.if_else(pa.array(fate == Fate.EXACT_DUPLICATE), "content_hash", nothing)
    rule = pc.if_else(pa.array(fate == Fate.NEAR_DUPLICATE), near, rule)
    return pc.if_else(pa.array(fate == Fate.CONTAINED), inside, rule)

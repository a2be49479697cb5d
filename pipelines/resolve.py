"""The resolve step (driver): keepers, balance weights, one decisions file a shard."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from isinglass.pipelines.commits import outputs_digest_input
from isinglass.pipelines.fingerprint import digest
from isinglass.pipelines.rank import load_identified
from isinglass.pipelines.side import RESOLVE, decisions_path, read_survey, write_side
from isinglass.pipelines.units import Unit
from isinglass.pipelines.verify import load_candidates, load_similarity
from isinglass.schemas.reasons import DropReason, Outcome, QuarantineReason
from isinglass.transforms.dedup.decide import Decided, Fate, decide, ranked_documents
from isinglass.transforms.dedup.keepers import resolve_near
from isinglass.transforms.demographics.balance import BalanceSolution, solve
from isinglass.transforms.demographics.lexicon import group_names
from isinglass.transforms.read.identity import format_doc_ids

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.commits import UnitOutputs
    from isinglass.pipelines.match import Extent
    from isinglass.pipelines.workspace import Workspace
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import BalanceConfig, DedupConfig

DECISIONS = pa.schema(
    [
        pa.field("doc_high", pa.uint64(), nullable=False),
        pa.field("doc_low", pa.uint64(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("rule", pa.string()),
        pa.field("kept_doc_id", pa.string()),
        pa.field("kept_in", pa.string()),
        pa.field("similarity", pa.float64()),
        pa.field("compared_by", pa.string()),
        pa.field("evaluation_item", pa.string()),
        pa.field("weight", pa.float64()),
    ]
)
"""One row a document of the shard, in reading order."""

_OUTCOMES = {
    Fate.KEEP: (Outcome.KEPT, None),
    Fate.EMPTY: (Outcome.DROPPED, DropReason.EMPTY),
    Fate.DUPLICATE_ID: (Outcome.QUARANTINED, QuarantineReason.DUPLICATE_ID),
    Fate.EXACT_DUPLICATE: (Outcome.DROPPED, DropReason.EXACT_DUPLICATE),
    Fate.NEAR_DUPLICATE: (Outcome.DROPPED, DropReason.NEAR_DUPLICATE),
}


@dataclass(frozen=True)
class ResolveWork:
    """Work of the resolve step.

    Attributes:
        places: Extents of the shards.
        slices: Units of the verify pass; empty when near-duplicates are off.
        dedup: The `dedup` section.
        balance: The `balance` section.
    """

    places: tuple[Extent, ...]
    slices: tuple[Unit, ...]
    dedup: DedupConfig | None
    balance: BalanceConfig | None
    name: str = RESOLVE

    def open(self) -> None:
        """Nothing to load ahead."""

    def run(self, state: None, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Write the decisions of every shard, and what balancing found."""
        del state, payload
        decided, pairs = self._decide(outputs.workspace)
        weights = self._balance(outputs, decided)
        survey = read_survey(
            outputs.workspace,
            [place.shard_id for place in self.places],
            ["doc_high", "doc_low"],
        )
        words = np.stack([column.to_numpy() for column in survey.columns], axis=1)
        table = decision_table(decided, weights, words, self._rules())
        for place in self.places:
            part = table.slice(place.start, place.stop - place.start)
            path = decisions_path(outputs.workspace, place.shard_id)
            write_side(outputs, path, DECISIONS, part.to_batches())
        kinds = np.bincount(decided.fate, minlength=len(Fate))
        counts = {fate.name.lower(): int(kinds[fate]) for fate in Fate}
        return {"records_in": len(decided.fate), **counts, **pairs}

    def _decide(self, workspace: Workspace) -> tuple[Decided, dict[str, int]]:
        found = load_identified(workspace)
        pairs = {"candidate_pairs": 0, "verified_pairs": 0}
        if not self.slices or self.dedup is None:
            return decide(found, np.empty(0, np.int64), np.empty(0)), pairs
        candidates = load_candidates(workspace)
        similarity = load_similarity(workspace, list(self.slices))
        kept_rank, value = resolve_near(
            np.asarray(candidates.pairs),
            similarity,
            self.dedup.threshold,
            ranked_documents(found),
        )
        reached = int((similarity >= self.dedup.threshold).sum())
        pairs = {"candidate_pairs": len(similarity), "verified_pairs": reached}
        return decide(found, kept_rank, value), pairs

    def _rules(self) -> dict[Fate, str | None]:
        if self.dedup is None:
            return {}
        near = f"jaccard>={self.dedup.threshold:g} on {self.dedup.ngram}-grams"
        return {Fate.EXACT_DUPLICATE: "content_hash", Fate.NEAR_DUPLICATE: near}

    def _balance(self, outputs: UnitOutputs, decided: Decided) -> np.ndarray | None:
        if self.balance is None:
            return None
        workspace = outputs.workspace
        shard_ids = [place.shard_id for place in self.places]
        column = read_survey(workspace, shard_ids, ["mentions"])["mentions"]
        counts = mention_matrix(column)
        kept = np.flatnonzero(decided.fate == Fate.KEEP)
        vectors, inverse, multiplicity = np.unique(
            counts[kept], axis=0, return_inverse=True, return_counts=True
        )
        solution = solve(
            vectors.astype(np.int64), multiplicity, group_names(), self.balance
        )
        weights = np.full(len(counts), np.nan)
        weights[kept] = solution.weights[inverse.reshape(-1)]
        outputs.write_bytes(balance_path(workspace), _balance_json(solution))
        return weights


def mention_matrix(column: pa.ChunkedArray) -> np.ndarray:
    """Mention counts (documents, groups) of a survey column."""
    groups = len(group_names())
    flat = column.combine_chunks().flatten().to_numpy()
    return np.asarray(flat).reshape(-1, groups)


def balance_path(workspace: Workspace) -> Path:
    """Summary of the balance solution, JSON."""
    return workspace.side(RESOLVE, "balance.json")


def _balance_json(solution: BalanceSolution) -> str:
    data = {name: asdict(axis) for name, axis in solution.axes.items()}
    return json.dumps({"axes": data, "iterations": solution.iterations}, sort_keys=True)


def decision_table(
    decided: Decided,
    weights: np.ndarray | None,
    words: np.ndarray,
    rules: dict[Fate, str | None],
) -> pa.Table:
    """Decisions of all documents, in survey order.

    Args:
        decided: What was decided.
        weights: Balance weight of each document; None when balancing is off.
        words: uint64 (documents, 2), the doc_ids.
        rules: Rule to name for a fate.
    """
    evidence = decided.kept >= 0
    kept_ids = format_doc_ids(words[np.where(evidence, decided.kept, 0)])
    nothing = pa.array(np.full(len(words), np.nan), from_pandas=True)
    columns = [
        pa.array(words[:, 0]),
        pa.array(words[:, 1]),
        _by_fate(decided.fate, {f: o[0].value for f, o in _OUTCOMES.items()}),
        _by_fate(decided.fate, {f: o[1] for f, o in _OUTCOMES.items()}),
        _by_fate(decided.fate, rules),
        pa.compute.if_else(pa.array(evidence), kept_ids, None),
        pa.nulls(len(words), pa.string()),
        pa.array(decided.similarity, from_pandas=True),
        pa.nulls(len(words), pa.string()),
        pa.nulls(len(words), pa.string()),
        nothing if weights is None else pa.array(weights, from_pandas=True),
    ]
    return pa.Table.from_arrays(columns, schema=DECISIONS)


def _by_fate(fate: np.ndarray, names: dict[Fate, Any]) -> pa.Array:
    labels = pa.array(
        [None if (n := names.get(f)) is None else str(n) for f in Fate], pa.string()
    )
    return labels.take(pa.array(fate))


def resolve_unit(
    upstream: list[Commit],
    dedup: DedupConfig | None,
    balance: BalanceConfig | None,
    code: str,
) -> Unit:
    """The single unit of the resolve step."""
    sections = [
        dedup.model_dump(include={"threshold", "ngram"}) if dedup else None,
        balance.model_dump() if balance else None,
    ]
    identity = [outputs_digest_input(upstream), sections, code]
    return Unit("all", "", digest(identity))

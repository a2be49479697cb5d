"""The resolve step (driver): keepers, balance weights, one decisions file a shard."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.pipelines.decision_table import (
    COMPARED_BY,
    DECISIONS,
    Labels,
    decision_table,
)
from isinglass.pipelines.engine.commits import outputs_digest_input
from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.side_tables import (
    RESOLVE,
    Extent,
    decisions_path,
    read_survey,
    write_side,
)
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.stages.dedup.rank import load_identified, mentioned_items
from isinglass.pipelines.stages.dedup.similarity import load_candidates, load_similarity
from isinglass.transforms.dedup.decide import Decided, Fate, decide, ranked_documents
from isinglass.transforms.dedup.keepers import resolve_near
from isinglass.transforms.demographics.balance import BalanceSolution, solve
from isinglass.transforms.demographics.lexicon import group_names

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.pipelines.engine.workspace import Workspace
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import BalanceConfig, DedupConfig


@dataclass(frozen=True)
class Evaluation:
    """What the decisions say of evaluation items.

    Attributes:
        names: Name of each item.
        rule: What makes a document contaminated.
    """

    names: tuple[str, ...]
    rule: str


@dataclass(frozen=True)
class ResolveWork:
    """Work of the resolve step.

    Attributes:
        places: Extents of the shards of this run, then of earlier ones.
        slices: Units of the verify pass; empty when near-duplicates are off.
        dedup: The `dedup` section.
        balance: The `balance` section.
        run_ids: run_id of each earlier run, by its folder.
        evaluation: None when no evaluation items are looked for.
    """

    places: tuple[Extent, ...]
    slices: tuple[Unit, ...]
    dedup: DedupConfig | None
    balance: BalanceConfig | None
    run_ids: dict[str, str] = field(default_factory=dict)
    evaluation: Evaluation | None = None
    name: str = RESOLVE

    @property
    def own(self) -> list[Extent]:
        """Extents of this run."""
        return [place for place in self.places if not place.run]

    def open(self) -> None:
        """Nothing to load ahead."""

    def run(self, state: None, payload: str, outputs: UnitOutputs) -> dict[str, int]:
        """Write the decisions of every shard, and what balancing found."""
        del state, payload
        workspace = outputs.workspace
        decided, pairs = self._decide(workspace)
        weights = self._balance(outputs, decided)
        names = ["doc_high", "doc_low"]
        survey = read_survey(workspace, list(self.places), names)
        words = np.stack([column.to_numpy() for column in survey.columns], axis=1)
        table = decision_table(decided, weights, words, self._labels(workspace))
        for place in self.own:
            part = table.slice(place.start, place.stop - place.start)
            path = decisions_path(workspace, place.shard_id)
            write_side(outputs, path, DECISIONS, part.to_batches())
        kinds = np.bincount(decided.fate[: table.num_rows], minlength=len(Fate))
        counts = {fate.name.lower(): int(kinds[fate]) for fate in Fate}
        counts["for_earlier"] = table.num_rows - table["kept_in"].null_count
        return {"records_in": table.num_rows, **counts, **pairs}

    def _decide(self, workspace: Workspace) -> tuple[Decided, dict[str, int]]:
        found = load_identified(workspace)
        pairs = {"candidate_pairs": 0, "verified_pairs": 0}
        if not self.slices or self.dedup is None:
            return decide(found, None), pairs
        candidates = load_candidates(workspace)
        contained = self.dedup.containment
        similarity = load_similarity(
            workspace, list(self.slices), contained=contained is not None
        )
        removals = resolve_near(
            np.asarray(candidates.pairs),
            similarity,
            self.dedup.threshold,
            ranked_documents(found),
            contained,
        )
        enough = similarity.jaccard >= self.dedup.threshold
        if contained is not None and similarity.contained is not None:
            enough |= similarity.contained >= contained
        pairs = {
            "candidate_pairs": len(similarity.jaccard),
            "verified_pairs": int(enough.sum()),
        }
        return decide(found, removals), pairs

    def _labels(self, workspace: Workspace) -> Labels:
        """Names that the ledger uses, for the documents of this run."""
        documents = self.own[-1].stop if self.own else 0
        nothing = pa.nulls(documents, pa.string())
        unit, items, share = nothing, nothing, np.full(documents, np.nan)
        if self.dedup is not None:
            unit = self._units(workspace, documents)
        if self.evaluation is not None:
            found = mentioned_items(workspace, self.own)
            names = pa.array(self.evaluation.names, pa.string())
            items = names.take(found["evaluation_item"].combine_chunks())
            share = found["evaluation_share"].to_numpy()
        folders = list(self.run_ids)
        run = np.full(self.places[-1].stop if self.places else 0, -1, np.int32)
        for place in self.places:
            if place.run:
                run[place.start : place.stop] = folders.index(place.run)
        rule = self.evaluation.rule if self.evaluation is not None else ""
        run_ids = tuple(self.run_ids.values())
        return Labels(unit, run, run_ids, items, share, rule, self.dedup)

    def _units(self, workspace: Workspace, documents: int) -> pa.Array:
        assert self.dedup is not None
        if not self.dedup.fuzzy:
            return pa.array(["whole_text"] * documents, pa.string())
        found = read_survey(workspace, self.own, ["unit"])["unit"]
        return pa.array(COMPARED_BY, pa.string()).take(found.combine_chunks())

    def _balance(self, outputs: UnitOutputs, decided: Decided) -> np.ndarray | None:
        if self.balance is None:
            return None
        workspace = outputs.workspace
        column = read_survey(workspace, self.own, ["mentions"])["mentions"]
        counts = mention_matrix(column)
        kept = np.flatnonzero(decided.fate[: len(counts)] == Fate.KEEP)
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


def resolve_unit(
    upstream: list[Commit], work: ResolveWork, inputs: list[str], code: str
) -> Unit:
    """The single unit of the resolve step.

    Args:
        upstream: Commits whose outputs it reads.
        work: Of the step.
        inputs: What tells the state of all else that it reads: earlier runs, pairs.
        code: Fingerprint of the code.
    """
    dedup, balance, evaluation = work.dedup, work.balance, work.evaluation
    names = {"threshold", "containment", "ngram", "paragraphs"}
    sections = [
        dedup.model_dump(include=names) if dedup else None,
        balance.model_dump() if balance else None,
        [evaluation.rule, list(evaluation.names)] if evaluation else None,
        sorted(work.run_ids.values()),
    ]
    identity = [outputs_digest_input(upstream), inputs, sections, code]
    return Unit("all", "", digest(identity))


def decision_hashes(
    workspace: Workspace, resolved: Commit, shard_ids: list[str]
) -> dict[str, str]:
    """SHA-256 of each shard's decisions, by shard_id."""
    hashes = {output.path: output.sha256 for output in resolved.outputs}
    return {
        shard_id: hashes[workspace.relative(decisions_path(workspace, shard_id))]
        for shard_id in shard_ids
    }

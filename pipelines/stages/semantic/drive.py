"""The semantic steps one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.passes import run_here, run_pass
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.stages.semantic.assign import AssignWork, assign_units
from isinglass.pipelines.stages.semantic.choice import ChoiceWork
from isinglass.pipelines.stages.semantic.fit import FitWork, fit_clusters
from isinglass.pipelines.stages.semantic.neighbours import (
    NeighboursWork,
    neighbour_units,
)
from isinglass.pipelines.stages.semantic.recall import RecallWork
from isinglass.pipelines.stages.semantic.table import TableWork, table_units

if TYPE_CHECKING:
    from isinglass.pipelines.engine.passes import Session
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config.encode import SemanticConfig

SPEED = 1e8
"""Bytes of vectors a CPU second, roughly."""


@dataclass(frozen=True)
class Semantic:
    """What the semantic steps left.

    Attributes:
        fitted: Commit of the fit.
        tables: Commits of the table pass, by shard.
    """

    fitted: Commit
    tables: dict[str, Commit]


def find_clusters(
    session: Session,
    config: SemanticConfig,
    cleans: dict[str, Commit],
    encodes: dict[str, Commit],
    identity: tuple[int, str],
) -> Semantic:
    """Cluster the vectors of a run, and compare documents inside of clusters.

    Args:
        session: The driver's state.
        config: The `encode.semantic` section.
        cleans: Commits of the clean pass, by shard.
        encodes: Commits of the encode pass, by shard.
        identity: Seed of the run, and fingerprint of the code.
    """
    seed, code = identity
    workspace, shard_ids = session.workspace, tuple(encodes)
    fitted = fit_clusters(session, encodes, FitWork(shard_ids, config, seed), code)
    clusters, buckets = fitted.counts["clusters"], fitted.counts["buckets"]
    units = assign_units(encodes, fitted, buckets, code)
    assigns = run_pass(session, AssignWork(workspace, buckets), units, speed=SPEED)
    compare = NeighboursWork(shard_ids, buckets, config, seed)
    units = neighbour_units(compare, assigns, code)
    compared = list(run_pass(session, compare, units, speed=SPEED).values())
    depends = [*compared, *assigns.values(), fitted]
    found = digest([[o.sha256 for c in depends for o in c.outputs], seed, code])
    recall = RecallWork(shard_ids, buckets, config, seed)
    run_here(session, recall, Unit("all", "", digest([found, config.duplicates])))
    choice = ChoiceWork(shard_ids, clusters, seed)
    chosen = run_here(session, choice, Unit("all", "", found))
    table = TableWork(workspace, clusters, buckets, seed, config.terms)
    own = {shard: [assigns[shard], cleans[shard]] for shard in shard_ids}
    told = f"{code} {config.terms}"
    units = table_units(shard_ids, own, [*compared, chosen], told)
    return Semantic(fitted, run_pass(session, table, units, speed=SPEED))

"""The semantic steps one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.passes import run_pass, run_step
from isinglass.pipelines.stages.semantic.assign import AssignWork, assign_units
from isinglass.pipelines.stages.semantic.choice import CHOICE, choose
from isinglass.pipelines.stages.semantic.fit import fit_clusters
from isinglass.pipelines.stages.semantic.missed import RECALL, count_missed
from isinglass.pipelines.stages.semantic.neighbours import (
    NeighboursWork,
    neighbour_units,
)
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
    fitted = fit_clusters(session, encodes, config, seed, code)
    clusters, buckets = fitted.counts["clusters"], fitted.counts["buckets"]
    units = assign_units(encodes, fitted, buckets, code)
    assigns = run_pass(session, AssignWork(workspace, buckets), units, speed=SPEED)
    compare = NeighboursWork(shard_ids, buckets, config, seed)
    units = neighbour_units(compare, assigns, code)
    compared = list(run_pass(session, compare, units, speed=SPEED).values())
    depends = [*compared, *assigns.values(), fitted]
    found = [[o.sha256 for c in depends for o in c.outputs], seed, code]
    measure = partial(count_missed, compared=compare)
    run_step(session, RECALL, [found, config.duplicates], measure)
    make = partial(choose, shard_ids=shard_ids, clusters=clusters, seed=seed)
    chosen = run_step(session, CHOICE, found, make)
    table = TableWork(workspace, clusters, buckets, seed, config.terms)
    own = {shard: [assigns[shard], cleans[shard]] for shard in shard_ids}
    told = f"{code} {config.terms}"
    units = table_units(shard_ids, own, [*compared, chosen], told)
    return Semantic(fitted, run_pass(session, table, units, speed=SPEED))

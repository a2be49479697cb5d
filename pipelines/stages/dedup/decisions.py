"""From the survey to one decision a document: rank, match, shingle, verify, resolve."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.passes import (
    HASHING,
    READING,
    Session,
    run_here,
    run_pass,
)
from isinglass.pipelines.erase import DOCUMENTS_FILE
from isinglass.pipelines.paragraphs import ONLY_BOILERPLATE_FILE, find_boilerplate
from isinglass.pipelines.sources import plan_again
from isinglass.pipelines.stages.dedup import match as matching
from isinglass.pipelines.stages.dedup import shingles as shingling
from isinglass.pipelines.stages.dedup import similarity as verifying
from isinglass.pipelines.stages.dedup.earlier_runs import (
    KEPT,
    AgainstWork,
    EarlierRun,
    against_unit,
    earlier_extents,
    read_manifest,
)
from isinglass.pipelines.stages.dedup.rank import (
    FIRST_RANK,
    RankInputs,
    RankWork,
    load_identified,
    rank_unit,
)
from isinglass.pipelines.stages.dedup.resolve import (
    Evaluation,
    ResolveWork,
    resolve_unit,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from isinglass.pipelines.engine.side_tables import Extent
    from isinglass.pipelines.engine.units import Unit
    from isinglass.pipelines.plan import Plan
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import DedupConfig, RunConfig
    from isinglass.schemas.documents import Layout

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Decisions:
    """What is decided on, and by which settings.

    Attributes:
        session: The driver's state.
        config: The configuration.
        plan: Shards and layout of this run.
        surveys: Commit of every shard's survey.
        earlier: Runs that this one is held against.
        evaluation: Evaluation items that were looked for; None for none.
        code: Fingerprint of the code.
        erased: Commit of the list of what is to go; None for none.
    """

    session: Session
    config: RunConfig
    plan: Plan
    surveys: dict[str, Commit]
    earlier: tuple[EarlierRun, ...]
    evaluation: Evaluation | None
    code: str
    erased: Commit | None = None

    @property
    def own(self) -> list[Extent]:
        """Extents of this run's shards."""
        shard_ids = [shard.shard_id for shard in self.plan.shards]
        return matching.extents(shard_ids, self.surveys)

    @property
    def places(self) -> list[Extent]:
        """Extents of this run's shards, then of those of earlier runs."""
        own = self.own
        return [*own, *earlier_extents(self.earlier, own[-1].stop if own else 0)]

    @property
    def _earlier_states(self) -> tuple[str, ...]:
        return tuple(run.state for run in self.earlier)

    def find_boilerplate(self) -> Commit | None:
        """Count the paragraphs, if that was asked for; for `make` and the clean pass.

        Equal texts count once, so they are told apart first.
        """
        dedup = self.config.dedup
        if dedup is None or dedup.paragraphs is None:
            return None
        surveys, own = list(self.surveys.values()), self.own
        work = RankWork(dedup, name=FIRST_RANK)
        unit = rank_unit(own, surveys, work, RankInputs(), self.code)
        ranked = run_here(self.session, work, unit)
        upstream = [ranked, *surveys]
        return find_boilerplate(
            self.session, own, dedup.paragraphs, upstream, self.code
        )

    def make(self, unscannable: Sequence[int], boilerplate: Commit | None) -> Commit:
        """Decide on every document; returns the commit of the resolve step.

        Args:
            unscannable: Documents that an earlier scan sent to quarantine.
            boilerplate: From `find_boilerplate`.
        """
        surveys = list(self.surveys.values())
        ranked = self._rank(tuple(unscannable), boilerplate)
        dedup = self.config.dedup
        slices: list[Unit] = []
        verified: list[Commit] = []
        compared = ""
        if dedup is not None and dedup.fuzzy:
            slices, verified = self._match(ranked, dedup)
            candidates = verifying.load_candidates(self.session.workspace)
            compared = shingling.candidates_digest(candidates)
        work = ResolveWork(
            places=tuple(self.places),
            slices=tuple(slices),
            dedup=dedup,
            balance=self.config.balance,
            run_ids={run.folder: run.run_id for run in self.earlier},
            evaluation=self.evaluation,
        )
        inputs = [*self._earlier_states, compared]
        unit = resolve_unit([ranked, *verified, *surveys], work, inputs, self.code)
        return run_here(self.session, work, unit)

    def _rank(self, unscannable: tuple[int, ...], boilerplate: Commit | None) -> Commit:
        decontaminate = self.config.decontaminate
        drops = decontaminate is not None and decontaminate.action == "drop"
        upstream = [c for c in (boilerplate, self.erased) if c is not None]
        if self.earlier:
            unit = against_unit(self.earlier, self.code)
            upstream.append(run_here(self.session, AgainstWork(self.earlier), unit))
        inputs = RankInputs(
            unscannable,
            reference=KEPT if self.earlier else "",
            only_boilerplate=ONLY_BOILERPLATE_FILE if boilerplate else "",
            erased=DOCUMENTS_FILE if self.erased else "",
            upstream=tuple(upstream),
            earlier=self._earlier_states,
        )
        work = RankWork(self.config.dedup, drops)
        surveys = list(self.surveys.values())
        unit = rank_unit(self.places, surveys, work, inputs, self.code)
        return run_here(self.session, work, unit)

    def _match(
        self, ranked: Commit, dedup: DedupConfig
    ) -> tuple[list[Unit], list[Commit]]:
        surveys = list(self.surveys.values())
        workspace, places = self.session.workspace, self.places
        documents = ranked.counts["records_in"]
        fingerprints = sum(c.counts.get("fingerprints", 0) for c in surveys)
        fingerprints += sum(run.fingerprints for run in self.earlier)
        waves = matching.plan_waves(documents, fingerprints, dedup)
        upstream = matching.match_upstream(ranked, surveys, list(self._earlier_states))
        units = matching.bucket_units(waves, documents, upstream, self.code)
        references = ranked.counts["reference"]
        build = matching.MatchGraph(workspace, tuple(places), tuple(waves), references)
        commits = run_pass(
            self.session,
            matching.BucketWork(references),
            units,
            speed=HASHING,
            build=build,
            wave_of=matching.wave_of,
        )
        matching.check_entries(workspace, places, commits, dedup)
        return self._verify(matching.load_pairs(workspace, units, waves, places), dedup)

    def _verify(
        self, pairs: np.ndarray, dedup: DedupConfig
    ) -> tuple[list[Unit], list[Commit]]:
        workspace, places = self.session.workspace, tuple(self.places)
        rank = load_identified(workspace).rank
        candidates = shingling.find_candidates(pairs, rank)
        verifying.save_candidates(workspace, candidates)
        sources, layouts = self._sources()
        shape = [dedup.ngram, dedup.normalise.model_dump(), self.code]
        shingles = shingling.shingle_units(sources, list(places), candidates, shape)
        work = shingling.ShingleWork(layouts, dedup)
        made = run_pass(self.session, work, shingles, speed=READING)
        store = shingling.open_store(
            workspace, shingles, list(places), candidates.places
        )
        contained = dedup.containment is not None
        upstream = digest(
            [sorted(c.fingerprint for c in made.values()), contained, self.code]
        )
        slices = verifying.verify_units(candidates, store, upstream)
        compare = verifying.VerifyWork(workspace, tuple(shingles), places, contained)
        commits = run_pass(self.session, compare, slices, speed=READING)
        return slices, list(commits.values())

    def _sources(self) -> tuple[shingling.TextSources, tuple[Layout, ...]]:
        """Where texts are read again; plans the inputs of earlier runs anew."""
        shards = {("", shard.shard_id): shard for shard in self.plan.shards}
        versions = {("", name): c.fingerprint for name, c in self.surveys.items()}
        layouts, index = [self.plan.layout], {"": 0}
        for run in self.earlier:
            versions |= {(run.folder, name): run.seal for name, _ in run.shards}
            folder = Path(run.folder)
            made = plan_again(folder, read_manifest(folder))
            if isinstance(made, str):
                LOGGER.warning(
                    "%s: %s; near-duplicates are compared with its cleaned texts",
                    run.folder,
                    made,
                )
                continue
            index[run.folder] = len(layouts)
            layouts.append(made.layout)
            shards |= {(run.folder, shard.shard_id): shard for shard in made.shards}
        return shingling.TextSources(shards, index, versions), tuple(layouts)

"""Near-duplicates: match documents, read candidates again, compare them exactly."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.passes import HASHING, READING, run_pass
from isinglass.pipelines.read_again import plan_again, read_manifest
from isinglass.pipelines.stages.dedup import match as matching
from isinglass.pipelines.stages.dedup import shingles as shingling
from isinglass.pipelines.stages.dedup import similarity as verifying
from isinglass.pipelines.stages.dedup.rank import all_places, load_identified

if TYPE_CHECKING:
    import numpy as np

    from isinglass.pipelines.engine.side_tables import Extent
    from isinglass.pipelines.stage import Driver
    from isinglass.pipelines.stages.dedup.earlier_runs import EarlierRun
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import DedupConfig
    from isinglass.schemas.documents import Layout
    from isinglass.transforms.dedup.keepers import Similarity

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Compared:
    """Candidate pairs and how similar they are.

    Attributes:
        pairs: uint32 (p, 2), keeper ranks, sorted.
        similarity: Of each pair.
    """

    pairs: np.ndarray
    similarity: Similarity


@dataclass(frozen=True)
class NearDuplicates:
    """What is compared, and by which settings.

    Attributes:
        driver: After the survey.
        dedup: The `dedup` section.
        earlier: Runs that this one is held against.
        ranked: Commit of the rank step.
    """

    driver: Driver
    dedup: DedupConfig
    earlier: tuple[EarlierRun, ...]
    ranked: Commit

    @property
    def places(self) -> list[Extent]:
        """Extents of this run's shards, then of those of earlier runs."""
        return all_places(self.driver, self.earlier)

    def compare(self) -> Compared:
        """Find the candidate pairs of all documents, and their exact similarity."""
        driver, dedup, places = self.driver, self.dedup, self.places
        surveys = list(driver.surveys.values())
        documents = self.ranked.counts["records_in"]
        fingerprints = sum(c.counts.get("fingerprints", 0) for c in surveys)
        fingerprints += sum(run.fingerprints for run in self.earlier)
        waves = matching.plan_waves(documents, fingerprints, dedup)
        states = [run.state for run in self.earlier]
        upstream = matching.match_upstream(self.ranked, surveys, states)
        units = matching.bucket_units(waves, documents, upstream, driver.code)
        references = self.ranked.counts["reference"]
        build = matching.MatchGraph(
            driver.workspace, tuple(places), tuple(waves), references
        )
        commits = run_pass(
            driver.session,
            matching.BucketWork(references),
            units,
            speed=HASHING,
            build=build,
            wave_of=matching.wave_of,
        )
        matching.check_entries(driver.workspace, places, commits, dedup)
        pairs = matching.load_pairs(driver.workspace, units, waves, places)
        return self._verify(pairs, tuple(places))

    def _verify(self, pairs: np.ndarray, places: tuple[Extent, ...]) -> Compared:
        driver, dedup, workspace = self.driver, self.dedup, self.driver.workspace
        rank = load_identified(workspace).rank
        candidates = shingling.find_candidates(pairs, rank)
        verifying.save_candidates(workspace, candidates)
        sources, layouts = self._sources()
        shape = [dedup.ngram, dedup.normalise.model_dump(), driver.code]
        shingles = shingling.shingle_units(sources, list(places), candidates, shape)
        work = shingling.ShingleWork(layouts, dedup)
        made = run_pass(driver.session, work, shingles, speed=READING)
        store = shingling.open_store(
            workspace, shingles, list(places), candidates.places
        )
        contained = dedup.containment is not None
        upstream = digest(
            [sorted(c.fingerprint for c in made.values()), contained, driver.code]
        )
        slices = verifying.verify_units(candidates, store, upstream)
        compare = verifying.VerifyWork(workspace, tuple(shingles), places, contained)
        run_pass(driver.session, compare, slices, speed=READING)
        similarity = verifying.load_similarity(workspace, slices, contained=contained)
        return Compared(candidates.pairs, similarity)

    def _sources(self) -> tuple[shingling.TextSources, tuple[Layout, ...]]:
        """Where texts are read again; plans the inputs of earlier runs anew."""
        plan, surveys = self.driver.plan, self.driver.surveys
        shards = {("", shard.shard_id): shard for shard in plan.shards}
        versions = {("", name): c.fingerprint for name, c in surveys.items()}
        layouts, index = [plan.layout], {"": 0}
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

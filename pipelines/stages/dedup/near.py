"""Near-duplicates: match documents, read candidates again, compare them exactly."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.commits import outputs_digest_input
from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.passes import READING, run_pass
from isinglass.pipelines.engine.units import Each
from isinglass.pipelines.read_again import plan_again, read_manifest
from isinglass.pipelines.stages.dedup import match as matching
from isinglass.pipelines.stages.dedup import shingles as shingling
from isinglass.pipelines.stages.dedup import similarity as verifying
from isinglass.pipelines.stages.dedup.rank import all_places, load_identified

if TYPE_CHECKING:
    import numpy as np

    from isinglass.pipelines.stage import Driver
    from isinglass.pipelines.stages.dedup.earlier_runs import EarlierRun
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import DedupConfig
    from isinglass.schemas.documents import Layout
    from isinglass.transforms.dedup.keepers import Similarity

LOGGER = logging.getLogger(__name__)


def match_documents(
    driver: Driver, dedup: DedupConfig, earlier: tuple[EarlierRun, ...], ranked: Commit
) -> np.ndarray:
    """Candidate pairs of all documents: uint32 (p, 2), keeper ranks, sorted."""
    workspace, places = driver.workspace, all_places(driver, earlier)
    surveys = list(driver.surveys.values())
    documents = ranked.counts["records_in"]
    fingerprints = sum(c.counts.get("fingerprints", 0) for c in surveys)
    fingerprints += sum(run.fingerprints for run in earlier)
    waves = matching.plan_waves(documents, fingerprints, dedup)
    states = [run.state for run in earlier]
    upstream = [outputs_digest_input([ranked, *surveys]), states]
    units = matching.bucket_units(waves, documents, upstream, driver.code)
    commits = matching.match_documents(
        driver.session, places, waves, units, ranked.counts["reference"]
    )
    matching.check_entries(workspace, places, commits, dedup)
    return matching.load_pairs(workspace, units, waves, places)


def compare_pairs(
    driver: Driver,
    dedup: DedupConfig,
    earlier: tuple[EarlierRun, ...],
    pairs: np.ndarray,
) -> Similarity:
    """Exact similarity of the candidate pairs, from their texts read again."""
    session, workspace = driver.session, driver.workspace
    places = all_places(driver, earlier)
    candidates = shingling.find_candidates(pairs, load_identified(workspace).rank)
    verifying.save_candidates(workspace, candidates)
    sources, layouts = _sources(driver, earlier)
    shape = [dedup.ngram, dedup.normalise.model_dump(), driver.code]
    shingles = shingling.shingle_units(sources, places, candidates, shape)
    make = partial(shingling.shingle_shard, layouts=layouts, dedup=dedup)
    work = Each(shingling.SHINGLE, make)
    made = run_pass(session, work, shingles, speed=READING)
    store = shingling.open_store(workspace, shingles, places, candidates.places)
    contained = dedup.containment is not None
    upstream = digest(
        [sorted(c.fingerprint for c in made.values()), contained, driver.code]
    )
    slices = verifying.verify_units(candidates, store, upstream)
    compare = verifying.VerifyWork(workspace, tuple(shingles), tuple(places), contained)
    run_pass(session, compare, slices, speed=READING)
    return verifying.load_similarity(workspace, slices, contained=contained)


def _sources(
    driver: Driver, earlier: tuple[EarlierRun, ...]
) -> tuple[shingling.TextSources, tuple[Layout, ...]]:
    """Where texts are read again; plans the inputs of earlier runs anew."""
    plan, surveys = driver.plan, driver.surveys
    shards = {("", shard.shard_id): shard for shard in plan.shards}
    versions = {("", name): c.fingerprint for name, c in surveys.items()}
    layouts, index = [plan.layout], {"": 0}
    for run in earlier:
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

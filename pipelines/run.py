"""The main job: plan, survey, match, verify, resolve, clean, encode, close."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from isinglass.pipelines import match as matching
from isinglass.pipelines import verify as verifying
from isinglass.pipelines.clean import CleanWork, clean_units
from isinglass.pipelines.close import Closing, close
from isinglass.pipelines.encode import (
    EncodeWork,
    encode_units,
    with_absolute_paths,
)
from isinglass.pipelines.fingerprint import code_fingerprint, digest
from isinglass.pipelines.identity import (
    Identity,
    canary_share,
    find_key,
    finished_run,
    store_key,
)
from isinglass.pipelines.ownership import check_claim, write_claim
from isinglass.pipelines.passes import Session, run_here, run_pass
from isinglass.pipelines.plan import Plan, plan
from isinglass.pipelines.preflight import check_config
from isinglass.pipelines.rank import RankWork, load_identified, rank_unit
from isinglass.pipelines.reconcile import ShardAccount
from isinglass.pipelines.resolve import ResolveWork, resolve_unit
from isinglass.pipelines.side import decisions_path, read_survey
from isinglass.pipelines.survey import SurveyWork, survey_units
from isinglass.pipelines.workspace import Workspace, locked, remove_leftovers
from isinglass.schemas.errors import IsinglassError, OutputError
from isinglass.transforms.read.identity import format_doc_ids
from isinglass.transforms.scan import CleanSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apache_beam as beam

    from isinglass.pipelines.identity import Verb
    from isinglass.pipelines.progress import Progress
    from isinglass.pipelines.runner import Execution
    from isinglass.pipelines.units import Unit
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import RunConfig
    from isinglass.schemas.manifest import Manifest

LOGGER = logging.getLogger(__name__)
MOST_ROUNDS = 25


@dataclass(frozen=True)
class Request:
    """What a person asked for.

    Attributes:
        config: Checked configuration.
        verb: run, clean, audit or encode.
        base: Folder that relative paths of the configuration start from.
        execution: How passes are executed.
        replace: Allow another configuration's run in the output folder to be redone.
    """

    config: RunConfig
    verb: Verb
    base: Path
    execution: Execution
    replace: bool = False

    @property
    def output(self) -> Path:
        """The run folder."""
        try:
            return (self.base / Path(self.config.output).expanduser()).resolve()
        except (ValueError, RuntimeError):
            msg = f"output: {self.config.output!r} is not a usable folder name."
            raise OutputError(msg) from None


@dataclass(frozen=True)
class Result:
    """What a request led to.

    Attributes:
        manifest: The manifest of the run; of the earlier one if nothing was to do.
        folder: The run folder.
        nothing_to_do: The run was complete already, or the inputs hold no records.
    """

    manifest: Manifest
    folder: Path
    nothing_to_do: bool = False


def execute(request: Request, progress: Progress) -> Result:
    """Carry out a request from planning to the sealed run folder.

    Raises:
        IsinglassError: Of the class that says how to react; see `schemas.errors`.
    """
    config, made, identity, key = prepare(request)
    workspace = Workspace(str(request.output))
    with locked(workspace):
        check_claim(workspace, identity, replace=request.replace)
        earlier = finished_run(workspace, identity)
        if earlier is not None:
            return Result(earlier, workspace.path, nothing_to_do=True)
        write_claim(workspace, identity, request.base)
        store_key(workspace, config, key)
        remove_leftovers(workspace)
        session = Session(workspace, request.execution, progress)
        manifest = _Job(config, session, made, identity, key).run()
    return Result(manifest, workspace.path)


def prepare(request: Request) -> tuple[RunConfig, Plan, Identity, bytes]:
    """Check everything that can be checked before something is written.

    Returns:
        The configuration with absolute model paths, the plan, the identity of the
        run and its secret key.

    Raises:
        RefuseError: Something must be changed first.
    """
    check_config(request.config, request.verb, request.execution.arguments)
    encode = with_absolute_paths(request.config.encode, request.base)
    config = request.config
    if encode != config.encode:
        config = config.model_copy(update={"encode": encode})
    workspace = Workspace(str(request.output))
    key = find_key(workspace, config)
    made = plan(config, request.base)
    identity = Identity.of(config, request.verb, made, key)
    check_claim(workspace, identity, replace=request.replace)
    return config, made, identity, key


class _Job:
    """One attempt at a run; holds what passes hand to each other."""

    def __init__(
        self,
        config: RunConfig,
        session: Session,
        made: Plan,
        identity: Identity,
        key: bytes,
    ) -> None:
        self.config = config
        self.session = session
        self.workspace = session.workspace
        self.plan = made
        self.identity = identity
        self.writes_text = identity.verb != "audit"
        self.encodes = identity.verb in {"run", "encode"}
        self.code = code_fingerprint()
        self.shard_ids = [shard.shard_id for shard in made.shards]
        self.surveys: dict[str, Commit] = {}
        self.places: list[matching.Extent] = []
        self.settings = CleanSettings(
            pii=self.config.pii,
            key=key,
            seed=self.config.seed,
            models=identity.detector_hashes(),
        )

    def run(self) -> Manifest:
        """All passes in order."""
        self._survey()
        resolved, cleans = self._settle()
        encodes = self._encode(cleans)
        accounts = [
            ShardAccount(shard, self.surveys[i], cleans[i], encodes.get(i))
            for i, shard in zip(self.shard_ids, self.plan.shards, strict=True)
        ]
        return close(
            Closing(
                config=self.config,
                session=self.session,
                plan=self.plan,
                identity=self.identity,
                accounts=accounts,
                resolved=resolved,
            )
        )

    def _settle(self) -> tuple[Commit, dict[str, Commit]]:
        """Resolve and clean until no document was dropped for one that is lost.

        A document that its scan sends to quarantine cannot stay for others, and texts
        equal to it would go the same way.
        """
        unscannable: set[int] = set()
        for _ in range(MOST_ROUNDS):
            resolved = self._resolve(sorted(unscannable))
            cleans = self._clean(resolved)
            lost = self._lost_keepers(cleans)
            if lost <= unscannable:
                return resolved, cleans
            LOGGER.warning(
                "%d documents could not be scanned; resolving again", len(lost)
            )
            unscannable |= lost | self._equal_to(lost)
        msg = (
            f"After {MOST_ROUNDS} rounds the PII scan still fails on documents that "
            "others were dropped for. Raise pii.max_seconds_per_document, or turn "
            "dedup.fuzzy off."
        )
        raise IsinglassError(msg)

    def _equal_to(self, lost: set[int]) -> set[int]:
        keeper = load_identified(self.workspace).exact_keeper
        return set(np.flatnonzero(np.isin(keeper, sorted(lost))).tolist())

    def _survey(self) -> None:
        work = SurveyWork(self.plan.layout, self.config.dedup)
        units = survey_units(
            self.plan.shards, self.plan.layout, self.config.dedup, self.code
        )
        self.surveys = run_pass(self.session, work, units, light=True)
        self.places = matching.extents(self.shard_ids, self.surveys)

    def _resolve(self, unscannable: Sequence[int]) -> Commit:
        dedup = self.config.dedup
        surveys = list(self.surveys.values())
        unit = rank_unit(self.shard_ids, surveys, dedup, unscannable, self.code)
        ranked = run_here(self.session, RankWork(dedup), unit)
        slices: list[Unit] = []
        verified: list[Commit] = []
        if dedup is not None and dedup.fuzzy:
            slices, verified = self._match(ranked)
        work = ResolveWork(
            tuple(self.places), tuple(slices), dedup, self.config.balance
        )
        unit = resolve_unit(
            [ranked, *verified, *surveys], dedup, self.config.balance, self.code
        )
        return run_here(self.session, work, unit)

    def _match(self, ranked: Commit) -> tuple[list[Unit], list[Commit]]:
        dedup = self.config.dedup
        assert dedup is not None
        surveys = list(self.surveys.values())
        documents = ranked.counts["records_in"]
        units = matching.bucket_units(documents, [ranked, *surveys], dedup, self.code)

        def build(pipeline: beam.Pipeline, pending: list[Unit]) -> object:
            return matching.build_match_pipeline(
                pipeline, pending, self.places, self.workspace, len(units)
            )

        work = matching.BucketWork()
        commits = run_pass(self.session, work, units, light=True, build=build)
        matching.check_entries(self.workspace, self.places, commits, dedup.bands)
        pairs = matching.load_pairs(self.workspace, units)
        return self._verify(pairs)

    def _verify(self, pairs: np.ndarray) -> tuple[list[Unit], list[Commit]]:
        dedup = self.config.dedup
        assert dedup is not None
        rank = load_identified(self.workspace).rank
        candidates = verifying.find_candidates(pairs, rank)
        verifying.save_candidates(self.workspace, candidates)
        shards = {shard.shard_id: shard for shard in self.plan.shards}
        shape = [dedup.ngram, self.code]
        shingles = verifying.shingle_units(
            shards, self.places, candidates, self.surveys, shape
        )
        work = verifying.ShingleWork(self.plan.layout, dedup.ngram)
        made = run_pass(self.session, work, shingles, light=True)
        store = verifying.open_store(
            self.workspace, shingles, self.places, candidates.places
        )
        upstream = digest([sorted(c.fingerprint for c in made.values()), self.code])
        slices = verifying.verify_units(candidates, store, upstream)
        compare = verifying.VerifyWork(
            self.workspace, tuple(shingles), tuple(self.places)
        )
        commits = run_pass(self.session, compare, slices, light=True)
        return slices, list(commits.values())

    def _clean(self, resolved: Commit) -> dict[str, Commit]:
        documents = sum(c.counts["documents"] for c in self.surveys.values())
        work = CleanWork(
            layout=self.plan.layout,
            settings=self.settings,
            write_text=self.writes_text,
            canary_share=canary_share(self.config, documents),
        )
        hashes = {output.path: output.sha256 for output in resolved.outputs}
        decisions = {
            shard_id: hashes[
                self.workspace.relative(decisions_path(self.workspace, shard_id))
            ]
            for shard_id in self.shard_ids
        }
        units = clean_units(self.plan.shards, self.surveys, decisions, work, self.code)
        light = self.config.pii is None
        return run_pass(self.session, work, units, light=light)

    def _lost_keepers(self, cleans: dict[str, Commit]) -> set[int]:
        """Documents that went to quarantine by their scan though decided to keep."""
        lost: set[int] = set()
        for place in self.places:
            counts = cleans[place.shard_id].counts
            failed = counts.get("quarantined.detector_error", 0)
            failed += counts.get("quarantined.detector_timeout", 0)
            if not failed:
                continue
            path = self.workspace.table("quarantine", place.shard_id)
            table = pq.read_table(path, columns=["doc_id", "reason"])
            ours = pc.starts_with(table["reason"], "detector_")
            lost |= self._indices(place, table.filter(ours)["doc_id"])
        return lost

    def _indices(self, place: matching.Extent, doc_ids: pa.ChunkedArray) -> set[int]:
        columns = ["doc_high", "doc_low"]
        survey = read_survey(self.workspace, [place.shard_id], columns)
        words = np.stack([survey[name].to_numpy() for name in columns], axis=1)
        found = pc.index_in(doc_ids, pa.chunked_array([format_doc_ids(words)]))
        return {place.start + index for index in found.to_pylist()}

    def _encode(self, cleans: dict[str, Commit]) -> dict[str, Commit]:
        config = self.config.encode
        if not self.encodes or config is None:
            return {}
        work = EncodeWork(config)
        hashes = [model.sha256 for model in self.identity.encoder_models]
        units = encode_units(self.shard_ids, cleans, config, hashes, self.code)
        return run_pass(self.session, work, units)

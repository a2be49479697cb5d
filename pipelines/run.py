"""The main job: plan, survey, match, verify, resolve, clean, encode, close."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from isinglass.pipelines.accounts import ShardAccount
from isinglass.pipelines.clean import CleanWork, Trimming, clean_units
from isinglass.pipelines.close import Closing, close
from isinglass.pipelines.decontaminate import EvaluationSets, read_sets, store_index
from isinglass.pipelines.encode.drive import encode_shards
from isinglass.pipelines.encode.units import with_absolute_paths
from isinglass.pipelines.engine.fingerprint import code_fingerprint
from isinglass.pipelines.engine.passes import HASHING, SLOW, Session, run_pass
from isinglass.pipelines.engine.side_tables import read_survey
from isinglass.pipelines.engine.workspace import Workspace, locked, remove_leftovers
from isinglass.pipelines.erase import Erasing, Erasure, read_erasure, store_erasure
from isinglass.pipelines.identity import (
    Identity,
    canary_share,
    find_key,
    finished_run,
    store_key,
)
from isinglass.pipelines.ownership import check_claim, write_claim
from isinglass.pipelines.plan import Plan, plan
from isinglass.pipelines.preflight import check_config
from isinglass.pipelines.repeats import measure_repeats
from isinglass.pipelines.semantic.drive import Semantic, find_clusters
from isinglass.pipelines.stages.dedup.decisions import Decisions
from isinglass.pipelines.stages.dedup.earlier_runs import EarlierRun, open_earlier
from isinglass.pipelines.stages.dedup.rank import load_identified
from isinglass.pipelines.stages.dedup.removals import stop_if_too_many
from isinglass.pipelines.stages.dedup.resolve import Evaluation, decision_hashes
from isinglass.pipelines.stages.pii.second_scan import scan_again
from isinglass.pipelines.survey import SurveyWork, survey_units
from isinglass.schemas.errors import IsinglassError, OutputError
from isinglass.transforms.pii.plugins.value_files import with_absolute_files
from isinglass.transforms.read.identity import format_doc_ids
from isinglass.transforms.scan import CleanSettings
from isinglass.transforms.survey import SurveySettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.pipelines.engine.progress import Progress
    from isinglass.pipelines.engine.runner import Execution
    from isinglass.pipelines.engine.side_tables import Extent
    from isinglass.pipelines.identity import Verb
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
    prepared = prepare(request)
    identity = prepared.identity
    workspace = Workspace(str(request.output))
    with locked(workspace):
        check_claim(workspace, identity, replace=request.replace)
        earlier = finished_run(workspace, identity)
        if earlier is not None:
            return Result(earlier, workspace.path, nothing_to_do=True)
        write_claim(workspace, identity, request.base)
        store_key(workspace, prepared.config, prepared.key)
        remove_leftovers(workspace)
        session = Session(workspace, request.execution, progress)
        manifest = _Job(prepared, session).run()
    return Result(manifest, workspace.path)


@dataclass(frozen=True)
class Prepared:
    """All that can be known before something is written.

    Attributes:
        config: The configuration with absolute model paths.
        plan: Shards and inputs.
        identity: Which run this is.
        key: Its secret key.
        earlier: Runs that it is held against.
        sets: Evaluation sets that documents are searched for.
        erasure: What is erased on request.
    """

    config: RunConfig
    plan: Plan
    identity: Identity
    key: bytes = field(repr=False)
    earlier: tuple[EarlierRun, ...] = ()
    sets: EvaluationSets | None = None
    erasure: Erasure | None = None


def prepare(request: Request) -> Prepared:
    """Check everything that can be checked before something is written.

    Raises:
        RefuseError: Something must be changed first.
    """
    config = request.config
    if config.pii is not None:
        pii = with_absolute_files(config.pii, request.base)
        config = config.model_copy(update={"pii": pii})
    check_config(config, request.verb, request.execution.arguments)
    encode = with_absolute_paths(config.encode, request.base)
    if encode != config.encode:
        config = config.model_copy(update={"encode": encode})
    workspace = Workspace(str(request.output))
    key = find_key(workspace, config)
    made = plan(config, request.base)
    earlier = open_earlier(config.dedup, request.base)
    if any(Path(run.folder) == workspace.path for run in earlier):
        msg = "dedup.against names the output folder itself; choose another output."
        raise OutputError(msg)
    section = config.decontaminate
    sets = None if section is None else read_sets(section, request.base)
    erasure = read_erasure(config.erase, request.base)
    others = [
        [[run.run_id, run.seal] for run in earlier],
        sets and sets.identity,
        erasure and erasure.sha256,
    ]
    identity = Identity.of(config, request.verb, made, key, others)
    check_claim(workspace, identity, replace=request.replace)
    return Prepared(config, made, identity, key, earlier, sets, erasure)


class _Job:
    """One attempt at a run; holds what passes hand to each other."""

    def __init__(self, prepared: Prepared, session: Session) -> None:
        identity = prepared.identity
        self.config = prepared.config
        self.session = session
        self.workspace = session.workspace
        self.plan = prepared.plan
        self.identity = identity
        self.earlier = prepared.earlier
        self.sets, self.erasure = prepared.sets, prepared.erasure
        self.writes_text = identity.verb != "audit"
        self.encodes = identity.verb in {"run", "encode"}
        self.code = code_fingerprint()
        self.shard_ids = [shard.shard_id for shard in self.plan.shards]
        self.surveys: dict[str, Commit] = {}
        self.places: list[Extent] = []
        self.boilerplate: Commit | None = None
        self.erased: Commit | None = None
        self.settings = CleanSettings(
            pii=self.config.pii,
            key=prepared.key,
            seed=self.config.seed,
            models=identity.detector_hashes(),
            erases=prepared.erasure is not None,
        )

    def run(self) -> Manifest:
        """All passes in order."""
        self._survey()
        resolved, cleans = self._settle()
        self._measure_repeats(resolved)
        verb = self.identity.verb
        scan_again(self.session, cleans, self.config.pii, verb, self.code)
        encodes = self._encode(cleans)
        semantic = self._cluster(cleans, encodes)
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
                places=tuple(self.places),
                earlier=self.earlier,
                sets=self.sets,
                erasure=self.erasure,
                semantic=semantic,
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
        settings = SurveySettings(
            self.config.dedup, self.config.survey, self.config.decontaminate
        )
        index = None
        if self.sets is not None:
            index = store_index(self.session, self.sets, self.code)
        work = SurveyWork(
            self.plan.layout, settings, self.workspace if index is not None else None
        )
        units = survey_units(
            self.plan.shards, self.plan.layout, settings, self.code, index
        )
        speed = 2e7 if self.config.survey.detect_languages else 8e7
        self.surveys = run_pass(self.session, work, units, speed=speed)
        decisions = self._decisions()
        self.places = decisions.own
        self.boilerplate = decisions.find_boilerplate()
        if self.erasure is not None:
            surveys = list(self.surveys.values())
            self.erased = store_erasure(
                self.session, self.erasure, self.places, surveys, self.code
            )

    def _decisions(self) -> Decisions:
        sets = self.sets
        return Decisions(
            session=self.session,
            config=self.config,
            plan=self.plan,
            surveys=self.surveys,
            earlier=self.earlier,
            evaluation=None if sets is None else Evaluation(sets.names, sets.rule),
            code=self.code,
            erased=self.erased,
        )

    def _resolve(self, unscannable: Sequence[int]) -> Commit:
        resolved = self._decisions().make(unscannable, self.boilerplate)
        if self.writes_text:
            stop_if_too_many(self.workspace, self.places, self.config.dedup)
        return resolved

    def _clean(self, resolved: Commit) -> dict[str, Commit]:
        documents = sum(c.counts["documents"] for c in self.surveys.values())
        work = CleanWork(
            layout=self.plan.layout,
            settings=self.settings,
            write_text=self.writes_text,
            canary_share=canary_share(self.config, documents),
            trimming=Trimming.of(self.workspace, self.config.dedup, self.boilerplate),
            erasing=Erasing.of(self.workspace, self.erased),
        )
        decisions = decision_hashes(self.workspace, resolved, self.shard_ids)
        units = clean_units(self.plan.shards, self.surveys, decisions, work, self.code)
        pii = self.config.pii
        speed = HASHING
        if pii is not None:
            speed = 5e6 if pii.mode == "identifiers" else SLOW
        return run_pass(self.session, work, units, speed=speed)

    def _measure_repeats(self, resolved: Commit) -> None:
        dedup = self.config.dedup
        if dedup is not None:
            measure_repeats(
                self.session,
                self.plan,
                self.surveys,
                resolved,
                dedup,
                self.config.seed,
                self.code,
            )

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

    def _indices(self, place: Extent, doc_ids: pa.ChunkedArray) -> set[int]:
        columns = ["doc_high", "doc_low"]
        survey = read_survey(self.workspace, [place], columns)
        words = np.stack([survey[name].to_numpy() for name in columns], axis=1)
        found = pc.index_in(doc_ids, pa.chunked_array([format_doc_ids(words)]))
        return {place.start + index for index in found.to_pylist()}

    def _encode(self, cleans: dict[str, Commit]) -> dict[str, Commit]:
        config = self.config.encode
        if not self.encodes or config is None:
            return {}
        hashes = [model.sha256 for model in self.identity.encoder_models]
        return encode_shards(
            self.session, self.shard_ids, cleans, config, (hashes, self.code)
        )

    def _cluster(
        self, cleans: dict[str, Commit], encodes: dict[str, Commit]
    ) -> Semantic | None:
        config = self.config.encode
        if not encodes or config is None or config.semantic is None:
            return None
        identity = (self.config.seed, self.code)
        return find_clusters(self.session, config.semantic, cleans, encodes, identity)

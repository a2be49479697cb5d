"""The corridor: plan, survey, decide, clean, after, close. It knows no capability."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from isinglass.pipelines.changed_inputs import (
    check_inputs,
    finished_with,
    note_inputs,
    taken,
)
from isinglass.pipelines.clean import CLEAN, CleanWork, clean_units
from isinglass.pipelines.close import Finished, close
from isinglass.pipelines.decide import Decided, decide
from isinglass.pipelines.engine.mapped_tables import (
    SURVEY,
    decision_hashes,
    decisions_path,
    extents,
    id_words,
    read_mapped,
    read_survey,
    survey_ids,
)
from isinglass.pipelines.engine.passes import Session, run_pass
from isinglass.pipelines.engine.progress import busy, was_cut_off
from isinglass.pipelines.engine.runner import Execution, check_beam
from isinglass.pipelines.engine.workspace import (
    Workspace,
    locked,
    read_table,
    remove_leftovers,
)
from isinglass.pipelines.gates import check_gates
from isinglass.pipelines.identity import Identity, finished_run
from isinglass.pipelines.outside import is_outside, load_stages
from isinglass.pipelines.ownership import check_claim, write_claim
from isinglass.pipelines.plan import Plan, plan
from isinglass.pipelines.returned import blamed, check_declared
from isinglass.pipelines.review.marks import marks_of
from isinglass.pipelines.second_try import deadly_files, prepare_second_try
from isinglass.pipelines.stage import HASHING, After, Driver, Site, Stage, Verb
from isinglass.pipelines.stages import STAGES, in_order
from isinglass.pipelines.survey import SurveyWork, survey_units
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import (
    ConfigError,
    IsinglassError,
    OutputError,
    WorkerDiedError,
)
from isinglass.schemas.manifest import Manifest

if TYPE_CHECKING:
    from rich.console import Console


LOGGER = logging.getLogger(__name__)
MOST_ROUNDS = 25
DETECTING = 2e7
"""Bytes a CPU second, roughly, of a survey that looks at languages."""


@dataclass(frozen=True)
class Request:
    """What a person asked for; relative paths of the configuration start from `base`.

    `replace` allows a run in the output folder to be redone that had another
    configuration, or other inputs.
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
            raise OutputError(
                f"output: {self.config.output!r} is not a usable folder name."
            ) from None


@dataclass(frozen=True)
class Result:
    """What a request led to; with nothing to do, the manifest is the earlier one.

    `outside` are stages of somebody else's, which have a word in what is printed.
    """

    manifest: Manifest
    folder: Path
    nothing_to_do: bool = False
    outside: tuple[Stage, ...] = ()


def execute(request: Request, console: Console) -> Result:
    """Carry out a request from planning to the sealed run folder.

    The console shows progress: live on a terminal, else the log does.

    Raises:
        IsinglassError: Of the class that says how to react; see `schemas.errors`.
    """
    with busy(console, "planning"):
        prepared = prepare(request)
    identity = prepared.identity
    outside = tuple(stage for stage in prepared.stages if is_outside(stage))
    workspace = Workspace(str(request.output))
    with locked(workspace):
        _check_folder(request, workspace, identity, prepared.plan)
        earlier = finished_run(workspace, identity)
        if earlier is not None:
            return Result(earlier, workspace.path, nothing_to_do=True, outside=outside)
        inputs = note_inputs(finished_with(workspace), taken(prepared.plan.inputs))
        write_claim(workspace, identity, request.base, inputs)
        remove_leftovers(workspace)
        execution = request.execution
        if prepared.config.stages:
            execution = replace(execution, stage_path=str(request.base.resolve()))
        if execution.config.mode == "auto" and was_cut_off(workspace):
            # A fault that ended this process the last time ends a worker now.
            beam = execution.config.model_copy(update={"mode": "multi_processing"})
            execution = replace(execution, config=beam)
        session = Session(
            workspace, execution, console, passes_of(prepared.stages, request.verb)
        )
        try:
            manifest = Job(prepared, session).run()
        except WorkerDiedError as death:
            prepare_second_try(workspace, prepared.plan, death)
            manifest = None
        finally:
            session.live.close()
    if manifest is None:
        return execute(request, console)
    return Result(manifest, workspace.path, outside=outside)


@dataclass(frozen=True)
class Prepared:
    """All that can be known before something is written; stages that are on."""

    config: RunConfig
    plan: Plan
    identity: Identity
    stages: tuple[Stage, ...]


def prepare(request: Request) -> Prepared:
    """Check everything that can be checked before something is written."""
    config, verb = request.config, request.verb
    outside = load_stages(config.stages, request.base)
    check_beam(config.beam, request.execution.arguments)
    gates = check_gates(config, (*STAGES, *outside), request.base)
    for kind in STAGES:
        if kind.verb == verb and kind.of(config) is None:
            section = f"`{kind.name}` section; add `{kind.name}: {{}}`."
            raise ConfigError(f"{verb}: the configuration has no {section}")
    workspace = Workspace(str(request.output))
    site = Site(config, verb, request.base, workspace)
    stages = []
    for stage in in_order(config, outside):
        with blamed(stage, "prepare"):
            stages.append(stage.prepare(site))
    made = plan(config, request.base, deadly_files(workspace))
    changes = {name: part for one in stages for name, part in one.resolved().items()}
    config = config.model_copy(update=changes | {"gates": gates})
    config, marks = marks_of(config, request.base)
    for stage in stages:
        check_declared(stage, made.layout.carried)
    identity = Identity.of(config, verb, made, stages, marks)
    _check_folder(request, workspace, identity, made)
    return Prepared(config, made, identity, tuple(stages))


def passes_of(stages: Sequence[Stage], verb: Verb) -> tuple[str, ...]:
    """Names of the passes over units that a run makes, in their order."""
    heard = sorted(stages, key=lambda stage: not stage.early)
    decide = [name for stage in heard for name in stage.passes(verb, "decide")]
    after = [name for stage in stages for name in stage.passes(verb, "after")]
    return SURVEY, *decide, CLEAN, *after


def _check_folder(
    request: Request, workspace: Workspace, identity: Identity, made: Plan
) -> None:
    """Refuse what would destroy a result that nobody gave up."""
    check_claim(workspace, identity, replace=request.replace)
    if not request.replace:
        check_inputs(workspace, taken(made.inputs))


class Job:
    """One attempt at a run; holds what passes hand to each other."""

    def __init__(self, prepared: Prepared, session: Session) -> None:
        self.identity = identity = prepared.identity
        self.stages = prepared.stages
        plan, config = prepared.plan, prepared.config
        self.driver = Driver(session, plan, config, identity.verb, identity.code)

    def run(self) -> Manifest:
        """All passes in order, and what closes them."""
        finished = self.passes()
        with busy(self.driver.session.console, "closing"):
            return close(finished)

    def passes(self) -> Finished:
        """All passes in order."""
        self._survey()
        decided, cleans = self._settle()
        self.driver = replace(self.driver, resolved=decided.resolved)
        for stage in self.stages:
            after: dict[str, After] = dict(self.driver.after)
            with blamed(stage, "after"):
                after[stage.name] = stage.after(self.driver, cleans)
            self.driver = replace(self.driver, after=after)
        verdicts = decided.verdicts
        return Finished(self.driver, self.identity, self.stages, cleans, verdicts)

    def _survey(self) -> None:
        driver, config = self.driver, self.driver.config
        upstream = [one for stage in self.stages for one in stage.begin(driver)]
        layout, workspace = driver.plan.layout, driver.workspace
        detects = config.survey.detect_languages
        work = SurveyWork(layout, self.stages, workspace, config.normalise, detects)
        units = survey_units(driver, work, upstream)
        speed = DETECTING if detects else HASHING
        surveys = run_pass(driver.session, work, units, speed=speed)
        places = tuple(extents(driver.shard_ids, surveys))
        self.driver = replace(driver, surveys=surveys, places=places)
        self.stages = tuple(stage.ready(self.driver) for stage in self.stages)

    def _settle(self) -> tuple[Decided, dict[str, Commit]]:
        """Decide and clean until no document was dropped for one that is lost.

        A document that its scan sends to quarantine cannot stay for others, and texts
        equal to it would go the same way.
        """
        closed: set[int] = set()
        for _ in range(MOST_ROUNDS):
            decided = decide(self.driver, self.stages, sorted(closed))
            if self.driver.writes_text:
                for stage in self.stages:
                    stage.guard(self.driver)
            cleans = self._clean(decided)
            lost = self._lost(cleans)
            if lost <= closed:
                return decided, cleans
            LOGGER.warning(
                "%d documents could not be scanned; resolving again", len(lost)
            )
            closed |= lost | self._equal_to(lost)
        raise IsinglassError(
            f"After {MOST_ROUNDS} rounds a stage still fails on documents that others "
            "were dropped for. Raise pii.max_seconds_per_document, turn dedup.fuzzy "
            "off, or look at a stage of your own that quarantines."
        )

    def _clean(self, decided: Decided) -> dict[str, Commit]:
        driver = self.driver
        layout, workspace = driver.plan.layout, driver.workspace
        work = CleanWork(layout, self.stages, workspace, driver.writes_text)
        hashes = decision_hashes(workspace, decided.resolved, driver.shard_ids)
        units = clean_units(driver, work, hashes, decided.leaves)
        speed = min([HASHING, *(stage.speed() for stage in self.stages)])
        return run_pass(driver.session, work, units, speed=speed)

    def _lost(self, cleans: Mapping[str, Commit]) -> set[int]:
        """Documents that went to quarantine by their scan though decided to keep."""
        lost: set[int] = set()
        workspace = self.driver.workspace
        for place in self.driver.places:
            decisions = read_mapped(decisions_path(workspace, place.shard_id))
            kept = pc.equal(decisions["outcome"], "kept")
            written = cleans[place.shard_id].counts.get("kept", 0)
            if written == (pc.sum(kept).as_py() or 0):
                continue
            path = workspace.table("quarantine", place.shard_id)
            held = read_table(path, ["doc_id"])["doc_id"]
            found = pc.is_in(survey_ids(workspace, [place]), value_set=held)
            rows = np.flatnonzero(pc.and_(found, kept).to_numpy(zero_copy_only=False))
            lost |= set((place.start + rows).tolist())
        return lost

    def _equal_to(self, lost: set[int]) -> set[int]:
        """Documents whose normalised text is that of a lost one."""
        columns = ("hash_high", "hash_low")
        survey = read_survey(self.driver.workspace, self.driver.places, columns)
        pairs = id_words(survey, "hash").view("u8,u8").reshape(-1)
        same = np.isin(pairs, pairs[sorted(lost)])
        return set(np.flatnonzero(same).tolist())

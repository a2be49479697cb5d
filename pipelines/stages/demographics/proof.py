"""Mentions of a finished run, counted again from what the survey left in `work/`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from isinglass import __version__
from isinglass.pipelines.engine.mapped_tables import (
    WORDS,
    decisions_path,
    read_mapped,
    survey_path,
)
from isinglass.pipelines.engine.workspace import Workspace, exists
from isinglass.pipelines.proof.check import Check, FinishedRun, conclude
from isinglass.pipelines.proof.rows import differing
from isinglass.pipelines.stages.demographics.judged import Judged
from isinglass.pipelines.stages.demographics.kept import kept_documents, kept_statistics
from isinglass.pipelines.stages.demographics.leaning import leaning_words
from isinglass.pipelines.stages.demographics.terms import TermMarks, term_summaries
from isinglass.schemas.demographics import DemographicsSummary, TermSummary
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.demographics.lexicon import Lexicons, load_lexicons
from isinglass.transforms.demographics.places import JUDGED

NAME = "demographics"
METRICS = frozenset(
    {
        "lexicon.coverage",
        "axis.coverage",
        "group.document_share",
        "group.mention_share",
        "group.mentions_per_thousand_words",
        "group.concentration",
    }
)
_OF_DATA = [
    name
    for name in DemographicsSummary.model_fields
    if name not in ("terms", "rules", "vetoes", "marks_sha256")
]
"""What the manifest tells of a sample of `data/`."""


def prove(run: FinishedRun) -> list[Check]:
    """Statistics, terms and what stands beside groups are what the run holds.

    Mentions are of texts as they came in, so the survey is asked for them, which stays
    in `work/`; what stands beside groups is counted in `data/`.
    """
    told = run.manifest.demographics
    if not run.config.survey.count_mentions:
        faults = differing(run, METRICS, [])
        if told is not None:
            faults.append("the manifest tells of mentions, which were not counted")
        return [conclude(NAME, faults, "")] if faults else []
    lexicons = counted_by(run)
    if isinstance(lexicons, str):
        return [Check(NAME, "skipped", lexicons)]
    if told is None:
        return [conclude(NAME, ["the manifest tells of no mentions"], "")]
    workspace, shards = Workspace(str(run.folder)), run.shards()
    kept = kept_documents(workspace, shards)
    again = kept_statistics(kept, lexicons)
    faults = differing(run, METRICS, again)
    marks = _marks(run, told)
    own = load_lexicons(run.config.demographics, marks.sure(lexicons))
    judged = Judged.of(workspace, shards, marks)
    terms = term_summaries(judged, own, marks)
    faults += _term_faults(told.terms, terms)
    if told.vetoes != judged.vetoes_of(own):
        faults.append("demographics.vetoes does not follow from the survey")
    unmarked = {"right", "wrong"} if marks.sha256 and not marks.places else set()
    rules = (told.rules, judged.rules())
    theirs, ours = ([one.model_dump(exclude=unmarked) for one in r] for r in rules)
    if theirs != ours:
        faults.append("demographics.rules does not follow from the survey")
    if run.paths("data"):
        faults += _beside_faults(run, told, own)
    seen = f"{len(again):,} statistics, {len(terms):,} terms"
    return [conclude(NAME, faults, seen)]


def counted_by(run: FinishedRun) -> Lexicons | str:
    """The lexicons of a run whose survey is there, or why nothing can be counted."""
    if run.manifest.isinglass_version != __version__:
        return f"version {run.manifest.isinglass_version} counted by rules of its own"
    workspace = Workspace(str(run.folder))
    for shard in run.shards():
        why = _unfit(survey_path(workspace, shard), decisions_path(workspace, shard))
        if why:
            return why
    try:
        lexicons = load_lexicons(run.config.demographics)
    except ConfigError as error:
        return str(error).rstrip(".")
    told = {entry.sha256 for entry in run.manifest.lexicons}
    if not told.issuperset(entry.sha256 for entry in lexicons.entries):
        return "the lexicons changed since the run"
    return lexicons


def _unfit(survey: Path, decisions: Path) -> str:
    """Why the tables of a shard, which no seal holds, are not to be counted by."""
    for path in (survey, decisions):
        if not exists(path):
            return f"work/{path.parent.name}/{path.name} was removed"
    try:
        first, second = read_mapped(survey, [*WORDS, JUDGED]), read_mapped(decisions)
    except (pa.ArrowException, OSError, KeyError):
        return f"work/{survey.parent.name}/{survey.name} cannot be read"
    if len(first) != len(second):
        return f"work/{survey.parent.name}/{survey.name} is of another run"
    return ""


def _marks(run: FinishedRun, told: DemographicsSummary) -> TermMarks:
    """The marks that terms are sure by; as they are told if the file is not at hand."""
    path = run.config.demographics.marks
    if path is None:
        return TermMarks()
    try:
        marks = TermMarks.read(Path(path))
    except ConfigError:
        marks = TermMarks()
    if marks.sha256 == told.marks_sha256:
        return marks
    labels = {_label(term): term for term in told.terms}
    return TermMarks(
        told.marks_sha256 or "",
        {label: (term.right, term.wrong) for label, term in labels.items()},
        {label: term.not_counted for label, term in labels.items()},
    )


def _label(term: TermSummary) -> str:
    return f"{term.language}/{term.axis}/{term.group}/{term.term}"


def _term_faults(
    told: Sequence[TermSummary], again: Sequence[TermSummary]
) -> Iterator[str]:
    """Terms of the manifest that are not as they are counted."""
    theirs, ours = ({_label(one): one for one in some} for some in (told, again))
    if len(theirs) < len(told):
        yield "demographics.terms has a term twice"
    for label in sorted(theirs.keys() | ours.keys()):
        left, right = (some.get(label) for some in (theirs, ours))
        if left is None or right is None:
            yield f"demographics.terms: {label} is {'not ' * (left is None)}told"
            continue
        for name, value in right:
            given: Any = getattr(left, name)
            if given != value:
                yield f"demographics.terms: {name} of {label} is {value}, not {given}"


def _beside_faults(
    run: FinishedRun, told: DemographicsSummary, lexicons: Lexicons
) -> Iterator[str]:
    """Words, shares and pairs of the sample, made again from `data/`."""
    again = leaning_words(Workspace(str(run.folder)), run.shards(), lexicons)
    for name in _OF_DATA:
        ours = getattr(again, name)
        if name == "together" and not run.config.demographics.intersections:
            ours = []
        if getattr(told, name) != ours:
            yield f"demographics.{name} does not follow from data/"

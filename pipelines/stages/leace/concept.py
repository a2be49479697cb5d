"""What is erased: the groups of an axis, and which rows of vectors mention them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.mapped_tables import (
    decisions_path,
    read_mapped,
    survey_path,
)
from isinglass.pipelines.stages.demographics.kept import COUNTS, lexicons_of
from isinglass.schemas.arrays import Flags, Integers
from isinglass.schemas.config import RunConfig
from isinglass.schemas.config.encode import EraseConceptConfig
from isinglass.schemas.config.explain import hint
from isinglass.schemas.errors import ConfigError, InputError
from isinglass.transforms.demographics.counts import read_mentions

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Driver

LEAST_ROWS = 10
"""Rows that mention a group, and rows that do not, from which on it is erased: the
direction of fewer is that of these documents, and not of the group."""

_KEY = "encode.erase_concept"


@dataclass(frozen=True)
class Concept:
    """Groups of an axis, and their columns among the counts of all groups."""

    axis: str
    groups: tuple[str, ...]
    columns: tuple[int, ...]


def concept_of(
    config: EraseConceptConfig, run: RunConfig, base: Path = Path()
) -> Concept:
    """Look the groups up in the lexicons of a run; its paths start from `base`.

    Raises:
        ConfigError: Mentions are not counted, or not those of the axis or of a group;
            or there is one group alone.
    """
    if not run.survey.count_mentions:
        raise ConfigError(f"{_KEY} needs survey.count_mentions: true.")
    lexicons = lexicons_of(run, base)
    counted = {axis for axis, _ in lexicons.groups}
    if config.axis not in counted:
        said = hint(config.axis, sorted(counted))
        why = f"{_KEY}.axis: no mentions of {config.axis} are counted; {said}"
        if run.demographics.axes:
            why += " demographics.axes names the axes that are."
        raise ConfigError(why)
    of_axis = {
        name: i for i, (a, name) in enumerate(lexicons.groups) if a == config.axis
    }
    for group in config.groups:
        if group not in of_axis:
            said = hint(group, sorted(of_axis))
            raise ConfigError(f"{_KEY}.groups: {config.axis} has no {group}; {said}")
    groups = tuple(dict.fromkeys(config.groups or lexicons.comparable(config.axis)))
    if len(groups) == 1:
        raise ConfigError(
            f"{_KEY}: {groups[0]} is the only group of {config.axis} that is asked "
            f"for. Name several of {', '.join(of_axis)} in {_KEY}.groups."
        )
    return Concept(config.axis, groups, tuple(of_axis[group] for group in groups))


def usable(rows: Integers, of: int) -> Flags:
    """Whether groups that so many of all rows mention can be erased."""
    return np.asarray((rows >= LEAST_ROWS) & (of - rows >= LEAST_ROWS))


def _labels(survey: pa.Table, concept: Concept) -> tuple[Flags, Flags]:
    mentions = read_mentions(survey)
    return mentions.dense(concept.columns, firm=True) > 0, mentions.covered


def check_mentions(driver: Driver, concept: Concept) -> None:
    """Refuse a concept that the documents which stay do not hold.

    Raises:
        InputError: Fewer than two groups are mentioned often enough.
    """
    documents, counts = 0, np.zeros(len(concept.groups), np.int64)
    for shard in driver.shard_ids:
        survey = read_mapped(survey_path(driver.workspace, shard), COUNTS)
        decisions = read_mapped(decisions_path(driver.workspace, shard), ["outcome"])
        kept = pc.equal(decisions["outcome"], "kept").to_numpy()
        labels, covered = _labels(survey, concept)
        documents += int((kept & covered).sum())
        counts += labels[kept & covered].sum(axis=0)
    if usable(counts, documents).sum() < 2:  # noqa: PLR2004 - else there is nothing to tell
        raise InputError(_too_few(concept, counts.tolist(), documents))


def _too_few(concept: Concept, counts: Sequence[int], documents: int) -> str:
    told = ", ".join(
        f"{group} in {count:,}"
        for group, count in zip(concept.groups, counts, strict=True)
    )
    return (
        f"{_KEY}: there is nothing of {concept.axis} to erase. Of {documents:,} kept "
        f"documents in languages with a lexicon, these mention a group: {told}. At "
        f"least two groups must be mentioned in {LEAST_ROWS} documents each, and not "
        f"in {LEAST_ROWS}. Choose another axis, other groups, or leave {_KEY} out."
    )

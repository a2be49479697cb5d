"""One room for each capability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from isinglass.pipelines.stages.balance.stage import Balance
from isinglass.pipelines.stages.boilerplate.stage import Boilerplate
from isinglass.pipelines.stages.decontaminate.stage import Decontaminate
from isinglass.pipelines.stages.dedup.stage import Dedup
from isinglass.pipelines.stages.demographics.stage import Demographics
from isinglass.pipelines.stages.encode.stage import Encode
from isinglass.pipelines.stages.erase.stage import Erase
from isinglass.pipelines.stages.leace.stage import Leace
from isinglass.pipelines.stages.pii.stage import Pii
from isinglass.pipelines.stages.repeats.stage import Repeats
from isinglass.pipelines.stages.retention.stage import Retention
from isinglass.pipelines.stages.semantic.stage import Semantic
from isinglass.schemas.config import RunConfig

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Stage

STAGES: tuple[type[Stage], ...] = (
    Erase,
    Boilerplate,
    Decontaminate,
    Dedup,
    Repeats,
    Pii,
    Demographics,
    Balance,
    Retention,
    Encode,
    Semantic,
    Leace,
)
"""The stages in the order in which they act. What drops documents stands before
deduplication, whose evidence is another document that must not go later."""


def in_order(config: RunConfig, outside: Sequence[Stage] = ()) -> list[Stage]:
    """The stages that a configuration asks for, in the order in which they act.

    Those from `outside` may drop documents, so they stand before deduplication.
    """
    found: list[Stage] = []
    for kind in STAGES:
        if kind is Dedup:
            found += outside
        stage = kind.of(config)
        if stage is not None:
            found.append(stage)
    return found

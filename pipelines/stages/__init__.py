"""One room for each capability."""

from __future__ import annotations

from isinglass.pipelines.stages.balance.stage import Balance
from isinglass.pipelines.stages.boilerplate.stage import Boilerplate
from isinglass.pipelines.stages.decontaminate.stage import Decontaminate
from isinglass.pipelines.stages.dedup.stage import Dedup
from isinglass.pipelines.stages.demographics.stage import Demographics
from isinglass.pipelines.stages.encode.stage import Encode
from isinglass.pipelines.stages.erase.stage import Erase
from isinglass.pipelines.stages.pii.stage import Pii
from isinglass.pipelines.stages.repeats.stage import Repeats
from isinglass.pipelines.stages.semantic.stage import Semantic

STAGES = (
    Erase,
    Boilerplate,
    Decontaminate,
    Dedup,
    Repeats,
    Pii,
    Demographics,
    Balance,
    Encode,
    Semantic,
)
"""The stages in the order in which they act. What drops documents stands before
deduplication, whose evidence is another document that must not go later."""

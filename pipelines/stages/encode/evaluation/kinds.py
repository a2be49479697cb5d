"""The kinds of tests of a model, in the order of the page: a line for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.stages.encode.evaluation.ceat import CEAT
from isinglass.pipelines.stages.encode.evaluation.crows_pairs import CROWS_PAIRS
from isinglass.pipelines.stages.encode.evaluation.probes import PROBES
from isinglass.pipelines.stages.encode.evaluation.seat import SEAT
from isinglass.pipelines.stages.encode.evaluation.stereoset import STEREOSET
from isinglass.pipelines.stages.encode.evaluation.weat import WEAT

if TYPE_CHECKING:
    from isinglass.pipelines.stages.encode.evaluation.kind import Kind

KINDS: tuple[Kind, ...] = (
    WEAT,
    SEAT,
    CEAT,
    CROWS_PAIRS,
    STEREOSET,
    PROBES,
)

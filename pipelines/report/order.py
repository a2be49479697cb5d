"""The stages in the order in which the report asks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.stages import STAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.pipelines.stage import Stage

    Asked = Stage | type[Stage]
    """A finished run needs no settings of a stage, so its class is as good."""


def in_order(further: Sequence[Asked]) -> list[Asked]:
    """Our own stages and further ones, by their place in the report."""
    return sorted((*STAGES, *further), key=lambda stage: stage.place)

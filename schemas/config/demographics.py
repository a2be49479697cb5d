"""The `demographics` section: whose mentions are counted, and by which lexicons."""

from __future__ import annotations

from pydantic import Field

from isinglass.schemas.config.base import Local, Section


class DemographicsConfig(Section):
    """Lexicons and axes; whether mentions are counted says `survey.count_mentions`."""

    axes: tuple[str, ...] = Field(
        (), description="Axes that are counted; all of the lexicons if none is named."
    )
    lexicons: tuple[Local, ...] = Field(
        (),
        description="Files of lexicons; an axis of one takes the place of the axis of "
        "the same name and language that comes with isinglass.",
    )
    marks: Local | None = Field(
        None,
        description="File that `isinglass review --mentions` keeps marks in. An "
        "ambiguous term whose mentions are right by it counts as one that is not.",
    )
    intersections: bool = Field(
        default=False,
        description="Tell which groups of different axes stand in one sentence, of "
        "sampled documents.",
    )

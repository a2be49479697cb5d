"""The `review` section: marks of a person, which give statistics."""

from __future__ import annotations

from pydantic import Field

from isinglass.schemas.config.base import Section


class ReviewConfig(Section):
    """What a person found when looking at a sample; see `docs/review.md`."""

    marks: str = Field(
        description="File that `isinglass review` keeps marks in. It gives the "
        "statistics `review.precision` and `review.recall`; no pass depends on it."
    )

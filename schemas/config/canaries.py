"""What is planted in copies of documents, by which a run measures what it misses."""

from __future__ import annotations

from pydantic import Field

from isinglass.schemas.config.base import Section


class CanaryConfig(Section):
    """How many documents are sampled for it."""

    half_width: float = Field(
        0.03,
        gt=0.0,
        le=0.5,
        description="Of the 95 % interval of the recall, where at least nine of ten "
        "are found. So many documents are sampled, or all there are.",
    )
    documents: int | None = Field(
        None, ge=0, description="About so many instead; 0 turns it off."
    )

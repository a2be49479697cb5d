"""The `retention` section: what the audit of who is lost looks at besides mentions."""

from __future__ import annotations

from pydantic import Field

from isinglass.schemas.config.base import Local, Section


class RetentionConfig(Section):
    """The audit of who is lost by cleaning; see `docs/retention.md`.

    Without the section it goes by mentions alone.
    """

    dialect: Local | None = Field(
        None,
        description="Model of African-American English (`twitteraae_model.tsv.gz`), by "
        "which documents that read like it are a group of their own, in sums alone.",
    )
    names: int = Field(
        0,
        ge=0,
        le=100,
        description="Names of each of a hundred countries that the model of names is "
        "shown, to see whose are replaced; 20 take about 15 seconds. 0 turns it off.",
    )

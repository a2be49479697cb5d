"""The `survey` section: what is measured of every document besides deduplication."""

from __future__ import annotations

from pydantic import Field

from isinglass.schemas.config.base import Section


class SurveyConfig(Section):
    """Measurements that cost time and that a plain deduplication does not need."""

    detect_languages: bool = Field(
        default=True,
        description="Detect the language of documents that do not name one; else it "
        "is `und`, and models that need a language are not used on them.",
    )
    count_mentions: bool = Field(
        default=True,
        description="Count demographic terms, by which the report says who was "
        "removed; `balance` needs it.",
    )

"""The `erase` section: documents and places that a request for erasure takes out."""

from __future__ import annotations

from pydantic import Field

from isinglass.schemas.config.base import Local, Section


class EraseConfig(Section):
    """Documents and spans that must not be in `data/`; `isinglass forget` writes it."""

    list: Local = Field(
        description="Parquet table with the columns of `audit/erasure.parquet`: what "
        "is to go, by doc_id and place, never by value."
    )

"""The `inputs` section: where documents come from and which columns they have."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isinglass.schemas.config.base import Section

Format = Literal["parquet", "jsonl", "csv", "text", "arrow"]


class Columns(Section):
    """Names of the input's columns for the fields that isinglass reads.

    Only `text` is required in the data. A field left at its default is read where
    the column is present; a field that the person mapped must be present.
    """

    text: str = Field("text", description="Column with the document text.")
    id: str | None = Field("id", description="Column with the source's own id.")
    source: str | None = Field("source", description="Column with the source name.")
    url: str | None = Field("url", description="Column with the address.")
    language: str | None = Field("language", description="Column with the language.")
    collected_at: str | None = Field(
        "collected_at", description="Column with the time of collection."
    )
    license: str | None = Field("license", description="Column with the licence.")
    synthetic_by: str | None = Field(
        "synthetic_by", description="Column that names the model of a synthetic text."
    )


class InputConfig(Section):
    """One input: files, a folder, a glob, a saved dataset or a hub dataset."""

    path: str = Field(
        description="File, folder, glob, saved `datasets` folder, or `hf:NAME`."
    )
    source: str = Field(
        "default",
        min_length=1,
        description="Source name: part of doc_id, and the value of `source` where "
        "the data has no source column.",
    )
    format: Format | None = Field(
        None, description="Force a format; by default the file name decides."
    )
    columns: Columns = Field(default_factory=Columns)
    split: str | None = Field(None, description="Split of a `datasets` input.")
    name: str | None = Field(None, description="Configuration name of `hf:NAME`.")
    data_files: str | None = Field(
        None, description="Data files for a packaged builder such as `hf:json`."
    )
    allow_download: bool = Field(
        default=False, description="Allow `hf:NAME` to be fetched from the hub."
    )

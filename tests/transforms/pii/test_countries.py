"""Numbers of countries that Presidio's recognizers find: next to a word, or by name.

All numbers are made up, or are published as specimens.
"""

from __future__ import annotations

import pyarrow as pa
import pytest

from isinglass.schemas.config.countries import presidio_kinds
from isinglass.schemas.config.kinds import known_kinds
from isinglass.schemas.config.pii import EntityConfig, PiiConfig
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.detector import build_detector
from isinglass.transforms.pii.plugins.presidio import all_classes


def found(config: PiiConfig, *texts: str) -> list[tuple[int, str, str]]:
    detector = build_detector(config)
    result = detector.detect(pa.array(texts), pa.array(["und"] * len(texts)))
    assert result.failures.num_rows == 0
    rows = result.findings.to_pylist()
    return [
        (r["row"], r["entity"], texts[r["row"]][r["start"] : r["end"]]) for r in rows
    ]


def one_country(code: str) -> PiiConfig:
    return PiiConfig(mode="identifiers", entities={}, countries=(code,))


CASES = [
    ("us", "Passport no. 481903327 was issued", "US_PASSPORT", "481903327"),
    ("us", "Passport number:\n481903327", "US_PASSPORT", "481903327"),
    ("us", "the passports of 481903327", "US_PASSPORT", "481903327"),
    ("us", "the US has 481903327 users", None, None),
    ("us", "passporting 481903327", None, None),
    ("us", "481903327 is a passport", None, None),
    ("us", f"passport {'- ' * 40}481903327", None, None),
    ("us", "driver license D4820193", "US_DRIVER_LICENSE", "D4820193"),
    ("us", "the printer driver D4820193", None, None),
    ("us", "account number 83920175", "US_BANK_NUMBER", "83920175"),
    ("us", "please check 83920175", None, None),
    ("uk", "Passport: AB4820193", "UK_PASSPORT", "AB4820193"),
    (
        *("gb", "driving licence of BAKER708201J99ZZ"),
        *("UK_DRIVING_LICENCE", "BAKER708201J99ZZ"),
    ),
    ("gb", "licence of BAKER708201J99ZZ", None, None),
    ("uk", "Registered address: Leeds LS9 4QX", "UK_POSTCODE", "LS9 4QX"),
    ("uk", "in Leeds LS9 4QX", None, None),
    ("de", "Reisepass C01X00T41", "DE_PASSPORT", "C01X00T41"),
    ("de", "Reise C01X00T41", None, None),
    ("de", "Handelsregister B, HRB 48201", "DE_HANDELSREGISTER", "HRB 48201"),
    ("de", "HRB 48201", None, None),
    ("de", "Die Stadt 48201", None, None),
    ("de", "F\u00dcHRERSCHEIN B482019370X", None, None),
    ("de", "F\u00dcHRERSCHEIN: BX48201937X", "DE_FUEHRERSCHEIN", "BX48201937X"),
    ("tr", "PLAKA NUMARASI 34 KLM 482", "TR_LICENSE_PLATE", "34 KLM 482"),
    ("tr", "on page 34 in 482", None, None),
    ("kr", "\uc5ec\uad8c M48201937", "KR_PASSPORT", "M48201937"),
    ("kr", "\uc5ec\uad8c\ubc88\ud638M48201937", "KR_PASSPORT", "M48201937"),
    ("kr", "model M48201937", None, None),
    ("za", "passport A48201937", "ZA_PASSPORT", "A48201937"),
    ("th", "Thai National ID 1101700230708", "TH_TNIN", "1101700230708"),
    ("th", "row 1101700230708", None, None),
    ("ph", "TIN: 482-019-372", "PH_TIN", "482-019-372"),
    ("ph", "TIN: 482-019-373", None, None),  # the check digit is wrong
    ("ng", "before the 144th day of registration", None, None),
    ("ng", "number plate KJA-482XB", "NG_VEHICLE_REGISTRATION", "KJA-482XB"),
]


@pytest.mark.parametrize(("code", "text", "entity", "value"), CASES)
def test_next_to_a_word(
    code: str, text: str, entity: str | None, value: str | None
) -> None:
    own = known_kinds()
    places = [hit for hit in found(one_country(code), text) if hit[1] not in own]
    expected = [(entity, value)] if entity else []
    # Passports of several countries are written alike.
    assert [(e, v) for _, e, v in places] == expected


def test_the_same_words_in_a_long_text_with_many_lines() -> None:
    """What stands far off, on other lines, or in other texts changes nothing."""
    hits = [(t, e, v) for c, t, e, v in CASES if c == "us" and e and v]
    filler = "Nothing to be seen here, on page 12 of 340.\n" * 40
    texts = [filler + text + "\n" + filler for text, _, _ in hits]
    expected = [(row, e, v) for row, (_, e, v) in enumerate(hits)]
    assert found(one_country("us"), *texts, filler) == expected


def test_several_on_the_lines_behind_one_word() -> None:
    text = "Passports:\n481903327\n481903328\n481903329"
    values = [value for _, _, value in found(one_country("us"), text)]
    assert values == ["481903327", "481903328", "481903329"]


@pytest.mark.parametrize(
    ("entity", "text", "value"),
    [
        ("DE_PLZ", "48201", "48201"),
        ("US_PASSPORT", "481903327", "481903327"),
        ("ZA_MOBILE_NUMBER", "call 082 123 4567", "082 123 4567"),
        ("KR_FRN", "911124-5678906", "911124-5678906"),
    ],
)
def test_by_name_each_match_counts(entity: str, text: str, value: str) -> None:
    config = PiiConfig(mode="identifiers", entities={entity: EntityConfig()})
    assert found(config, text) == [(0, entity, value)]


def test_one_of_ours_next_to_a_word_only() -> None:
    kinds = {"US_SSN": EntityConfig(needs_word=True)}
    config = PiiConfig(mode="identifiers", entities=kinds)
    texts = ("SSN 536-22-8726", "number 536-22-8726")
    assert found(config, *texts) == [(0, "US_SSN", "536-22-8726")]


def test_a_recognizer_of_the_user_next_to_a_word_only() -> None:
    pattern = {"entity": "STAFF", "name": "s", "regex": r"\bE-[a-z]+\b"}
    own = {"patterns": [pattern | {"context": ["staff"]}]}
    kinds = {"STAFF": {"needs_word": True}}
    given = {"mode": "identifiers", "entities": kinds, "recognizers": own}
    config = PiiConfig.model_validate(given)
    assert found(config, "staff E-abc", "E-abc") == [(0, "STAFF", "E-abc")]


@pytest.mark.parametrize("entity", ["PHONE_NUMBER", "SECRET"])
def test_a_kind_that_no_word_names_cannot_need_one(entity: str) -> None:
    kinds = {entity: EntityConfig(needs_word=True)}
    with pytest.raises(ConfigError, match=f"{entity}.needs_word: no word is known"):
        build_detector(PiiConfig(mode="identifiers", entities=kinds))


def test_telephone_numbers_of_a_country() -> None:
    text = "05321234567"
    phones = {"PHONE_NUMBER": EntityConfig(threshold=0.4)}
    plain = PiiConfig(mode="identifiers", entities=phones, phone_regions=("US",))
    assert found(plain, text) == []
    turkey = plain.model_dump() | {"countries": ["tr"]}
    hits = found(PiiConfig.model_validate(turkey), text)
    assert hits == [(0, "PHONE_NUMBER", "05321234567")]


def test_the_list_is_that_of_the_installed_presidio() -> None:
    made = [kind() for kind in all_classes().values() if kind.COUNTRY_CODE]
    known = {one.supported_entities[0]: one for one in made}
    assert known.keys() == presidio_kinds().keys()
    for entity, kind in presidio_kinds().items():
        one = known[entity]
        assert kind.country == one.COUNTRY_CODE
        scores = {pattern.score for pattern in getattr(one, "patterns", ())}
        assert set(kind.scores) == (scores or {0.4}), entity

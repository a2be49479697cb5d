from __future__ import annotations

import subprocess
import sys
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii.catalogue import load_catalogue
from isinglass.transforms.pii.operators.normalised import kind_of, normalised
from isinglass.transforms.pii.operators.replacement import value_key
from isinglass.transforms.pii.operators.surrogates import (
    catalogue_check,
    may_be_surrogate,
    surrogate,
)
from isinglass.transforms.pii.operators.surrogates.shape import Stream, shaped
from isinglass.transforms.pii.reserved import is_reserved

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY = b"a key for tests"
KINDS = (
    "EMAIL_ADDRESS",
    "PHONE_NUMBER",
    "IP_ADDRESS",
    "CREDIT_CARD",
    "IBAN_CODE",
    "US_SSN",
    "UK_NHS",
    "CRYPTO",
    "SECRET",
    "URL_CREDENTIALS",
    "PERSON",
    "LOCATION",
)


def fake(entity: str, value: str, key: bytes = KEY) -> str:
    return surrogate(entity, value, value_key(key, entity, value))


# Exact: later versions must make the same fakes of the same key.
EXACT = [
    ("EMAIL_ADDRESS", "J.doe+x9@acme.co.uk", "K.wwi+x5@example.com"),
    ("PHONE_NUMBER", "+1 (202) 555-0134", "+1 (797) 555-0106"),
    ("PHONE_NUMBER", "(202) 555-0134", "(592) 555-0175"),
    ("PHONE_NUMBER", "+44 (0)20 7946 0123", "+44 (0)29 2018 0783"),
    ("PHONE_NUMBER", "+33 6 12 34 56 78", "+33 6 39 98 68 21"),
    ("PHONE_NUMBER", "+61 2 5550 1234", "+61 2 5550 2672"),
    ("PHONE_NUMBER", "0049 30 1234567", "0049 00 0032824"),
    ("PHONE_NUMBER", "13912345678", "00007611935"),
    ("IP_ADDRESS", "8.8.8.8", "198.51.100.129"),
    ("IP_ADDRESS", "2606:4700::6810:84e5", "2001:db8::7977:c318:7936:2d54"),
    (
        "IP_ADDRESS",
        "2606:4700:0:0:0:0:6810:84E5",
        "2001:0DB8:0000:0000:7977:C318:7936:2D54",
    ),
    ("CREDIT_CARD", "4111 1111 1111 1111", "4311 6766 2938 1791"),
    ("CREDIT_CARD", "3782-822463-10005", "3726-907333-57197"),
    ("IBAN_CODE", "DE89 3704 0044 0532 0130 00", "DE01 8479 1997 8660 2398 86"),
    ("IBAN_CODE", "gb29nwbk60161331926819", "gb00qxpn09120567600156"),
    ("US_SSN", "123-45-6789", "000-53-4392"),
    ("UK_NHS", "943 476 5919", "351 034 7121"),
    (
        "CRYPTO",
        "1BitcoinEaterAddressDontSendf59kuE",
        "0VvihegcAqvayKfxxodkNzexCasob96ghE",
    ),
    ("SECRET", "ghp_abcdefghijklmnop1234", "ghp_wriwfoakbrqqtEXAMPLE"),
    ("SECRET", "hunter2", "EXAMPLE"),
    ("URL_CREDENTIALS", "https://bob:hunter2@host.org", "https://rdl:EXAMPLE@pcvu.chr"),
    ("PERSON", "John F. O'Brien-Smith", "Mopiqa R. F'Glomivex-Skoaslotazbek"),
    ("PERSON", "JOHN F. O'BRIEN-SMITH", "MOPIQA R. F'GLOMIVEX-SKOASLOTAZBEK"),
    ("PERSON", "李小明", "刷帆碟"),
    ("PERSON", "Иван Петров", "Люев Еэдфнз"),
    ("LOCATION", "12 High Street", "39 Ohtg Cjuuga"),
    ("LOCATION", "", ""),
    ("LOCATION", "🙂", "<LOCATION>"),
]


@pytest.mark.parametrize(("entity", "value", "expected"), EXACT)
def test_exact_fakes(entity: str, value: str, expected: str) -> None:
    assert fake(entity, value) == expected
    assert may_be_surrogate(entity, expected)


SPELLINGS = [
    ("EMAIL_ADDRESS", ("Jo.Doe@Acme.org", "JO.DOE@acme.org", "jo.doe@acme.org")),
    ("EMAIL_ADDRESS", ("straße@x.org", "STRASSE@x.org")),
    ("PHONE_NUMBER", ("+44 20 7946 0123", "+44-2079-460123", "(+44)2079460123")),
    ("CREDIT_CARD", ("4111 1111 1111 1111", "4111-1111-1111-1111")),
    ("IBAN_CODE", ("DE89 3704 0044 0532 0130 00", "de89370400440532013000")),
    ("US_SSN", ("123-45-6789", "123456789")),
    ("IP_ADDRESS", ("2606:4700::1", "2606:4700:0:0:0:0:0:1", "2606:4700::0001")),
    ("PERSON", ("Ann Lee", "ANN LEE", "ann  lee", "Ann\nLee")),
    ("PERSON", ("Jo Weiß", "JO WEISS")),
    ("PERSON", ("ɓala Ly", "Ɓala Ly")),
    ("ES_NIF", ("12345678-Z", "12345678z")),
]


@pytest.mark.parametrize(("entity", "values"), SPELLINGS)
def test_spellings_of_one_value_get_one_fake(
    entity: str, values: Sequence[str]
) -> None:
    fakes = [fake(entity, value) for value in values]
    assert len(set(fakes)) > 1 or len(values[0]) == len(values[-1])
    assert len({normalised(entity, one) for one in fakes}) == 1


@pytest.mark.parametrize("entity", KINDS)
def test_another_key_or_value_gives_another_fake(entity: str) -> None:
    values = [f"{n}{n}a4{n} 7b{n} 3{n}c 6{n}2{n}" for n in range(1, 9)]
    one = [fake(entity, value) for value in values]
    assert len({*one}) == len(values)
    assert not {*one} & {fake(entity, value, b"another key") for value in values}


@given(st.sampled_from(KINDS), st.text(max_size=40))
def test_any_text_has_a_fake_that_may_be_one(entity: str, value: str) -> None:
    own = fake(entity, value)
    assert own == fake(entity, value)
    assert may_be_surrogate(entity, own)
    assert bool(own) == bool(value)


CLASSES = (str.isdecimal, str.isupper, str.islower, str.isalpha)
SHAPED = ("UK_NHS", "CRYPTO", "LOCATION")


@given(
    st.sampled_from(SHAPED),
    st.text("aZéЖжΩω余한אあ7٣\uff17 -_.\u0301🙂", min_size=1, max_size=30),
)
def test_length_and_classes_stay(entity: str, value: str) -> None:
    own = fake(entity, value)
    # Marks that stand apart are a part of their letter, which another one replaces.
    value = unicodedata.normalize("NFC", value).replace("\u0301", "")
    if own == f"<{entity}>":
        assert not any(char.isalnum() for char in value)
        return
    assert len(own) == len(value)
    assert own != value
    for old, new in zip(value, own, strict=True):
        assert [kind(old) for kind in CLASSES] == [kind(new) for kind in CLASSES]
        assert old == new or old.isalpha() or old.isdecimal()


@given(
    st.sampled_from(("CREDIT_CARD", "IBAN_CODE", "US_SSN", "PHONE_NUMBER")),
    st.text("0123456789 -.()+", min_size=1, max_size=24),
)
def test_numbers_keep_length_and_punctuation(entity: str, value: str) -> None:
    own = fake(entity, value)
    if own == f"<{entity}>":
        assert not any(char.isdigit() for char in value)
        return
    assert len(own) == len(value)
    for old, new in zip(value, own, strict=True):
        assert new.isdigit() if old.isdigit() else new == old


@pytest.mark.parametrize(
    ("entity", "value"),
    [
        ("EMAIL_ADDRESS", "jo.doe@acme.org"),
        ("EMAIL_ADDRESS", "jo@example.org.acme.org"),
        ("EMAIL_ADDRESS", "jo@sub.example.org"),
        ("PHONE_NUMBER", "+1 202 555 0134"),
        ("PHONE_NUMBER", "+1 290 555 0234"),
        ("PHONE_NUMBER", "+44 1632 961123"),
        ("PHONE_NUMBER", "+44 1632 96012"),
        ("PHONE_NUMBER", "+49 30 1234567"),
        ("PHONE_NUMBER", "13912345678"),
        ("PHONE_NUMBER", "(202) 555-0134"),
        ("IP_ADDRESS", "192.0.3.1"),
        ("IP_ADDRESS", "2001:db9::1"),
        ("CREDIT_CARD", "4111 1111 1111 1111"),
        ("IBAN_CODE", "DE02 3704 0044 0532 0130 00"),
        ("US_SSN", "001-45-6789"),
        ("US_ITIN", "901-70-6789"),
        ("SECRET", "ghp_abcdefghijklmnop1234"),
    ],
)
def test_real_values_are_no_surrogates(entity: str, value: str) -> None:
    assert not may_be_surrogate(entity, value)
    assert may_be_surrogate(entity, fake(entity, value))


@pytest.mark.parametrize("entity", ["EMAIL_ADDRESS", "US_SSN", "SECRET"])
def test_fakes_are_reserved(entity: str) -> None:
    value = {"US_SSN": "912-13-4567"}.get(entity, "jo.doe@acme.org")
    assert not is_reserved(entity, value)
    assert is_reserved(entity, fake(entity, value))


def test_no_fake_passes_its_check() -> None:
    def last_digit(value: str) -> bool:
        return sum(map(int, value[:-1])) % 10 == int(value[-1])

    passed = 0
    for number in range(300):
        value, mark = f"{number:06}", f"{number:032x}"
        own = shaped("UK_NHS", value, Stream(mark), last_digit)
        assert not last_digit(own)
        passed += last_digit(shaped("UK_NHS", value, Stream(mark), lambda _: None))
    assert passed > 0


def test_a_check_that_takes_everything_ends() -> None:
    own = shaped("UK_NHS", "12", Stream("0" * 32), lambda _: True)
    assert own.isdigit()
    assert own != "12"


def test_wallets_and_national_ids_fail_the_checks_of_the_catalogue() -> None:
    check = catalogue_check("CRYPTO")
    assert check is not None
    wallet = "1BitcoinEaterAddressDontSendf59kuE"
    assert check(wallet)
    assert not check(fake("CRYPTO", wallet))
    assert not check("5")
    assert catalogue_check("OWN_KIND") is None


CHECKED = sorted(
    {
        entry.entity
        for entry in load_catalogue()
        if entry.check
        and kind_of(entry.entity) == "national"
        # These have a range of their own, which begins with 0.
        and entry.entity not in ("US_ITIN", "US_SSN")
    }
)


@pytest.mark.parametrize("entity", CHECKED)
def test_no_fake_of_a_national_id_is_one(entity: str) -> None:
    check = catalogue_check(entity)
    assert check is not None
    shapes = ("12345678", "123456789", "1234567890", "12345678901", "X1234567A")
    longer = ("123456789012", "1234567890123", "123456789012345", "123456789012345678")
    for value in (*shapes, *longer, "ABCDEF12G34H567I"):
        for number in range(40):
            fake_id = surrogate(entity, value, f"{number:032x}")
            assert not check(normalised(entity, fake_id)), fake_id


def test_other_processes_make_the_same_fakes() -> None:
    pairs = [(entity, value) for entity, value, _ in EXACT]
    code = (
        "from isinglass.transforms.pii.operators import replacement\n"
        "operate, value_key = replacement.operate, replacement.value_key\n"
        f"for e, v in {pairs!r}:\n"
        f"    print(ascii(operate('surrogate', e, v, value_key({KEY!r}, e, v))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [ascii(fake(e, v)) for e, v in pairs]


def test_a_stream_goes_on_and_is_even() -> None:
    stream = Stream("0" * 32)
    draws = [stream.below(10) for _ in range(1000)]
    assert draws == [int(d) for d in Stream("0" * 32).digits(1000)]
    assert draws != [int(d) for d in Stream("0" * 31 + "1").digits(1000)]
    assert all(70 < draws.count(digit) < 130 for digit in range(10))

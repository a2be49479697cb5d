"""Fakes of each kind against what their sources reserve."""

from __future__ import annotations

import ipaddress
import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config.pii import PiiConfig
from isinglass.transforms.pii.checks.iban import is_iban
from isinglass.transforms.pii.data import load_data
from isinglass.transforms.pii.operators.surrogates.credentials import fake_credential
from isinglass.transforms.pii.operators.surrogates.numbers import (
    fake_card,
    fake_iban,
)
from isinglass.transforms.pii.operators.surrogates.persons import fake_person
from isinglass.transforms.pii.operators.surrogates.phones import fake_phone
from isinglass.transforms.pii.operators.surrogates.ranges import (
    fake_address,
    fake_email,
    fake_number,
    is_fake_number,
    range_of,
)
from isinglass.transforms.pii.operators.surrogates.shape import Stream
from isinglass.transforms.pii.reserved import is_reserved

MARKS = st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}")
FICTIONAL = {
    "+1 202 555 0134": r"\+1 (?:[2-9]9\d|37\d|96\d) 555 01\d\d",
    "1 (202) 555-0134 2": None,
    "(202) 555-0134": r"\(59\d\) 555-01\d\d",
    "+44 20 7946 0123": r"\+44 (?:28 9649 6|29 2018 0)\d\d\d",
    "+44 7911 123456": r"\+44 7700 900\d\d\d",
    "+44 (0)1632 123456": r"\+44 \(0\)1(?:\d\d4 9[68]|632 96)0\d\d\d",
    "00441131234567": r"0044(?:1\d\d49[68]|163296)0\d{3}",
    "+33 6 12 34 56 78": r"\+33 6 39 98 \d\d \d\d",
    "+61 3 1234 5678": r"\+61 3 (?:5550|7010) \d{4}",
    # Of no plan: another length, another country, or no country at all.
    "+44 20 7946": r"\+44 00 00\d\d",
    "+49 30 1234567": r"\+49 00 00\d{5}",
    "020 7946 0123": r"000 0\d{3} \d{4}",
    "139 1234 5678": r"000 0\d{3} \d{4}",
    "\u0660\u0662\u0660 \u0667\u0669\u0664\u0666": "\u0660{3} \u0660[\u0660-\u0669]{3}",
}


@pytest.mark.parametrize("value", FICTIONAL)
def test_phones_are_kept_for_fiction_or_in_no_plan(value: str) -> None:
    wanted = FICTIONAL[value] or r"0 \(000\) \d{3}-\d{4} \d"
    fakes = [fake_phone(value, Stream(f"{n:032x}")) or "" for n in range(50)]
    assert all(re.fullmatch(wanted, one) for one in fakes)
    assert len(set(fakes)) > 1


@pytest.mark.parametrize("code", sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
def test_numbers_of_all_countries_are_invalid_or_fictional(code: int) -> None:
    if code == 888:
        pytest.skip("for offices of humanitarian aid; all of its numbers are valid")
    for length in range(5, 14):
        for number in range(3):
            value = f"+{code}" + "2" * length
            made = fake_phone(value, Stream(f"{number:032x}")) or ""
            assert len(made) == len(value)
            parsed = phonenumbers.parse(made)
            if phonenumbers.is_valid_number(parsed):
                assert is_reserved("PHONE_NUMBER", made), made


def test_numbers_without_country_are_invalid_at_home() -> None:
    regions = PiiConfig().phone_regions
    for number in range(40):
        for value in ("020 7946 0123", "13912345678", "0612345678", "4930123"):
            made = fake_phone(value, Stream(f"{number:032x}"))
            found = [
                region
                for region in regions
                if any(phonenumbers.PhoneNumberMatcher(made, region))
            ]
            assert found == [], made


@given(MARKS)
def test_addresses_are_in_the_blocks_for_documentation(mark: str) -> None:
    blocks = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    for value in ("8.8.8.8", "2606:4700::1"):
        made = fake_address(value, Stream(mark)) or ""
        address = ipaddress.ip_address(made)
        assert sum(address in ipaddress.ip_network(block) for block in blocks) == 1
        assert is_reserved("IP_ADDRESS", made)


@pytest.mark.parametrize(
    ("value", "tail"),
    [("8.8.8.8/24", "/24"), ("fe80::1%eth0", "%eth0"), ("8.8.8.8", "")],
)
def test_a_zone_or_prefix_length_stays(value: str, tail: str) -> None:
    made = fake_address(value, Stream("0" * 32)) or ""
    assert made.endswith(tail)
    assert (":" in made) == (":" in value)


@pytest.mark.parametrize("value", ["", "8.8.8", "999.8.8.8", "host", "8.8.8.8:80"])
def test_what_is_no_address_has_no_fake_here(value: str) -> None:
    assert fake_address(value, Stream("0" * 32)) is None


@given(
    MARKS,
    st.sampled_from(
        [
            ("4111 1111 1111 1111", "4"),
            ("5500-0000-0000-0004", "55"),
            ("378282246310005", "37"),
            ("6011111111111117", "6011"),
            ("30569309025904", "305"),
            ("9111 1111 1111 1111", "9"),
        ]
    ),
)
def test_cards_fail_luhn(mark: str, case: tuple[str, str]) -> None:
    value, issuer = case
    made = fake_card(value, Stream(mark)) or ""
    assert re.sub(r"\d", "#", made) == re.sub(r"\d", "#", value)
    digits = re.sub(r"\D", "", made)
    assert digits.startswith(issuer)
    total = sum(map(int, digits[-1::-2])) + sum(
        sum(map(int, str(2 * int(digit)))) for digit in digits[-2::-2]
    )
    assert total % 10 != 0


@given(MARKS, st.sampled_from(["DE89 3704 0044 0532 0130 00", "gb29nwbk6016"]))
def test_ibans_have_check_digits_that_are_none(mark: str, value: str) -> None:
    made = fake_iban(value, Stream(mark)) or ""
    assert made[:2] == value[:2]
    assert made[2:4] in ("00", "01")
    assert not is_iban(made)
    shapes = [re.sub(r"\d", "#", re.sub("[a-z]", "x", v)) for v in (made, value)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("value", ["", "DE", "DE8", "8937 0400", "D E-F9"])
def test_what_is_no_iban_has_no_fake_here(value: str) -> None:
    assert fake_iban(value, Stream("0" * 32)) is None


@given(MARKS)
def test_social_security_numbers_are_of_area_zero(mark: str) -> None:
    span = range_of("US_SSN")
    assert span is not None
    assert fake_number(span, "12345678", Stream(mark)) is None
    for value in ("123-45-6789", "123 45 6789", "123456789"):
        made = fake_number(span, value, Stream(mark)) or ""
        assert made.startswith("000")
        assert is_fake_number(span, made)
        assert not is_fake_number(span, value)
        assert re.sub(r"\d", "#", made) == re.sub(r"\d", "#", value)


@given(MARKS, st.text(min_size=1))
def test_emails_are_at_the_domains_for_examples(mark: str, local: str) -> None:
    made = fake_email(f"{local}@acme.org", Stream(mark)) or ""
    assert made.rpartition("@")[2] in {"example.com", "example.net", "example.org"}
    assert is_reserved("EMAIL_ADDRESS", made)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("Jo.Doe99@x.org", r"[A-Z][a-z]\.[A-Z][a-z][a-z]\d\d@example\.\w{3}"),
        ("a@b@x.org", r"[a-z]@[a-z]@example\.\w{3}"),
        ("jo_d-e+t@x", r"[a-z]{2}_[a-z]-[a-z]\+[a-z]@example\.\w{3}"),
        ("jo%40x.org", r"[a-z]{2}%40example\.\w{3}"),
        ("jo&#x40;x.org", r"[a-z]{2}&#x40;example\.\w{3}"),
    ],
)
def test_local_parts_keep_their_shape(value: str, shape: str) -> None:
    assert re.fullmatch(shape, fake_email(value, Stream("0" * 32)) or "")


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("sk-abcdefgh1234", r"sk-[a-z]\w{4}|sk-[a-z]{5}EXAMPLE"),
        ("sk_live_abcdefgh12", r"sk_live_[a-z]{3}EXAMPLE"),
        ("AKIAIOSFODNN7ABCDEFG", r"AKIA[A-Z]{8}\d?[A-Z]?EXAMPLE"),
        ("eyJhbGci.eyJzdWIi.c2ln", r"eyJ[\w]{5}\.[a-zA-Z]EXAMPLE\.[a-z]\d[a-z]{2}"),
        ("ab", r"[a-z]{2}EXAMPLE"),
        (
            "-----BEGIN K2 KEY-----\nab/Cd1efgh==\n-----END K2 KEY-----",
            r"-----BEGIN K2 KEY-----\n[a-z]{2}/EXAMPLE==\n-----END K2 KEY-----",
        ),
        (
            r"-----BEGIN K-----\nabcdefgh1\nab\n-----END K-----",
            r"-----BEGIN K-----\\n[a-z]{2,3}EXAMPLE\\n[a-z]{2}\\n-----END K-----",
        ),
        (
            "-----BEGIN PRIVATE KEY-----\nabcdefgh1",
            r"-----BEGIN PRIVATE KEY-----\n[a-z]{2}EXAMPLE",
        ),
        ("ab-----END X-----", r"[a-z]{2}-----[A-Z]{3} [A-Z]-----EXAMPLE"),
        (
            "postgres://jo:pw@db/x",
            r"postgres://[a-z]{2}:[a-z]{2}@[a-z]{2}/[a-z]EXAMPLE",
        ),
    ],
)
def test_credentials_keep_their_prefix(value: str, shape: str) -> None:
    made = fake_credential(value, Stream("0" * 32))
    assert re.fullmatch(shape, made), made
    assert is_reserved("SECRET", made)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("Ann Lee", r"[A-Z][a-z]{4,} [A-Z][a-z]{4,}"),
        ("ANN LEE", r"[A-Z]{5,} [A-Z]{5,}"),
        ("ann de la Cruz", r"[a-z]{5,} [a-z]{5,} [a-z]{5,} [A-Z][a-z]{5,}"),
        ("J. R. Smith", r"[A-Z]\. [A-Z]\. [A-Z][a-z]{5,}"),
        ("Dr. Ann O'Neil-Lee, 3rd", None),
        ("李小明", r"[\u4e00-\u9fff]{3}"),
        ("李·明", r"[\u4e00-\u9fff]·[\u4e00-\u9fff]"),
        ("山田たろう", r"[\u4e00-\u9fff]{2}[\u3040-\u309f]{3}"),
        ("김민수", r"[\uac00-\ud7a3]{3}"),
        ("Иван", "[\u0410-\u042f][\u0430-\u044f]{3}"),
    ],
)
def test_names_keep_words_initials_and_capitals(value: str, shape: str | None) -> None:
    made = fake_person(value, Stream("0" * 32))
    word = "[A-Z]?[a-z]{2,}"
    shape = shape or rf"{word}\. {word} [A-Z]'{word}-{word}, 3{word}"
    assert re.fullmatch(shape, made), made


# The single surnames of the Hundred Family Surnames, a text of the 10th century.
SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎"
    "鲁韦昌马苗凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄"
    "和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭"
    "梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚"
    "程嵇邢滑裴陆荣翁荀羊於惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫"
    "宁仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴鬱胥能苍双"
    "闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍卻璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容"
    "向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空"
    "曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公"
)


def test_han_characters_are_no_surnames_and_all_different() -> None:
    han = load_data("surrogates", "persons").content["han"]
    assert not set(han) & set(SURNAMES)
    assert len(set(han)) == len(han) == 48


COMMON = """
    smith johnson williams brown jones garcia miller davis rodriguez
    martinez hernandez lopez wilson anderson thomas taylor moore martin lee perez
    müller schmidt schneider fischer weber rossi russo ferrari silva santos oliveira
    dubois moreau nguyen kim park singh kumar ali khan novak kowalski ivanov
    james mary robert patricia john jennifer michael linda david elizabeth maria
    anna peter paul laura daniel jose luis ahmed fatima wei olga igor
"""


def test_made_up_names_are_in_no_list_of_names() -> None:
    content = load_data("surrogates", "persons").content
    endings = [*content["given"], *content["family"]]
    assert len(set(endings)) == len(endings) == 24
    assert not [name for name in COMMON.split() if name.endswith(tuple(endings))]


@given(MARKS)
def test_different_marks_seldom_give_one_name(mark: str) -> None:
    other = f"{int(mark, 16) ^ 1:032x}"
    one, two = (fake_person("Ann Lee", Stream(m)) for m in (mark, other))
    assert one != two

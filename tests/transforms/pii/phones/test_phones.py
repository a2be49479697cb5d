from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii.budget import Budget
from isinglass.transforms.pii.digits import digit_places
from isinglass.transforms.pii.found import FoundColumns
from isinglass.transforms.pii.phones.forms import form_of
from isinglass.transforms.pii.phones.rules import is_valid_abroad, is_valid_within
from isinglass.transforms.pii.phones.runs import digit_runs
from isinglass.transforms.pii.phones.scanner import (
    PLAUSIBLE_SCORE,
    VALID_SCORE,
    WEAK_SCORE,
    PhoneScanner,
)
from isinglass.transforms.text import string_buffers
from tests.properties import examples
from tests.transforms.pii.phones.scanning import REGIONS, scan, values

# The part between the brackets [[ ]] is the number.
FOUND = [
    # International, with every separator, trunk zero, brackets and extension.
    "[[+44 20 7183 8750]]",
    "[[+1-984-182-0190]] mobile",
    "[[+46 (0)8 928 571 38]] fax",
    "([[+49 30 901820]])",
    # In mark-up and parameters of addresses.
    "<td>[[202-958-0134]]</td>",
    '<a class="x">[[(202) 958-0134]]<br/>',
    "http://home.arpa/find?ref=x&value=[[202-958-0134]]&page=2",
    "[[(+49) 30 901820]]",
    "[[+49\u00a030\u00a0901820]]",
    "[[+49 30\u2013901820]]",
    "call [[0049 30 901820]] now",
    "[[+1-604-696-5272x565]]",
    "[[+1-604-696-5272 ext. 12]], please",
    "tel:[[+861062816666]]",
    # North American, whether its plan has the area or not.
    "[[(202) 958-0134]]",
    "[[(579)888-3058]] fax",
    "[[202-958-0134]].",
    "[[930.167.3943]]",
    "[[1-202-958-0134]]",
    "[[001-518-640-0854]] mobile",
    "[[(898)666-3621x0135]]",
    "Fax: [[345-899-3560x4587]]",
    # With a trunk zero.
    "[[0490 75 40 81]]",
    "[[03.93.92.16.85]]",
    "[[020 7183 8750]]",
    "[[030/901820]] Berlin",
    "[[0571-61996814]]",
    "[[(08) 8747 6301]]",
    # Only next to a word, before or after.
    "Phone: [[467 3395]]",
    "mobile: [[99 577450]]",
    "[[416 60 039]] office",
    "desk: [[5403926876]]",
    "Phone: [[60-56-85-91]]",
    "phones [[467-3395]]",
    # Chinese, without blanks.
    "电话[[13912345678]]。",
    "预留手机号[[+86 13932860957]]。",
    "订单[[13912345678]]已发",
    "请拨打[[186 0388 3685]]谢谢",
    "热线\uff1a[[400 820 8820]]",
    "传真[[\uff10\uff12\uff11\uff0d\uff15\uff18\uff11\uff17\uff11\uff11\uff16\uff13]]",
    # One line, two numbers, other things around.
    "2003 [[905-674-3793]] 2004",
    "[[202-958-0134]] / [[202-958-0135]]",
    "on 2012-01-02 [[905-674-3793]]",
]

NOT_FOUND = [
    # The same without the word or beside a letter.
    "467 3395",
    "99 577450",
    "416 60 039 people",
    "5403926876",
    "13912345678",
    "order 13912345678",
    "phony 467 3395",
    "A202-958-0134",
    "202-958-0134b",
    "_202-958-0134",
    "x202-958-01345",
    "a <202-958-0134",
    "y ==202-958-0134",
    # Dates, times, years, pages.
    "call on 2012-01-02 or 01/02/2012 or 1.2.2012",
    "tel 20120102080000",
    "phone 1998-2002",
    "on 12:34:56.789012345",
    # Money, decimals, versions, coordinates, thousands.
    "$202-958-0134",
    "pi 3.14159265 and 12.3456789",
    "at 52.520008 13.404954",
    "1,234,567,890 and 1.234.567.890",
    "612 345 678 people",
    # Other identifiers.
    "SSN 219-09-9998, phone",
    "phone 8.8.8.8 192.168.100.200",
    "ISBN 978-3-16-148410-0 phone",
    "isbn 0-306-40615-2",
    "ISSN 2049-3630",
    "doi 10.1000/182 1234567",
    "卡号6222 0268 3470 6300 847\uff0c",
    "4111 1111 1111 1111",
    "c7ae147a-e147-4000-8000-000000000025",
    "550e8400-2958-0134-8000-446655440000",
    "DE89 3704 0044 0532 0130 00",
    # No such country code or length; placeholders; fiction (47 CFR 52, Ofcom).
    "+210 123 456 789",
    "+1-202-958",
    "phone +1234567890",
    "+1-202-555-0100",
    "(202) 555-0134",
    "020 7946 0123",
    "call 0000000000",
    "",
]


@pytest.mark.parametrize("marked", FOUND)
def test_numbers_are_found_to_the_character(marked: str) -> None:
    parts = marked.replace("[[", "\0").replace("]]", "\0").split("\0")
    assert values("".join(parts)) == parts[1::2]


@pytest.mark.parametrize("text", NOT_FOUND)
def test_near_misses_are_not_found(text: str) -> None:
    assert values(text) == []


@pytest.mark.parametrize(
    ("text", "base", "score", "validated", "word"),
    [
        ("+44 20 7183 8750", VALID_SCORE, VALID_SCORE, True, None),
        ("Tel. +44 20 7183 8750", VALID_SCORE, 0.95, True, "tel"),
        ("(898) 666-3621", PLAUSIBLE_SCORE, PLAUSIBLE_SCORE, None, None),
        ("手机(898) 666-3621", PLAUSIBLE_SCORE, 0.75, None, "手机"),
        ("Phone: 467 3395", WEAK_SCORE, 0.55, None, "phone"),
        ("467 3395 (Home)", WEAK_SCORE, 0.55, None, "home"),
    ],
)
def test_scores_and_words(
    text: str,
    base: float,
    score: float,
    validated: bool | None,  # noqa: FBT001
    word: str | None,
) -> None:
    (one,) = scan([text])
    assert one["base_score"] == base
    assert one["score"] == pytest.approx(score)
    assert (one["validated"], one["context"]) == (validated, word)


NUMBERS = st.sampled_from(["+44 20 7183 8750", "(202) 958-0134", "电话13912345678"])
NOISE = st.text("1 0-é余🙂\n(+a.", max_size=12)


@given(NOISE, NUMBERS, NOISE)
def test_offsets_are_code_points(before: str, number: str, after: str) -> None:
    text = f"{before} 🙂é \n{number}\n{after}"
    start = text.index(number) + number.startswith("电话") * 2
    end = text.index(number) + len(number)
    assert (start, end) in {(f["start"], f["end"]) for f in scan([text])}


@examples(60)
@given(st.lists(st.one_of(NUMBERS, NOISE, st.just("1"), st.just("a")), max_size=6))
def test_texts_of_a_batch_do_not_see_each_other(texts: list[str]) -> None:
    alone = [{**f, "row": row} for row, text in enumerate(texts) for f in scan([text])]
    assert scan(texts) == alone


def test_slices_are_counted_from_their_beginning() -> None:
    texts = pa.array(["(202) 958-0134", "é (202) 958-0134"])[1:]
    found = FoundColumns()
    data, offsets = string_buffers(texts)
    places = digit_places(data, offsets)
    PhoneScanner(REGIONS).scan(data, offsets, places, Budget(60), found)
    (one,) = found.batch().to_pylist()
    assert (one["row"], one["start"], one["end"]) == (0, 2, 16)


@pytest.mark.parametrize(
    "page",
    [
        "12 34 56 78 90 " * 20_000,
        "1" * 300_000,
        "0123-4567 " * 30_000,
        "(((((((((1) " * 20_000,
        "+1+1+1+1" * 30_000,
        "\uff11\uff12\uff13\u3000" * 30_000,
        "12 042 68-53-17 " * 20_000,
        "0123 45-67  12 345 " * 20_000,
        "_12 34 56 78 90 " * 20_000,
    ],
)
def test_pages_of_digits_are_no_numbers(page: str) -> None:
    assert scan([page]) == []


def test_a_number_at_the_end_of_a_long_run_is_found() -> None:
    run = "12 34 56 " * 1000
    text = f"{run}(202) 958-0134"
    assert values(text) == ["(202) 958-0134"]


def test_time_is_looked_at_within_a_run() -> None:
    ticks = iter(range(10_000))
    budget = Budget(3, lambda: float(next(ticks)))
    texts = pa.array(["12 34 56 78 90 " * 1000, "(202) 958-0134"])
    found = FoundColumns()
    data, offsets = string_buffers(texts)
    PhoneScanner(REGIONS).scan(
        data, offsets, digit_places(data, offsets), budget, found
    )
    assert set(budget.failed) == {0}
    assert [f["row"] for f in found.batch().to_pylist()] == [1]


def test_runs() -> None:
    texts = ["a 1234567", "é(+12) 34-567\n89 x 123456", "", "12\u3000345\uff0d67"]
    data, offsets = string_buffers(pa.array(texts))
    runs = digit_runs(data, offsets, digit_places(data, offsets))
    shown = [
        data[a:b].tobytes().decode()
        for a, b in zip(runs.starts, runs.stops, strict=True)
    ]
    assert shown == ["1234567", "(+12) 34-567", "12\u3000345\uff0d67"]
    assert runs.rows.tolist() == [0, 1, 3]
    assert runs.points.tolist() == [2, 1, 0]
    assert runs.rows.dtype == np.int64


@pytest.mark.parametrize(
    ("value", "need"),
    [
        ("+44 20 7183 8750", "code"),
        ("219-09-9998", "never"),
        ("2012-01-02", "never"),
        ("(202) 958-0134", "area"),
        ("030/901820", "trunk"),
        ("1234567", "mobile"),
        ("467 3395", "context"),
    ],
)
def test_forms(value: str, need: str) -> None:
    form = form_of(value)
    assert form is not None
    assert form.need == need


def test_what_has_no_form() -> None:
    assert form_of("1 2 3 4 5 6 7") is None
    assert form_of("202--958--0134") is None


def test_plans() -> None:
    assert is_valid_abroad("442071838750") is True
    assert is_valid_abroad("444000000000") is False
    # No fixed line or mobile number of Britain has seven digits.
    assert is_valid_abroad("442071838") is None
    # A trunk prefix is one digit more, and no other first digit is.
    assert is_valid_abroad("4402071838750") is True
    assert is_valid_abroad("4420718387501") is None
    assert is_valid_abroad("210123456789") is None
    assert is_valid_abroad("1202958") is None
    assert is_valid_within("02071838750", ("GB",))
    assert not is_valid_within("02071838750", ("US",))

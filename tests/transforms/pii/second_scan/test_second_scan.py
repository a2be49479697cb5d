from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config.kinds import known_kinds
from isinglass.transforms.draws import Draw
from isinglass.transforms.pii.canaries.fakes import fake_value, values
from isinglass.transforms.pii.second_scan.scan import (
    SecondScanner,
    blank_spans,
    number_windows,
    scan_texts,
)

SPAN = pa.struct(
    [
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("entity", pa.string()),
        ("operator", pa.string()),
    ]
)
ALL = SecondScanner.of(known_kinds()).entities


def hits(text: str) -> dict[str, int]:
    counts = SecondScanner.of(ALL).count(pa.array([text]))
    return {name: int(found[0]) for name, found in counts.items() if found[0]}


def spans(*rows: list[tuple[int, int, str]]) -> pa.ListArray:
    made = [
        [
            {"start": start, "end": end, "entity": "X", "operator": operator}
            for start, end, operator in row
        ]
        for row in rows
    ]
    return pa.array(made, pa.list_(SPAN))


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("write to jo.b+c@acme-shop.co.uk now", "EMAIL_ADDRESS"),
        ("write to jo [at] acme now", "EMAIL_ADDRESS"),
        ("邮箱jo@b.com。", "EMAIL_ADDRESS"),
        ("mailto:jo%40acme.org", "EMAIL_ADDRESS"),
        ("jo&#64;acme.org", "EMAIL_ADDRESS"),
        ("jo&#x0040;acme.org", "EMAIL_ADDRESS"),
        ("jo&commat;acme.org", "EMAIL_ADDRESS"),
        ("call +44 20 7123 4567 now", "PHONE_NUMBER"),
        ("call (212) 958-1234 now", "PHONE_NUMBER"),
        ("call 0151 23456789 now", "PHONE_NUMBER"),
        ("from 192.31.196.101 on", "IP_ADDRESS"),
        ("from 2620:4f:8000::5ab on", "IP_ADDRESS"),
        ("card 4111-1111-1111-1112", "CREDIT_CARD"),
        ("to DE00 3704 0044 0532 0130 00", "IBAN_CODE"),
        ("ssn 123-45-6789", "US_SSN"),
        ("key AKIAABCDEFGHIJKLMNOP", "SECRET"),
        ("password = 'hunter22!'", "SECRET"),
        ("get https://me:pass@host.org/x", "URL_CREDENTIALS"),
        ("pay 1BitcoinEaterAddressDontSendf59kuE", "CRYPTO"),
        ("said Dr. Miller", "PERSON"),
        ("said Thomas B. Miller", "PERSON"),
        ("dice la Sra. Núñez", "PERSON"),
        ("号码110101199003077758。", "CN_ID_CARD"),
        ("车牌京A12345。", "CN_PLATE"),
    ],
)
def test_shapes_are_hit_without_any_check(text: str, entity: str) -> None:
    assert hits(text).get(entity) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Nothing of the kind is in here, 12 of 300 times.",
        "on 2024-03-15 10:30:00 and 15.03.2024, in 1998-2004 and 2019-20",
        "version 1.2.3 of 10 000 lines",
        "he met @jo and paid 12,50 at noon",
        "jo%41acme.org jo&#65;acme.org jo&comma;acme.org a%40b",
        "a Dr whatever, thomas miller, Thomas went",
        "see https://host.org/a:b@c",
        "the key is below; the token ring",
        "<EMAIL_ADDRESS> and <PERSON>",
    ],
)
def test_near_misses_are_no_hits(text: str) -> None:
    assert hits(text) == {}


@pytest.mark.parametrize("entity", sorted({*ALL} & {*values()}))
def test_every_planted_value_is_within_the_bound(entity: str) -> None:
    draw = Draw.of(entity)
    for entry in values()[entity]:
        value = fake_value(entity, entry, draw)
        value = entry.before + value + entry.after
        assert hits(f"so {value} it is").get(entity, 0) >= 1, entry.template


def test_every_kind_has_patterns() -> None:
    # No shape tells a name in characters.
    assert sorted(known_kinds().keys() - {"CN_PERSON"}) == ALL


def test_only_the_entities_asked_for_are_counted() -> None:
    scanner = SecondScanner.of(["US_SSN", "EMAIL_ADDRESS", "MY_OWN"])
    counts = scanner.count(pa.array(["jo@b.com 123-45-6789", "+44 20 7123 4567"]))
    assert {name: found.tolist() for name, found in counts.items()} == {
        "EMAIL_ADDRESS": [1, 0],
        "US_SSN": [1, 0],
    }
    assert SecondScanner.of([]).count(pa.array(["jo@b.com"])) == {}


def test_what_operators_wrote_does_not_count() -> None:
    texts = pa.array(["é jo@b.com, al@c.com", "none", "al@c.com"])
    row = spans([(2, 10, "surrogate")], [], [(0, 8, "keep")])
    counts = scan_texts(SecondScanner.of(["EMAIL_ADDRESS"]), texts, row)
    assert counts["EMAIL_ADDRESS"].tolist() == [1, 0, 1]


def test_what_stages_from_outside_wrote_counts() -> None:
    texts = pa.array(["é jo@b.com, al@c.com"])
    row = spans([(2, 10, "mine.swap"), (12, 20, "mask")])
    counts = scan_texts(SecondScanner.of(["EMAIL_ADDRESS"]), texts, row)
    assert counts["EMAIL_ADDRESS"].tolist() == [1]


def test_missing_spans_are_no_spans() -> None:
    texts, none = pa.array(["al@c.com"]), pa.array([None], pa.list_(SPAN))
    counts = scan_texts(SecondScanner.of(["EMAIL_ADDRESS"]), texts, none)
    assert counts["EMAIL_ADDRESS"].tolist() == [1]


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5), st.data())
def test_blanked_texts_keep_everything_else(
    texts: list[str], data: st.DataObject
) -> None:
    rows = []
    for text in texts:
        cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=4)))
        pairs = zip(cuts[::2], cuts[1::2], strict=False)
        rows.append([(start, end, "mask") for start, end in pairs])
    blanked = blank_spans(pa.array(texts, pa.string()), spans(*rows)).to_pylist()
    for text, row, found in zip(texts, rows, blanked, strict=True):
        wanted = list(text)
        for start, end, _ in row:
            for place in range(start, end):
                wanted[place] = "\x1f" * len(text[place].encode())
        assert found == "".join(wanted)


@given(st.lists(st.text(alphabet="ab é汉12345678\n", max_size=200), max_size=4))
def test_windows_are_parts_of_their_texts(texts: list[str]) -> None:
    windows = number_windows(pa.array(texts, pa.string()))
    windows.validate(full=True)
    for text, found in zip(texts, windows.to_pylist(), strict=True):
        assert found == "" or found.endswith("\n")
        place = 0
        for part in found.split("\n"):
            place = text.find(part, place)
            assert place >= 0


def test_windows_lie_around_digits_that_stand_together() -> None:
    far = "x" * 60
    texts = pa.array([f"{far}12-34{far}", "1 2", f"1{far}2{far}3{far}4", f"12345{far}"])
    x = "x" * 24
    wanted = [f"{x}12-34{x[1:]}\n", "", "", f"12345{x[1:]}\n"]
    assert number_windows(texts).to_pylist() == wanted

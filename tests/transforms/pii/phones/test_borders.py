"""Where a number begins and ends: rows, columns, letters, mark-up, other groups."""

from __future__ import annotations

import pytest

from tests.transforms.pii.phones.scanning import marked, scan, values

NUMBERS = [
    "020 7183 4417",
    "+48 22 698 53 11",
    "(415) 738-2964",
    "415-738-2964",
    "01 42 68 53 17",
    "+33142685317",
    "0171 1234567",
    "030/901820",
]
ROWS = [
    "7,{},x",
    "7,{},12",
    "x,7,{}\n8,{},9",
    "7;{};12",
    "7|{}|12",
    "7:{}:x",
    "| 7 | {} | 12 |",
    "7\t{}\t12",
    "Ann\t{}\t12\t13",
    '"7","{}","12"',
    "'7','{}','12'",
    '7,"{}",12',
    "[7,{},12]",
    '{{"id":7,"phone":"{}","n":12}}',
    "{}  12",
    "a   {}   2024",
]
MARKUP = [
    "_{}_",
    "*{}*",
    "**{}**",
    "__{}__",
    "***{}***, call",
    "`{}`",
    "_{}_, or _{}_",
    "*{} (office)*",
    "~~{}~~",
    "[{}](x)",
    "<b>{}</b>",
    r'"a\n{}"',
    r'"a\t{}\t12"',
    r'"a\r\n{}\r\nb"',
    r'"a\u000a{}\u000a"',
]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("row", ROWS)
def test_a_cell_is_found_alone(row: str, number: str) -> None:
    wanted = [number] * row.count("{}")
    assert values(row.format(*wanted)) == wanted


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("markup", MARKUP)
def test_markup_is_no_part_of_a_number(markup: str, number: str) -> None:
    wanted = [number] * markup.count("{}")
    assert values(markup.format(*wanted)) == wanted


FOUND = [
    # A group that cannot belong to the number, before or behind it.
    "⟦+33 6 12 34 57 78⟧ 9h-18h",
    "⟦06 12 34 57 78⟧ 9h-18h",
    "⟦01 42 68 53 17⟧ 24h/24",
    "Paris 75011 ⟦01 42 68 53 17⟧",
    "F-75011 Paris ⟦01 42 68 53 17⟧, 75012",
    "⟦+48 22 698 53 11⟧ 12",
    "⟦+44 20 7183 4417⟧ 12",
    "⟦+1 415 738 2964⟧ 5",
    "⟦+81 3 1234 5678⟧ 12",
    "⟦+39 06 6982 1234⟧ 12345",
    "⟦020 7183 4417⟧ 7",
    "7 ⟦020 7183 4417⟧ 3",
    "Tel ⟦020 7183 4417⟧ 2024",
    "⟦(415) 738-2964⟧ 12",
    "12:34:56 ⟦020 7183 4417⟧",
    "2024-01-02 ⟦020 7183 4417⟧",
    "01/02/2024 ⟦020 7183 4417⟧ 3.5",
    "⟦020 7183 4417⟧ 2024-01-02",
    # Times on either side, and digits that are a whole number already.
    "⟦+49 30 759898⟧ 12:30",
    "Tel ⟦(209) 518-4512⟧ 12:30",
    "Tel 12:30 ⟦06 19 67 38 92⟧",
    "⟦+4915162798007⟧ 12",
    "2024-01-02 ⟦01296 434691⟧",
    "7:⟦01 42 68 53 17⟧:12",
    "7,⟦(11) 2382-2435⟧,12",
    # The plan of Germany has both lengths.
    "⟦+49 30 2270 2270⟧  12",
    "⟦+49  30 901820⟧",
    # A table whose head says what it is.
    "id,phone\n1,⟦13912345678⟧,x\n2,⟦13912345679⟧",
    # An extension, and a column that looks like one.
    "⟦(415) 738-2964, x12⟧",
    "⟦(415) 738-2964⟧,x12",
    # Right behind a letter, in brackets or with a plus sign.
    "Call our office(⟦+49 30 2270 2270⟧) today",
    "Офис(⟦+49 30 2270 2270⟧) открыт",
    "טלפון(⟦+49 30 2270 2270⟧)",
    "هاتف(⟦+49 30 2270 2270⟧)",
    "कार्यालय(⟦+49 30 2270 2270⟧) में",
    "Γραφείο(⟦+49 30 2270 2270⟧)",
    "Офис\uff08⟦+49 30 2270 2270⟧\uff09",
    "オフィス\uff08⟦+49 30 2270 2270⟧\uff09",
    "و⟦+49 30 2270 2270⟧",
    "office⟦(212) 736-5000⟧ today",
    "telefon⟦+48 512 345 678⟧",
    "телефон⟦+380 50 123 4567⟧",
    "tel⟦+48512345678⟧",
    "T⟦+49 30 2270 2270⟧ F⟦+49 30 2270 2271⟧",
    "Room 5(⟦+49 30 2270 2270⟧)",
    # Whole, though neither its plan nor its form is of a configured region.
    "Telefon: ⟦070-123 45 67⟧",
    "Tel ⟦0171/123 45 67⟧",
    "Tel. ⟦040-123 45 67⟧",
    "тел. ⟦8 (912) 331-51-64⟧",
    "тел. ⟦8 029 133-56-83⟧",
    "тел. ⟦044 123-45-67⟧",
    "Tel ⟦01 264997741⟧",
    "Tel. ⟦030 - 12 34 56 78⟧",
    "Tel. ⟦0171 / 123 45 67⟧",
    "Tel. ⟦(0-22) 698 53 11⟧",
    "Tel. ⟦(+48 22) 698 53 11⟧",
    "Tel. ⟦011 91234 5678⟧",
    "Tel ⟦(06 1) 234 3048⟧",
    # Emphasis that ends behind the number only.
    "_Tel: ⟦020 7183 4417⟧_",
    "**Tel:** ⟦020 7183 4417⟧",
]

NOT_FOUND = [
    # Thousands, decimals and times, not cells.
    "1,234 567 890",
    "1 234 567,89",
    "Tel 1 234 567,89",
    "cell 7,1234567",
    "cell 3,141592653 and",
    "1,234,567,890",
    "1,020 7183 4417 apples",
    "12:30:01 42 68 53 17",
    "arn:aws:us-east-1:003235472598:presets",
    # A whole number or none.
    "Telefon: 12 345 67 89",
    "phone +210 612 345 678",
    "phone 4111 1111 1111 1111",
    # Names and formulas.
    "x+48512345678",
    "f(212) 736-5000",
    "foo_202-958-0134_bar",
    "_202-958-0134",
    "*202-958-0134 x",
    "2*202-958-0134*3",
    "UTC+8 2012-05-06 12:30",
    "GMT+1 415 738 2964",
    # Bytes and account numbers with letters in their groups.
    "2b 06 01 05 05 07 0c 02",
    "LI21 0881 0000 2324 013A B",
    "LT12 A000 0111 0100 1000",
    "RS35 A600 0560 1001 6113 79",
    # Longer numbers in equal groups.
    "44 099 754 199",
    "7 020 345 678",
    "0123 4567 8901 234",
    "8 00 53 80 599 503 20",
    # Columns of numbers.
    "07 024 000365",
    "12 01 42 68 53 17 99",
    "01 42 68 53 17 12 13 14",
]


@pytest.mark.parametrize("text", FOUND)
def test_a_number_is_found_whole_and_alone(text: str) -> None:
    plain, wanted = marked(text)
    assert values(plain) == wanted


@pytest.mark.parametrize("text", NOT_FOUND)
def test_a_part_of_something_else_is_not_found(text: str) -> None:
    assert values(text) == []


WHOLE = [
    "0171 123 45 67",
    "+48 512 345 678",
    "+380 50 123 4567",
    "(030) 2270 2270",
    "01 42 68 53 17",
    "020 7183 4417",
    "(415) 738-2964",
    "+49 (0)30 2270 2270",
    "+1 415 738 2964",
    "0049 30 2270 2270",
    "91 234 56 78",
    "+34 912 34 56 78",
    "02 9374 4000",
    "138 1234 5678",
    "11 91234-5678",
    "98765 43210",
]
MARKS = (" ", "-", "/", " / ", " - ")
BEFORE = ("Tel ", "Telefon: ", "phone ", "телефон", "call ", "fax:", "", "(", "T. ")
BEHIND = ("", ".", ", and", ") x", " 9h-18h", "\n12", "; 7", " today", "\uff0c")


@pytest.mark.parametrize("number", WHOLE)
def test_no_part_of_a_written_number_is_left(number: str) -> None:
    """However its groups are separated, it is replaced whole or not at all."""
    cases = [
        (before, number.replace(" ", mark, count), behind)
        for mark in MARKS
        for count in (1, 2, 9)
        for before in BEFORE
        for behind in BEHIND
    ]
    found = scan(["".join(case) for case in cases])
    parts = []
    for row in found:
        before, value, _ = cases[row["row"]]
        start, end = len(before), len(before) + len(value)
        overlaps = row["start"] < end and row["end"] > start
        opens = row["start"] == start + 1 and value[0] == "("
        if overlaps and not ((row["start"] <= start or opens) and row["end"] >= end):
            parts.append("".join(cases[row["row"]]))
    assert parts == []
    assert found

from __future__ import annotations

import re

import pytest

from isinglass.pipelines.report.blocks import Fold, Section, columns, table
from isinglass.pipelines.report.labels import class_of, label_rules


def test_every_column_but_the_first_has_a_label_and_equal_heads_one_rule() -> None:
    heads, other = columns("<Kind", "Found", "", "In 1 %"), columns("<Kind", "Left")
    tables = [table("t", head, []) for head in (heads, other, heads)]
    blocks = (tables[0], tables[1], Fold("more", tables[2]))
    rules = label_rules([Section("a", "A", blocks)]).splitlines()
    assert rules == [
        f'.{class_of(heads)} td:nth-child(2){{--label:"Found"}}',
        f'.{class_of(heads)} td:nth-child(4){{--label:"In 1 \\000025"}}',
        f'.{class_of(other)} td:nth-child(2){{--label:"Left"}}',
    ]
    assert class_of(heads) != class_of(other)


@pytest.mark.parametrize(
    "label", ['"}</style><script>', "\\", "url(http://a)", "\u202e", "\n}", "é"]
)
def test_a_label_cannot_leave_its_string(label: str) -> None:
    made = table("t", columns("<Kind", label), [])
    (rule,) = label_rules([Section("a", "A", (made,))]).splitlines()
    told = re.fullmatch(r'\.c[0-9a-f]{8} td:nth-child\(2\)\{--label:"(.*)"\}', rule)
    assert told is not None
    assert re.fullmatch(r"(?:[A-Za-z0-9 ]|\\[0-9a-f]{6})*", told[1])

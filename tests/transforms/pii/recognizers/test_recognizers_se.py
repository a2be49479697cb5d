"""Identifiers of Sweden."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[Case] = [
    ("640823-3234", ["640823-3234"]),
    ("(19811218-9876)", ["19811218-9876"]),
    ("född 811218-9876, 811218+9876", ["811218-9876", "811218+9876"]),
    ("701063-2391", ["701063-2391"]),  # coordination number
    ("personnummer 6408233234", ["6408233234"]),
    ("Personnr: 196408233234", ["196408233234"]),
    ("pers.nr 640823 3234", ["640823 3234"]),
    ("personnumret är 19640823-3234.", ["19640823-3234"]),
    ("samordningsnummer 7010632391", ["7010632391"]),
    ("personal identity number 640823-3234", ["640823-3234"]),
    ("20100605-9875", ["20100605-9875"]),
    ("19100605-9875", ["19100605-9875"]),  # born in 1910
    ("personnummer 191006059875", ["191006059875"]),
    ("personnummer 201203151426", ["201203151426"]),  # like a time of day
    ("20120315-1426, 120315-1426", []),  # a date with a time
    ('{"personnummer": "640823-3234"}', ["640823-3234"]),
    ("Svensson,640823-3234,Umeå", ["640823-3234"]),
    ("番号640823-3234です", ["640823-3234"]),
    ("6408233234, 196408233234, 640823 3234", []),
    ("640823-3235, 640823-323, 640823-32341", []),  # check digit, length
    ("641323-3237, 640832-3233", []),  # month 13, day 32
    ("640823-0008", []),  # serial 000
    ("556012-5790", []),  # an organisation
    ("18640823-3234, 21640823-3234", []),  # century
    ("070-123 45 67, 0701-234567", []),
    ("1.640823-3234, 640823-3234.5", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_exact_values(text: str, expected: list[str]) -> None:
    assert found(text, "SE_PERSONNUMMER") == expected

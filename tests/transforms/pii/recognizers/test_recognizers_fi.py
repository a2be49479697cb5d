"""Identifiers of Finland."""

from __future__ import annotations

import pytest

from tests.transforms.pii.catalogue_cases import Case, found

CASES: list[Case] = [
    ("131052-308T", ["131052-308T"]),
    (
        "131052Y308T 131052X308T 131052W308T 131052V308T 131052U308T",
        ["131052Y308T", "131052X308T", "131052W308T", "131052V308T", "131052U308T"],
    ),  # signs of 2023
    (
        "131005A308N 131005B308N 131005C308N 131005D308N 131005E308N 131005F308N",
        [
            "131005A308N",
            "131005B308N",
            "131005C308N",
            "131005D308N",
            "131005E308N",
            "131005F308N",
        ],
    ),
    ("131099+308X", ["131099+308X"]),  # born in 1899
    ("131005-308N", ["131005-308N"]),  # born in 1905
    ("hetu 131052-308t, henkilötunnuksen 131052y308t", ["131052-308t", "131052y308t"]),
    ("personbeteckning: 131052-308T", ["131052-308T"]),
    ("HETU:131052-308T.", ["131052-308T"]),
    ('{"hetu": "131052-308T"}', ["131052-308T"]),
    ("Virtanen;131052-308T;Oulu", ["131052-308T"]),
    ("番号131052-308Tです", ["131052-308T"]),
    ("131052-308t, 131052y308t", []),
    ("131052-308U, 131052-30T, 131052-3081T", []),  # check character, length
    ("290200-3088 290200A3088", ["290200A3088"]),  # no 29 February 1900
    ("131052A308T", []),  # not born yet
    ("131352-3087, 320552-3081", []),  # month 13, day 32
    ("131052-001W, 131052/308T, 131052G308T", []),  # serial 001, other signs
    ("1131052-308T, 131052-308TX", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_exact_values(text: str, expected: list[str]) -> None:
    assert found(text, "FI_PERSONAL_IDENTITY_CODE") == expected

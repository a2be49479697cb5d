"""Checks of one name are one check; the first faults are named."""

from __future__ import annotations

import pytest

from isinglass.pipelines.proof.check import Check, conclude, merged

GOOD = conclude("counts", [], "3 findings")
SILENT = conclude("counts", [], "")
BAD = conclude("counts", ["a", "b"], "3 findings")
WORSE = conclude("counts", ["c", "d"], "")
SKIPPED = Check("counts", "skipped", "no inputs")


@pytest.mark.parametrize(
    ("checks", "status", "detail"),
    [
        ([GOOD], "passed", "3 findings"),
        ([SILENT, GOOD, SILENT], "passed", "3 findings"),
        ([GOOD, GOOD], "passed", "3 findings; 3 findings"),
        ([SILENT, BAD], "failed", "a; b"),
        ([BAD, GOOD, WORSE], "failed", "a; b; c; and 1 more"),
        ([SKIPPED, GOOD], "skipped", "no inputs"),
        ([SKIPPED, BAD], "failed", "a; b"),
        # Made by hand, without a list of faults.
        ([GOOD, Check("counts", "failed", "wrong"), BAD], "failed", "wrong; a; b"),
    ],
)
def test_checks_of_one_name_are_one(
    checks: list[Check], status: str, detail: str
) -> None:
    (check,) = merged(checks)
    assert (check.name, check.status, check.detail) == ("counts", status, detail)


def test_names_stay_in_the_order_of_their_first_check() -> None:
    seal, hashes = conclude("seal", [], "x"), conclude("hashes", [], "y")
    assert merged([seal, SILENT, hashes, GOOD]) == [seal, GOOD, hashes]

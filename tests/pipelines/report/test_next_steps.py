from __future__ import annotations

from typing import Any

import pytest

from isinglass.pipelines.report.next_steps import MOST_STEPS, next_steps
from isinglass.schemas.manifest import Manifest, Records


def test_what_failed_comes_first_and_proof_last(manifest: Manifest) -> None:
    steps = next_steps(manifest, ["Do this."])
    assert [step.split()[0] for step in steps] == [
        *("Find", "Look", "Do", "Let", "Before")
    ]
    assert "pii.recall" in steps[0]
    assert "12 records" in steps[1]
    assert "`isinglass review RUN`" in steps[3]
    assert "`isinglass verify RUN`" in steps[-1]


def test_there_are_never_more_than_five(manifest: Manifest) -> None:
    steps = next_steps(manifest, ["Do this."] * 9)
    assert len(steps) == MOST_STEPS
    assert "verify" in steps[-1]


@pytest.mark.parametrize("verb", ["run", "audit"])
def test_of_a_faultless_run_only_proof_and_marks_are_asked(
    run_fields: dict[str, Any], verb: str
) -> None:
    records = Records(total_in=2, kept=2, dropped={}, quarantined={})
    run_fields |= {"gates": [], "records": records, "verb": verb}
    first, second = next_steps(Manifest(**run_fields), [])
    assert ("isinglass clean" in first) == (verb == "audit")
    assert "verify" in second

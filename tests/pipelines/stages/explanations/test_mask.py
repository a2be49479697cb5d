from __future__ import annotations

from typing import Any

import pytest

from isinglass.pipelines.stages.explanations.mask import Masked, masks
from isinglass.schemas.config import PiiConfig

IDENTIFIERS = PiiConfig.model_validate({"mode": "identifiers"})
CARD = "4111 1111 1111 1111"  # the test number of Visa


def row(text: str, *pii: tuple[int, int, str]) -> dict[str, Any]:
    spans = [
        {"start": start, "end": end, "entity": entity, "operator": "surrogate"}
        for start, end, entity in pii
    ]
    return {"text": text, "language": "en", "pii": spans}


def test_what_the_run_changed_and_what_is_found_now_is_masked() -> None:
    text = f"Ann wrote to ann@posteo.de, card {CARD}."
    (found,) = masks([row(text, (0, 3, "PERSON"))], IDENTIFIERS)
    assert found == [
        Masked(0, 3, "PERSON"),
        Masked(13, 26, "EMAIL_ADDRESS"),
        Masked(33, 52, "CREDIT_CARD"),
    ]


@pytest.mark.parametrize("entity", ["EMAIL_ADDRESS", "IP_ADDRESS"])
def test_kinds_that_the_run_did_not_look_for_are_masked(entity: str) -> None:
    one = PiiConfig.model_validate({"mode": "identifiers", "entities": {entity: {}}})
    (found,) = masks([row("ann@posteo.de from 84.12.7.9")], one)
    assert found is not None
    assert {masked.entity for masked in found} == {"EMAIL_ADDRESS", "IP_ADDRESS"}


def test_spans_are_joined_where_they_overlap() -> None:
    spans = [(4, 9, "B"), (0, 6, "A"), (9, 12, "C"), (5, 5, "D")]
    (found,) = masks([row("x" * 20, *spans)], IDENTIFIERS)
    assert found == [Masked(0, 9, "A"), Masked(9, 12, "C")]


def test_a_text_that_cannot_be_scanned_has_no_mask() -> None:
    slow = IDENTIFIERS.model_copy(update={"max_seconds_per_document": 1e-9})
    assert masks([row("Ask ann@posteo.de for it")], slow) == [None]

"""A clean text is made again from its source and the spans that were changed."""

from __future__ import annotations

import pytest

from isinglass.pipelines.proof.source import rebuilds
from isinglass.pipelines.seam import Rebuilt

SOURCE = "Header. Call Ann now."
NAME = Rebuilt(13, 16, 13, 19, lambda _: "<NAME>")
CUT = Rebuilt(0, 8, None, None, None)
AFTER_CUT = Rebuilt(13, 16, 5, 11, lambda _: "<NAME>")
UNKNOWN = Rebuilt(13, 16, 13, 16, None)
GONE = Rebuilt(13, 16, 13, 13, None)


@pytest.mark.parametrize(
    ("clean", "spans", "same"),
    [
        (SOURCE, [], True),
        ("Header. Call Ann now?", [], False),
        ("Header. Call <NAME> now.", [NAME], True),
        ("Header. Call <NAME> now.", [], False),
        ("Header. Call <NONE> now.", [NAME], False),
        ("Header, Call <NAME> now.", [NAME], False),
        ("Call Ann now.", [CUT], True),
        ("all Ann now.", [CUT], False),
        # Order does not matter, but where it stands in the clean text does.
        ("Call <NAME> now.", [AFTER_CUT, CUT], True),
        ("Call <NAME> now.", [CUT, NAME], False),
        # What is put there is not known, but nothing else may change.
        ("Header. Call Eve now.", [UNKNOWN], True),
        ("Header. Call Eve now!", [UNKNOWN], False),
        ("Header. Call Evan now.", [UNKNOWN], False),
        ("Header. Call  now.", [GONE], True),
        ("Header. Call Ann now.", [GONE], False),
        # A text that ends too early for the offsets.
        ("Header. Call Ev", [UNKNOWN], False),
        # Spans must lie in the text, and not in each other.
        (SOURCE, [Rebuilt(20, 22, 20, 22, lambda value: value)], False),
        (SOURCE, [Rebuilt(16, 13, 16, 13, lambda value: value)], False),
        ("Call <NAME> now.", [CUT, Rebuilt(7, 16, 0, 6, lambda _: "<NAME>")], False),
    ],
)
def test_clean_text_of_its_source(
    clean: str,
    spans: list[Rebuilt],
    same: bool,  # noqa: FBT001
) -> None:
    assert rebuilds(SOURCE, clean, spans) is same


def test_what_stands_there_is_made_of_the_value() -> None:
    span = Rebuilt(13, 16, 13, 16, str.upper)
    assert rebuilds(SOURCE, "Header. Call ANN now.", [span])
    assert not rebuilds(SOURCE, "Header. Call Ann now.", [span])

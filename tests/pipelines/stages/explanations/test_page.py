from __future__ import annotations

from typing import Any

from isinglass.pipelines.stages.explanations.page import MOST_SHOWN, explanations_page
from isinglass.pipelines.stages.explanations.told import Gap, Summary
from isinglass.transforms.explanations.summary import Mean
from tests.pages import assert_inert

HOSTILE = "</td><script>alert(1)</script>\u202e=cmd()"


def document(number: int) -> dict[str, Any]:
    """One of a model without attention."""
    token = {
        "shown": HOSTILE,
        "spaced": True,
        "masked": False,
        "added": -0.25,
        "rollout": None,
    }
    return {
        "doc_id": f"{number:032x}",
        "number": f"logit of {HOSTILE}",
        "value": 1.5,
        "value_of_run": 1.5,
        "baseline": 0.5,
        "steps": 192,
        "completeness_gap": 0.07,
        "complete": False,
        "tokens": [token],
        "attention": None,
        "faithfulness": None,
        "swaps": [
            {
                "term": HOSTILE,
                "group": "a",
                "other": "b",
                "other_group": "c",
                "moved": 0.125,
            }
        ],
    }


def told(count: int) -> dict[str, Any]:
    return {
        "isinglass_version": "1",
        "run": {"name": HOSTILE, "run_id": "r"},
        "asked": {"target": HOSTILE, "seed": 3, "gap": 0.25},
        "number": {
            "name": HOSTILE,
            "flag": HOSTILE,
            "flagged": 7,
            "facts": {"auc": 0.75},
        },
        "checks": {
            "documents": count,
            "complete": 0,
            "completeness_gap": 0.07,
            "rollout_row_error": None,
            "number_error": 1e-7,
        },
        "left_out": [{"doc_id": "f" * 32, "why": "it has no token of text"}],
        "documents": [document(number) for number in range(count)],
    }


def summary(*gaps: Gap) -> Summary:
    words = [(HOSTILE, Mean(0.5, 3, 0.25, 0.75))]
    return Summary("gender", words, {}, (0, 0), gaps, 1)


def test_a_page_of_hostile_strings_is_inert() -> None:
    gap = Gap("female", "male", "", Mean(0.5, 6, 0.25, 0.75), 0.5, finding=True)
    html = explanations_page(told(1), summary(gap))
    page = assert_inert(html)
    assert "\u202e" not in html
    content = page.content()
    for said in (
        "The sum is NOT complete",
        "Findings: 1. Each is a gap of 0.25 standard deviations",
        "it has no token of text",
        "female to male",
        "It is no reason for what a text says",
    ):
        assert said in content


def test_so_many_documents_are_drawn_and_no_more() -> None:
    html = explanations_page(told(MOST_SHOWN + 3), summary())
    assert html.count('id="document') == MOST_SHOWN
    assert "Not run: no explained document has a term of the axis gender" in html

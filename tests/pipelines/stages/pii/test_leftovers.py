from __future__ import annotations

from typing import Any

import pytest

from isinglass.pipelines.report.model import ReportData, Slices
from isinglass.pipelines.stages.pii.leftovers import (
    SEARCHED,
    UNREAD,
    advice,
    remarks,
    short,
    small_samples,
    unread_languages,
    unread_statistics,
    unsought,
    weak_recall,
)
from isinglass.pipelines.stages.pii.paper import paper
from isinglass.pipelines.stages.pii.recall import NO_NAMES, NO_VALUES, OFF
from isinglass.pipelines.stages.pii.report_recall import _bound
from isinglass.schemas.config import EntityConfig, PiiConfig, RunConfig
from isinglass.schemas.manifest import FindingCount, Manifest, Recall
from isinglass.schemas.statistic import Statistic


def recall(found: int, planted: int) -> Recall:
    share = found / planted
    return Recall(planted=planted, found=found, recall=share, low=share, high=share)


def count(found: int) -> FindingCount:
    return FindingCount(found=found, changed=found, kept=0)


def told(run_fields: dict[str, Any], **values: Any) -> Manifest:
    blank: dict[str, Any] = {
        "findings": {},
        "recall": {},
        "not_measured": {},
        "recall_slices": [],
    }
    return Manifest(**run_fields | blank | values)


FOUND = {
    "PERSON": count(57_241),
    "IBAN_CODE": count(12),
    "CRYPTO": count(0),
    "US_SSN": count(30),
}
MEASURED = {
    "PERSON": recall(200, 300),
    "IBAN_CODE": recall(400, 400),
    "CRYPTO": recall(100, 400),
    "US_SSN": recall(300, 400),
}


def test_the_head_says_what_is_left_and_what_was_not_looked_for(
    run_fields: dict[str, Any],
) -> None:
    manifest = told(
        run_fields,
        findings=FOUND,
        recall=MEASURED,
        not_measured={"PERSON": NO_NAMES, "NRP": NO_VALUES, "LOCATION": NO_VALUES},
    )
    # 57,241 * .5; 30 / 3. What never occurs is not left either.
    assert remarks(manifest) == [
        "Probably left in the texts: 28\u202f621 PERSON, 10 US_SSN.",
        f"Not measured how much is missed of NRP, LOCATION: {NO_VALUES}.",
        SEARCHED,
    ]
    assert short(manifest) == "about 28\u202f631 probably left"
    names = "Names of people were not searched for: pii.mode is identifiers."
    assert unsought(manifest) == [names]
    command = "`isinglass review RUN --kept`"
    assert advice(manifest) == [
        f"Read passages of kept texts for what was missed: {command}."
    ]


def test_nothing_left_and_nothing_measured_are_not_the_same(
    run_fields: dict[str, Any],
) -> None:
    clean = told(run_fields, findings=FOUND, recall={"IBAN_CODE": recall(400, 400)})
    assert remarks(clean)[0] == (
        "Of no kind that was measured is even one expected to be left."
    )
    assert unsought(clean) == advice(clean) == []
    assert short(clean) == "less than one probably left"
    off = told(run_fields, findings=FOUND, not_measured=dict.fromkeys(FOUND, OFF))
    assert remarks(off) == [
        f"Not measured how much is missed of PERSON, IBAN_CODE, CRYPTO, US_SSN: {OFF}.",
        SEARCHED,
    ]
    assert short(off) == "what was missed was not measured"


def test_too_few_of_every_kind_say_nothing_of_what_is_left(
    run_fields: dict[str, Any],
) -> None:
    measured = {"IBAN_CODE": recall(20, 20), "CRYPTO": recall(29, 29)}
    few = told(run_fields, findings=FOUND, recall=measured)
    # Of what occurs in the texts, the run warns.
    assert remarks(few) == [
        "Too few were planted of CRYPTO to say how many of them are missed.",
        SEARCHED,
    ]
    assert small_samples(dict(few)) == [
        "Too few were planted of IBAN_CODE to say how many of them are missed."
    ]
    assert small_samples({"findings": FOUND, "recall": MEASURED}) == []


def test_a_run_without_a_search_says_nothing_of_it(run_fields: dict[str, Any]) -> None:
    run_fields["config"] = {**run_fields["config"], "pii": None}
    assert remarks(told(run_fields)) == []


@pytest.mark.parametrize(
    ("found", "measured", "warned"),
    [
        # Missed often, and there.
        (count(30), recall(300, 400), True),
        (count(30), recall(360, 400), False),
        # Never found in the texts: nothing to be left.
        (count(0), recall(300, 400), False),
        # Too few to say.
        (count(30), recall(20, 29), False),
        (count(30), recall(20, 30), True),
    ],
)
def test_a_kind_that_occurs_and_is_missed_often_is_warned_of(
    *, found: FindingCount, measured: Recall, warned: bool
) -> None:
    given = {"findings": {"US_SSN": found}, "recall": {"US_SSN": measured}}
    assert bool(weak_recall(given)) == warned


def test_the_warning_names_the_worst_first() -> None:
    (warning,) = weak_recall({"findings": FOUND, "recall": MEASURED})
    assert warning == (
        "Fewer than nine of ten planted ones were found of PERSON (66.7 %, so about "
        "28,621 are left), US_SSN (75.0 %, so about 10 are left)."
    )
    assert weak_recall({}) == []


def test_a_kind_that_is_never_found_is_not_taken_for_one_that_is_not_there(
    run_fields: dict[str, Any],
) -> None:
    measured = {"IBAN_CODE": recall(400, 400), "US_SSN": recall(0, 30)}
    values = {"findings": {"IBAN_CODE": count(12)}, "recall": measured}
    (warning,) = weak_recall(values)
    assert warning.endswith("were found of US_SSN (none, so any number may be left).")
    manifest = told(run_fields, **values)
    assert remarks(manifest)[0] == (
        "Nothing planted was found of US_SSN: any number may be left."
    )
    assert short(manifest) == "of some kinds any number may be left"
    # Of 29 planted nothing is said.
    few = {**values, "recall": {"US_SSN": recall(0, 29)}}
    assert weak_recall(few) == []


def in_language(language: str | None, value: float) -> Statistic:
    return Statistic("characters", value, "characters", "output", language=language)


ELEVEN = (
    "11.0 % of the text is in languages without a model of names (zh 8.0 %, de-AT "
    "3.0 %): no names were looked for in it."
)
LANGUAGES = [
    in_language(None, 1000.0),
    in_language("en-GB", 800.0),
    in_language("und", 90.0),
    in_language("zh", 80.0),
    in_language("de-AT", 30.0),
    Statistic("characters", 9000.0, "characters", "input", language="zh"),
    Statistic("characters", 9000.0, "characters", "output", source="a", language="zh"),
]


@pytest.mark.parametrize(
    ("pii", "most", "share", "warned"),
    [
        (
            PiiConfig(),
            None,
            0.11,
            ELEVEN,
        ),
        (PiiConfig(), 0.1, 0.11, "11.0 % of the text is"),
        (PiiConfig(), 0.11, 0.11, None),
        (PiiConfig(languages={"en": "a", "zh": "b"}), None, 0.03, "3.0 % of the text"),
        (PiiConfig(languages={"zh": "b", "de": "c"}), None, 0.89, "89.0 % of the text"),
        (PiiConfig(languages={"en": "a", "zh": "b", "de": "c"}), None, 0.0, None),
        # The head of the report tells that names were not looked for at all.
        (PiiConfig(mode="identifiers"), None, 1.0, None),
        (PiiConfig(entities={"IBAN_CODE": EntityConfig()}), None, 1.0, None),
    ],
)
def test_text_in_languages_without_a_model_is_counted_and_warned_of(
    pii: PiiConfig, most: float | None, share: float, warned: str | None
) -> None:
    rows = unread_statistics(pii, LANGUAGES)
    (whole,) = (row for row in rows if row.language is None)
    assert whole.value == pytest.approx(share)
    assert whole.denominator == 1000
    parts = [row.value for row in rows if row.language is not None]
    assert sum(parts) == pytest.approx(share)
    gates = [{"metric": UNREAD, "op": "<=", "value": most}] if most else []
    config = RunConfig.model_validate(
        {"inputs": [{"path": "x"}], "output": "o", "gates": gates}
    ).model_copy(update={"pii": pii})
    found = unread_languages(config, rows)
    assert [line.startswith(warned or "-") for line in found] == [True] * bool(warned)
    assert unread_languages(config.model_copy(update={"pii": None}), rows) == []


def test_of_no_text_nothing_is_unread() -> None:
    rows = unread_statistics(PiiConfig(), LANGUAGES[-2:])
    assert [(row.value, row.denominator) for row in rows] == [(0.0, 0.0)]


@pytest.mark.parametrize(
    ("entity", "hits", "expected", "shown"),
    [
        ("US_SSN", 12, 3.0, "12"),
        ("US_SSN", 3, 3.0, "3"),
        ("US_SSN", 2, 3.0, "\u2013"),
        ("US_SSN", 2, None, "2"),
        ("PERSON", 900, 3.0, "\u2013"),
    ],
)
def test_at_most_is_never_less_than_expected(
    entity: str, hits: int, expected: float | None, shown: str
) -> None:
    assert _bound(entity, hits, expected) == shown


def test_the_papers_of_a_release_say_what_the_head_of_the_report_says(
    run_fields: dict[str, Any],
) -> None:
    manifest = told(run_fields, findings=FOUND, not_measured={"PERSON": NO_NAMES})
    limits = paper(ReportData(manifest, Slices(()))).limits
    assert limits == [*unsought(manifest), *remarks(manifest)]
    assert "not searched for" in limits[0]

"""Personal data found and changed in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

import isinglass
from isinglass.api.personal import pii_section
from isinglass.schemas.answers import FOUND_PII, REDACTED
from isinglass.schemas.config import PiiConfig
from isinglass.schemas.config.pii import default_entities
from isinglass.schemas.config.recognizers import DenyConfig, RecognizersConfig
from isinglass.schemas.errors import ConfigError, InputError
from isinglass.transforms.pii.budget import failures_batch
from isinglass.transforms.pii.detector import Detector
from isinglass.transforms.read.batches import BATCH_ROWS
from tests.properties import examples

if TYPE_CHECKING:
    from isinglass.transforms.pii.detector import Detection

ANN, CARD, KEY = "ann@mailbox.io", "4111 1111 1111 1111", "a key for the tests"
TEXTS = [f"Write to {ANN}.", "Nothing here.", f"é𝄞 {CARD}, {ANN}", "a @ b", ""]


def places(found: pa.Table) -> list[tuple[int, str, str]]:
    """Row, entity and value of each finding."""
    rows = found.select(["row", "start", "end", "entity"]).to_pylist()
    return [
        (r["row"], r["entity"], TEXTS[r["row"]][r["start"] : r["end"]]) for r in rows
    ]


@pytest.mark.parametrize(
    ("entities", "expected"),
    [
        (
            None,
            [
                (0, "EMAIL_ADDRESS", ANN),
                (2, "CREDIT_CARD", CARD),
                (2, "EMAIL_ADDRESS", ANN),
            ],
        ),
        (["CREDIT_CARD"], [(2, "CREDIT_CARD", CARD)]),
        (("UK_NHS",), []),
        ([], []),
    ],
)
def test_entities_that_are_looked_for(
    entities: Any, expected: list[tuple[int, str, str]]
) -> None:
    found = isinglass.find_pii(TEXTS, entities)
    assert found.schema == FOUND_PII
    assert places(found) == expected


def test_what_a_finding_says() -> None:
    card = isinglass.find_pii(TEXTS, ["CREDIT_CARD"]).to_pylist()[0]
    assert (card["row"], card["start"], card["end"]) == (2, 3, 22)
    assert card["validated"] is True
    assert 0.3 <= card["base_score"] <= card["score"] <= 1.0
    assert card["failure"] is None


@pytest.mark.parametrize(
    ("operators", "expected"),
    [
        ({}, "é𝄞 <CREDIT_CARD>, <EMAIL_ADDRESS>"),
        ({"CREDIT_CARD": "mask"}, "é𝄞 **** **** **** ****, <EMAIL_ADDRESS>"),
        ({"EMAIL_ADDRESS": "redact"}, "é𝄞 <CREDIT_CARD>, "),
        ({"CREDIT_CARD": "keep", "EMAIL_ADDRESS": "keep"}, TEXTS[2]),
    ],
)
def test_operators(operators: dict[str, Any], expected: str) -> None:
    redacted = isinglass.redact(TEXTS, operators=operators)
    assert redacted.schema == REDACTED
    texts = redacted["text"].to_pylist()
    assert texts[2] == expected
    assert texts[1:5:2] == [TEXTS[1], TEXTS[3]]


def test_values_are_equal_under_one_key_and_in_one_call() -> None:
    hashed: dict[str, Any] = {"operators": {"EMAIL_ADDRESS": "hash"}, "key": KEY}
    once, again = (isinglass.redact(TEXTS, **hashed) for _ in range(2))
    assert once.equals(again)
    assert isinglass.redact(TEXTS, **hashed | {"key": KEY.encode()}).equals(once)
    assert not isinglass.redact(TEXTS, **hashed | {"key": KEY + "!"}).equals(once)
    one, other = (
        isinglass.redact(TEXTS, **hashed | {"key": None})["spans"].to_pylist()
        for _ in range(2)
    )
    assert one[0][0]["value_key"] == one[2][1]["value_key"]
    assert one[0][0]["value_key"] != other[0][0]["value_key"]


PARTS = st.sampled_from([ANN, CARD, "é", "𝄞", " ", ", ", "word ", "\n", "@", "4111"])


@given(
    st.lists(st.none() | st.lists(PARTS, max_size=8).map("".join), max_size=8),
    st.sampled_from(["replace", "mask", "redact", "hash", "keep", "surrogate"]),
)
@examples(100)
def test_spans_are_places_in_both_texts(texts: list[str | None], operator: Any) -> None:
    operators = dict.fromkeys(["EMAIL_ADDRESS", "CREDIT_CARD"], operator)
    redacted = isinglass.redact(texts, operators=operators, key=KEY).to_pylist()
    found = isinglass.find_pii(texts).to_pylist()
    spans = [
        (row, span["start"], span["end"], span["entity"])
        for row, one in enumerate(redacted)
        for span in one["spans"] or [dict.fromkeys(("start", "end", "entity"))]
        if span["entity"] or one["text"] is None
    ]
    assert spans == [(f["row"], f["start"], f["end"], f["entity"]) for f in found]
    for text, one in zip(texts, redacted, strict=True):
        if text is None:
            assert one == {"text": None, "spans": None, "failure": None}
            continue
        before = after = 0
        for span in one["spans"]:
            same = text[before : span["start"]]
            assert same == one["text"][after : span["clean_start"]]
            before, after = span["end"], span["clean_end"]
        assert text[before:] == one["text"][after:]


def test_rows_count_over_all_batches() -> None:
    count = BATCH_ROWS + 10
    texts = ["nothing"] * count
    texts[3] = texts[count - 1] = ANN
    assert isinglass.find_pii(texts)["row"].to_pylist() == [3, count - 1]
    redacted = isinglass.redact(texts)["text"].to_pylist()
    assert [n for n, text in enumerate(redacted) if text != "nothing"] == [3, count - 1]


def test_a_scan_that_fails_is_never_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Detector.detect

    def failing(
        self: Detector, texts: pa.StringArray, languages: pa.StringArray
    ) -> Detection:
        found = whole(self, texts, languages)
        late = [n for n, text in enumerate(texts.to_pylist()) if "late" in text]
        failed = dict.fromkeys(late, ("detector_timeout", "TimeoutError"))
        there = pc.is_in(found.findings.column("row"), pa.array(late, pa.int32()))
        kept = found.findings.filter(pc.invert(there))
        return type(found)(kept, failures_batch(failed), found.suppressed)

    monkeypatch.setattr(Detector, "detect", failing)
    texts = [ANN, None, f"late {ANN}", "fine", f"{ANN} late", "nul\0"]
    failures = [
        None,
        None,
        "detector_timeout",
        None,
        "detector_timeout",
        "nul_character",
    ]
    redacted = isinglass.redact(texts)
    assert redacted["text"].to_pylist() == [
        "<EMAIL_ADDRESS>",
        None,
        None,
        "fine",
        None,
        None,
    ]
    assert redacted["failure"].to_pylist() == failures
    assert redacted["spans"].is_null().to_pylist() == [
        False,
        True,
        True,
        False,
        True,
        True,
    ]
    found = isinglass.find_pii(texts)
    assert found["row"].to_pylist() == [0, 1, 2, 4, 5]
    assert found["failure"].to_pylist() == [None, *failures[1:3], *failures[4:]]
    assert found["entity"].to_pylist() == ["EMAIL_ADDRESS", None, None, None, None]


def test_no_time_at_all_is_a_timeout() -> None:
    """The limit of the section holds here: a clock is given."""
    pii = PiiConfig(mode="identifiers", max_seconds_per_document=1e-9)
    found = isinglass.find_pii([ANN, "nothing"], pii=pii)
    assert found.to_pylist() == [
        dict.fromkeys(FOUND_PII.names) | {"row": 0, "failure": "detector_timeout"}
    ]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            {"entities": "PERSON"},
            TypeError,
            r"single str; give a list, such as \['PERS",
        ),
        ({"entities": ["EMAIL_ADRESS"]}, ConfigError, "Did you mean EMAIL_ADDRESS"),
        ({"entities": ["PERSON"]}, ConfigError, "PERSON is found by a model alone"),
        ({"mode": "quick"}, ConfigError, "mode: quick is none of fast"),
        ({"operators": {"PERSONS": "mask"}}, ConfigError, "operators.PERSONS"),
        (
            {"operators": {"PERSON": "hide"}},
            ConfigError,
            "PERSON.operator: ",
        ),
        (
            {"entities": ["UK_NHS"], "operators": {"PERSON": "mask"}},
            ConfigError,
            "not looked for",
        ),
        ({"key": "x" * 15}, ConfigError, "key: 15 characters"),
        ({"languages": ["en"]}, InputError, "1 tags for 5 texts"),
    ],
)
def test_what_is_refused(
    call: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        isinglass.redact(TEXTS, **call)


def test_a_section_of_a_run_says_all_else() -> None:
    deny = DenyConfig(entity="PERSON", values=("Ann",))
    pii = PiiConfig(mode="identifiers", recognizers=RecognizersConfig(deny=(deny,)))
    found = isinglass.find_pii(["Ann and Anna", ANN], ["PERSON"], pii=pii)
    first = found.to_pylist()[0]
    assert (first["row"], first["start"], first["end"]) == (0, 0, 3)
    assert set(found["entity"].to_pylist()) == {"PERSON"}


@pytest.mark.parametrize(
    ("pii", "mode", "expected"),
    [
        (None, None, "identifiers"),
        (None, "fast", "fast"),
        (PiiConfig(), None, "fast"),
        (PiiConfig(mode="exact"), "identifiers", "identifiers"),
    ],
)
def test_mode_of_the_section_holds_until_another_is_given(
    pii: PiiConfig | None, mode: str | None, expected: str
) -> None:
    made = pii_section(pii, None, mode)
    assert made.mode == expected
    assert made.entities == default_entities()


def test_named_entities_have_their_usual_thresholds() -> None:
    made = pii_section(None, ["PERSON", "URL"], "fast", {"URL": "mask"})
    assert made.entities["PERSON"] == default_entities()["PERSON"]
    assert made.entities["URL"].threshold == 0.0
    assert made.entities["URL"].operator == "mask"


@pytest.mark.slow
def test_names_are_found_in_english_alone() -> None:
    texts = [
        "Yesterday Barack Obama spoke to reporters in Chicago about the economy."
    ] * 3
    texts += ["Gestern sprach Angela Merkel in Berlin mit der Presse über die Lage."]

    def rows(languages: Any) -> list[int]:
        found = isinglass.find_pii(texts, ["PERSON"], "fast", languages)
        return list(dict.fromkeys(found["row"].to_pylist()))

    assert rows(None) == [0, 1, 2]
    assert rows(["en-GB", "de", None, "de"]) == [0, 2]
    assert rows("de") == []

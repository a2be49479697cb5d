from __future__ import annotations

import json
import logging
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config.pii import EntityConfig, PiiConfig
from isinglass.schemas.config.recognizers import PatternConfig, RecognizersConfig
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.spans import FOUND
from isinglass.schemas.tables import FINDINGS
from isinglass.transforms.pii.budget import Budget
from isinglass.transforms.pii.catalogue import load_catalogue
from isinglass.transforms.pii.detector import Detector, build_detector
from isinglass.transforms.pii.found import FoundColumns
from isinglass.transforms.pii.identifiers import IdentifierScanner, gate_patterns
from isinglass.transforms.pii.phones.scanner import PhoneScanner
from isinglass.transforms.pii.reserved import is_reserved
from isinglass.transforms.pii.rules import is_vetoed
from isinglass.transforms.pii.windows import separate_scripts
from tests.properties import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EMAIL, PHONE, IP, CARD = "EMAIL_ADDRESS", "PHONE_NUMBER", "IP_ADDRESS", "CREDIT_CARD"
IBAN, SSN, WALLET = "IBAN_CODE", "US_SSN", "CRYPTO"

CASES = [
    # E-mail.
    ("Mail jo.doe+x@acme.co.uk.", [(EMAIL, "jo.doe+x@acme.co.uk")]),
    ("<a href='mailto:jo@acme.org'>", [(EMAIL, "jo@acme.org")]),
    ("邮箱ab@qq.com谢谢", [(EMAIL, "ab@qq.com")]),
    ("übung@straße.de", [(EMAIL, "übung@straße.de")]),
    ("jo@example.com, jo@mail.example.org", []),
    ("jo@acme.test and jo@x.invalid", []),
    ("see @handle and foo@bar", []),
    ("jo@acme.notatld", []),
    # Phone.
    ("Call (202) 958-0134 now", [(PHONE, "(202) 958-0134")]),
    ("+44 20 7946 1123", [(PHONE, "+44 20 7946 1123")]),
    ("电话13912345678。", [(PHONE, "13912345678")]),
    ("from 1998 to 2002, pages 211-227 (2003)", []),
    ("on 2012-01-02 08:00 at 12.50", []),
    ("pi is 3.14159265", []),
    # IP.
    ("from 8.8.8.8 port 53", [(IP, "8.8.8.8")]),
    ("from 2606:4700::6810:84e5 too", [(IP, "2606:4700::6810:84e5")]),
    ("127.0.0.1 10.1.2.3 192.168.0.1 169.254.1.1 0.0.0.0", []),
    ("192.0.2.7 198.51.100.9 203.0.113.5 2001:db8::7 ::1 ::", []),
    ("version 1.2.3.4, v8.8.4.4, OID 1.3.6.1.4.1", []),
    ("std::add and f::b, 8.8.8.8.8, 999.8.8.8", []),
    # Cards: Luhn holds, then one digit is changed.
    ("card 4111 1111 1111 1111 ok", [(CARD, "4111 1111 1111 1111")]),
    ("余额5500000000000004元", [(CARD, "5500000000000004")]),
    ("card 4111 1111 1111 1112 no", []),
    # IBAN: check digits hold, then they are swapped.
    ("to DE89 3704 0044 0532 0130 00.", [(IBAN, "DE89 3704 0044 0532 0130 00")]),
    ("gb29nwbk60161331926819", [(IBAN, "gb29nwbk60161331926819")]),
    ("to DE98 3704 0044 0532 0130 00.", []),
    # SSN.
    ("SSN: 900 12 3456", [(SSN, "900 12 3456")]),
    ("000-12-3456 666-12-3456 900-00-3456 900-12-0000", []),
    # Bitcoin: checksum holds, then the last character is changed.
    (
        "pay 1BitcoinEaterAddressDontSendf59kuE",
        [(WALLET, "1BitcoinEaterAddressDontSendf59kuE")],
    ),
    ("pay 1BitcoinEaterAddressDontSendf59kuF", []),
    # Nothing.
    ("", []),
    ("Plain words, 42 of them; 1,234,567 people.", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_exact_spans(
    spans: Callable[[str], list[tuple[str, str]]],
    text: str,
    expected: list[tuple[str, str]],
) -> None:
    assert spans(text) == expected


def test_findings_fit_the_table_of_a_run(identifiers: Detector) -> None:
    texts = pa.array(["x", "card 4111111111111111 or jo@acme.org"])
    findings = identifiers.detect(texts, pa.nulls(2, pa.string())).findings
    assert findings.schema == FOUND
    assert all(FINDINGS.field(f.name).type == f.type for f in list(FOUND)[1:])
    assert findings.column("row").to_pylist() == [1, 1]
    assert findings.column("validated").to_pylist() == [True, True]
    assert findings.column("rule").to_pylist() == [
        "card.bare",
        "email.address",
    ]


def test_context_raises_a_score_by_whole_words_only(identifiers: Detector) -> None:
    texts = pa.array(["My phone: (202) 958-0134", "My phony (202) 958-0134"])
    findings = identifiers.detect(texts, pa.nulls(2, pa.string())).findings
    assert findings.column("score").to_pylist() == [0.95, 0.6]


def test_threshold_is_inclusive(identifiers: Detector) -> None:
    entities = {"PHONE_NUMBER": EntityConfig(threshold=0.61)}
    strict = build_detector(PiiConfig(mode="identifiers", entities=entities))
    text, language = pa.array(["(202) 958-0134"]), pa.array(["en"])
    assert identifiers.detect(text, language).findings.num_rows == 1
    assert strict.detect(text, language).findings.num_rows == 0


def test_sliced_arrays_and_offsets_in_code_points(identifiers: Detector) -> None:
    texts = pa.array(["jo@acme.org", "é🙂 余\nmail: jo@acme.org", "x jo@acme.org"])
    findings = identifiers.detect(texts[1:], pa.nulls(2, pa.string())).findings
    rows = [(r["row"], r["start"], r["end"]) for r in findings.to_pylist()]
    assert rows == [(0, 11, 22), (1, 2, 13)]


VALUES = (
    "jo@acme.org",
    "8.8.8.8",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "SSN 219-09-9998",
    "1BitcoinEaterAddressDontSendf59kuE",
    "NIF 12345678Z",
    "110101199003070011",
    "https://u:hunter22@acme.org/",
)


@pytest.fixture(scope="module")
def everything() -> IdentifierScanner:
    """Every recognizer of the catalogue."""
    entities = {entry.entity: EntityConfig() for entry in load_catalogue()}
    config = PiiConfig(mode="identifiers", entities=entities)
    return build_detector(config).identifiers


TEXTS = st.lists(
    st.one_of(
        st.sampled_from(VALUES),
        st.text("ab1é余.,:-@ \n", max_size=30),
        st.integers(0, 3000).map(lambda n: "word " * n),
    ),
    max_size=8,
).map(" ".join)


@examples(60)
@given(st.lists(TEXTS, max_size=3))
def test_gate_and_windows_lose_nothing(
    everything: IdentifierScanner, texts: list[str]
) -> None:
    assert _gated(everything, texts) == _ungated(everything, texts)


@examples(40)
@given(st.lists(st.sampled_from([*VALUES, "1", "a", "@", "余"]), max_size=6))
def test_texts_of_a_batch_do_not_see_each_other(
    everything: IdentifierScanner, texts: list[str]
) -> None:
    alone = {
        (row, *place[1:])
        for row, text in enumerate(texts)
        for place in _gated(everything, [text])
    }
    assert _gated(everything, texts) == alone


def test_a_value_is_found_wherever_a_window_is_cut(
    everything: IdentifierScanner,
) -> None:
    # A line of hits makes one window, which is cut at 8,000 characters.
    head = "jo@acme " * 980
    texts = [f"{head}{'x' * n} 8.8.8.8 {head}" for n in range(0, 400, 29)]
    found = _gated(everything, texts)
    assert found == {(i, 7841 + 29 * i, 7848 + 29 * i) for i in range(len(texts))}


def _gated(scanner: IdentifierScanner, texts: list[str]) -> set[tuple[int, ...]]:
    found = FoundColumns()
    budget = Budget(1000)
    scanner.scan(pa.array(texts, pa.string()), budget, found)
    assert not budget.failed
    return {(f["row"], f["start"], f["end"]) for f in found.batch().to_pylist()}


def _ungated(scanner: IdentifierScanner, texts: list[str]) -> set[tuple[int, ...]]:
    found: set[tuple[int, ...]] = set()
    for row, text in enumerate(texts):
        for one in scanner.identifiers:
            shown = separate_scripts(text) if one.separated else text
            for match in one.matches(shown, 100):
                value = text[match.start : match.end]
                place = (match.start, match.end)
                if not is_reserved(one.entity, value) and not is_vetoed(
                    one.entity, shown, *place
                ):
                    found.add((row, *place))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["clean_pydoc", "zh_structured_synth"])
def test_equal_to_ungated_recognizers_on_real_text(
    everything: IdentifierScanner, shared_data: Path, name: str
) -> None:
    lines = (shared_data / "pii" / f"{name}.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    found = _gated(everything, texts)
    assert found == _ungated(everything, texts)
    assert found


def test_phones_are_found_without_presidio(identifiers: Detector) -> None:
    scanner = identifiers.identifiers
    assert isinstance(scanner.phones, PhoneScanner)
    assert PHONE not in {one.entity for one in scanner.identifiers}


def test_a_recognizer_that_fails_fails_its_row_alone(identifiers: Detector) -> None:
    scanner = identifiers.identifiers

    def analyze(*_: object) -> list[object]:
        raise RuntimeError

    email = next(one for one in scanner.identifiers if one.entity == EMAIL)
    broken = replace(email, patterns=(), recognizer=SimpleNamespace(analyze=analyze))
    others = tuple(broken if one is email else one for one in scanner.identifiers)
    budget, found = Budget(10), FoundColumns()
    texts = pa.array(["8.8.8.8", "jo@acme.org", "(202) 958-0134"])
    replace(scanner, identifiers=others).scan(texts, budget, found)
    assert budget.failed == {1: ("detector_error", "RuntimeError")}
    assert [f["row"] for f in found.batch().to_pylist()] == [0, 2]


def test_a_pattern_out_of_time_is_a_failure() -> None:
    pattern = PatternConfig(entity="X", name="slow", regex=r"(a|aa)+c(?<!ac)")
    recognizers = RecognizersConfig(patterns=(pattern,))
    config = PiiConfig(
        mode="identifiers",
        recognizers=recognizers,
        max_seconds_per_document=0.05,
    )
    texts = pa.array(["a" * 60 + "c", "jo@acme.org"])
    detection = build_detector(config).detect(texts, pa.nulls(2, pa.string()))
    assert detection.failures.to_pylist() == [
        {"row": 0, "reason": "detector_timeout", "detail": "TimeoutError"}
    ]
    assert detection.findings.column("row").to_pylist() == [1]


def test_other_predefined_entities_run_behind_a_derived_gate() -> None:
    entities = {"ES_NIF": EntityConfig(), "UK_NHS": EntityConfig()}
    config = PiiConfig(mode="identifiers", entities=entities)
    detector = build_detector(config)
    assert detector.identifiers.gated == (True, True)
    texts = pa.array(["NIF 12345678Z", "NIF 12345678A", "401-023-2137"])
    found = detector.detect(texts, pa.nulls(3, pa.string())).findings
    rows = [(r["row"], r["entity"]) for r in found.to_pylist()]
    assert rows == [(0, "ES_NIF"), (2, "UK_NHS")]


def test_a_pattern_that_the_gate_cannot_take_runs_ungated(
    identifiers: Detector,
) -> None:
    found = identifiers.identifiers.identifiers
    email = next(one for one in found if one.entity == "IBAN_CODE")
    pattern, compiled = email.patterns[0]
    odd = type(pattern)("odd", r"c{2,70000}", 0.5)
    assert gate_patterns(0, replace(email, gate=""))
    changed = replace(email, patterns=((odd, compiled),), gate="")
    assert gate_patterns(0, changed) == []


def test_unknown_entity_names_key_and_choices() -> None:
    config = PiiConfig(mode="identifiers", entities={"SHOE_SIZE": EntityConfig()})
    with pytest.raises(ConfigError, match=r"pii.entities.SHOE_SIZE.*US_PASSPORT"):
        build_detector(config)


def allowing(*entities: str) -> PiiConfig:
    lists = [{"values": ["a"]}, {"values": ["Ann"], "entities": entities}]
    recognizers = {
        "patterns": [{"entity": "BADGE", "name": "badge", "regex": "B[0-9]+"}],
        "allow": lists,
    }
    return PiiConfig.model_validate(
        {"mode": "identifiers", "entities": {EMAIL: {}}, "recognizers": recognizers}
    )


def test_unknown_entity_of_an_allow_list_names_key_and_nearest() -> None:
    pattern = r"allow\.1\.entities\.1: PERSONS: no recogn.*Did you mean PERSON\?"
    with pytest.raises(ConfigError, match=pattern):
        build_detector(allowing(EMAIL, "PERSONS"))
    # Of the run, of a model, of the catalogue, of Presidio, of the user.
    build_detector(allowing(EMAIL, "PERSON", PHONE, SSN, "US_PASSPORT", "BADGE"))


def test_unknown_phone_region_names_key_and_value() -> None:
    with pytest.raises(ConfigError, match=r"pii.phone_regions: UK is not known"):
        build_detector(PiiConfig(mode="identifiers", phone_regions=("US", "UK")))


def test_nothing_of_a_text_is_logged_or_shown(
    identifiers: Detector, caplog: pytest.LogCaptureFixture
) -> None:
    texts = pa.array(["secret jo@acme.org DE89 3704 0044 0532 0130 00"])
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("presidio-analyzer").error("Failed to validate text %s", "jo")
        detection = identifiers.detect(texts, pa.array(["en"]))
    assert detection.findings.num_rows == 2
    assert "jo" not in repr(detection)
    assert not [r for r in caplog.records if r.name.startswith("presidio")]

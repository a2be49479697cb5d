from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from isinglass.schemas.config import PiiConfig
from isinglass.schemas.config.recognizers import RecognizersConfig
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.pii.detector import Detection, build_detector
from isinglass.transforms.pii.identifiers import IdentifierScanner
from isinglass.transforms.pii.plugins.build import plug_ins
from isinglass.transforms.pii.plugins.value_files import user_files, with_absolute_files
from isinglass.transforms.pii.recognizers import Identifier

if TYPE_CHECKING:
    from pathlib import Path


def section(entities: dict[str, Any] | None = None, **own: Any) -> PiiConfig:
    content = {"mode": "identifiers", "entities": entities or {}, "recognizers": own}
    return PiiConfig.model_validate(content)


def scan(config: PiiConfig, *texts: str) -> Detection:
    languages = pa.array([None] * len(texts), pa.string())
    return build_detector(config).detect(pa.array(texts, pa.string()), languages)


def found(config: PiiConfig, *texts: str) -> list[tuple[int, str, str]]:
    rows = scan(config, *texts).findings.to_pylist()
    return [
        (r["row"], r["entity"], texts[r["row"]][r["start"] : r["end"]]) for r in rows
    ]


def test_a_predefined_recognizer_by_class() -> None:
    config = section(predefined=["UkNinoRecognizer"])
    texts = ("my nino is AA123456B ok", "AA1234567B", "")
    assert found(config, *texts) == [(0, "UK_NINO", "AA123456B")]


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"predefined": ["UkNinoRecogniser"]}, "0: .*did you mean UkNinoRecognizer"),
        ({"predefined": ["Qqq"]}, "no recognizer Qqq; see"),
        ({"predefined": ["EmailRecognizer"]}, "pii.entities.EMAIL_ADDRESS"),
        ({"predefined": ["GLiNERRecognizer"]}, "nothing is downloaded"),
        ({"predefined": ["HuggingFaceNerRecognizer"]}, "nothing is downloaded"),
        ({"predefined": ["StanzaRecognizer"]}, "pii.languages"),
        ({"predefined": ["TransformersRecognizer"]}, "pii.languages"),
        ({"predefined": ["AzureAILanguageRecognizer"]}, "must run on this machine"),
        ({"files": ["/no/such.yaml"]}, "files.0: /no/such.yaml cannot be read"),
        (
            {"patterns": [{"entity": "A", "name": "a", "regex": "ab(c"}]},
            r"patterns\.0\.regex: is no regular expression; look at position 4",
        ),
        ({"deny": [{"entity": "A"}]}, r"deny\.0: no value"),
        (
            {"patterns": [{"entity": "A", "name": "a", "regex": "b"}] * 2},
            "two recognizers of A are called a",
        ),
    ],
)
def test_a_bad_section_is_refused(own: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        plug_ins(RecognizersConfig.model_validate(own))


def pattern(regex: str, **more: Any) -> dict[str, Any]:
    return {"entity": "TICKET", "name": "ticket", "regex": regex, **more}


@pytest.mark.parametrize(
    ("regex", "text", "value"),
    [
        (r"\bTK-\d{5}\b", "tk-12345", "tk-12345"),
        (r"\bTK-\d{5}\b", "T\u212a-12345", "T\u212a-12345"),
        (r"\bTK-\d{5}\b", "\u5de5\u5355TK-12345\u53f7", "TK-12345"),
        (r"ask\d", "a\u017fk\u0663", "a\u017fk\u0663"),
        (r"(?<=x\s*)TK\d", "x  TK1", "TK1"),  # look-behind of variable length
        (r"\b(\w+)-\1\b", "so tom-tom", "tom-tom"),  # back-reference
        (r"(?i)tk\d", "Tk1", "Tk1"),
        (r"(?x) TK \d", "a TK1", "TK1"),
        (r"(?:ticket){e<=1}", "a tickit", "tickit"),
        ("\u5f20\u4e09", "\u6211\u662f\u5f20\u4e09\u5417", "\u5f20\u4e09"),
        (r"\u5f20.", "\u6211\u662f\u5f20\u4e09\u5417", "\u5f20\u4e09"),
        (r"^TK\d$", "a\nTK1\nb", "TK1"),
    ],
)
def test_an_ad_hoc_pattern(regex: str, text: str, value: str) -> None:
    assert (1, "TICKET", value) in found(section(patterns=[pattern(regex)]), "", text)


def test_a_pattern_has_score_rule_and_context() -> None:
    own = pattern(r"TK\d", score=0.5, context=["ticket"])
    rows = scan(section(patterns=[own]), "TK1", "my ticket TK2").findings.to_pylist()
    assert [(r["score"], r["base_score"], r["context"]) for r in rows] == [
        (0.5, 0.5, None),
        (0.85, 0.5, "ticket"),
    ]
    assert {r["rule"] for r in rows} == {"ticket"}


def test_thresholds_are_those_of_the_entity() -> None:
    entities = {"IP_ADDRESS": {}, "CRYPTO": {"threshold": 0.7}}
    own = pattern(r"TK\d", score=0.6) | {"entity": "CRYPTO"}
    assert found(section(entities, patterns=[own]), "TK1") == []
    assert found(section(patterns=[own]), "TK1") == [(0, "CRYPTO", "TK1")]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("bluebird, BLUE; (Blue Bird)", ["bluebird", "BLUE", "Blue Bird"]),
        ("bluebirds, blue_, xblue, blue1", []),
        ("\u6211\u662f\u5f20\u4e09\u5417", ["\u5f20\u4e09"]),
        ("\u5728Bluebird\u91cc", ["Bluebird"]),
        ("c++ and C++.", ["c++", "C++"]),
        (
            "\u0411\u043b\u044e\u0437, \u0431\u043b\u044e\u0437\u0430",
            ["\u0411\u043b\u044e\u0437"],
        ),
    ],
)
def test_denied_values_are_whole_words(text: str, values: list[str]) -> None:
    words = ["Blue", "Bluebird", "Blue Bird", "\u5f20\u4e09", "C++"]
    words.append("\u0431\u043b\u044e\u0437")
    config = section(deny=[{"entity": "PROJECT", "values": words}])
    assert [value for _, _, value in found(config, text)] == values


def test_a_deny_list_may_heed_case_and_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("Blue\n\nGreen [x]\n", "utf-8")
    entry = {"entity": "PROJECT", "file": str(path), "ignore_case": False}
    texts = ("Blue blue", "a Green [x] b")
    assert found(section(deny=[entry]), *texts) == [
        (0, "PROJECT", "Blue"),
        (1, "PROJECT", "Green [x]"),
    ]


def test_a_long_deny_list_is_gated() -> None:
    values = [f"Project {n:04d}" for n in range(2000)]
    config = section(deny=[{"entity": "PROJECT", "values": values}])
    assert IdentifierScanner.build(config).gated == (True,)
    assert found(config, "x", "project 1999 y") == [(1, "PROJECT", "project 1999")]


def test_allowed_values_are_counted() -> None:
    allow = [{"values": ["TK1"], "entities": ["TICKET"]}]
    config = section(patterns=[pattern(r"TK\d")], allow=allow)
    detection = scan(config, "TK1 TK2", "TK1")
    assert detection.findings.num_rows == 1
    assert detection.suppressed == {"TICKET": 2}


def test_a_recognizer_that_raises_fails_its_document_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = Identifier.matches

    def broken(self: Identifier, text: str, seconds: float) -> list[Any]:
        if "boom" in text:
            raise RuntimeError(text)
        return whole(self, text, seconds)

    monkeypatch.setattr(Identifier, "matches", broken)
    config = section(patterns=[pattern(r"TK\d")])
    detection = scan(config, "TK1", "TK2 boom", "TK3")
    assert detection.findings.column("row").to_pylist() == [0, 2]
    assert detection.failures.to_pylist() == [
        {"row": 1, "reason": "detector_error", "detail": "RuntimeError"}
    ]


def test_a_pattern_that_takes_too_long_fails_its_document_only() -> None:
    config = section(patterns=[pattern(r"(?x)(?:a|aa)+c")])
    config = config.model_copy(update={"max_seconds_per_document": 0.2})
    detection = scan(config, "aac", "a" * 90 + "b c", "ac")
    assert detection.failures.column("reason").to_pylist() == ["detector_timeout"]
    assert detection.findings.column("row").to_pylist() == [0, 2]


def test_other_contents_of_a_file_make_another_detector(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_text("Blue\n", "utf-8")
    config = section(deny=[{"entity": "PROJECT", "file": str(path)}])
    before = user_files(config.recognizers)
    assert found(config, "blue green") == [(0, "PROJECT", "blue")]
    path.write_text("Green\n", "utf-8")
    assert found(config, "blue green") == [(0, "PROJECT", "green")]
    assert user_files(config.recognizers) != before


def test_names_of_files_start_from_a_folder(tmp_path: Path) -> None:
    config = section(
        files=["a.yaml"],
        deny=[{"entity": "A", "file": "d.txt"}, {"entity": "B", "values": ["b"]}],
        allow=[{"file": str(tmp_path / "x.txt")}],
    )
    moved = with_absolute_files(config, tmp_path).recognizers
    assert moved.files == (str(tmp_path / "a.yaml"),)
    assert [entry.file for entry in moved.deny] == [str(tmp_path / "d.txt"), None]
    assert moved.allow == config.recognizers.allow
    assert with_absolute_files(section(), tmp_path) == section()


def test_what_a_user_names_is_not_judged_again() -> None:
    # Reserved addresses, and digits all alike, name nobody; but they are asked for.
    values = ["me@example.com", "10.0.0.1", "000000"]
    config = section(deny=[{"entity": "IP_ADDRESS", "values": values}])
    text = "version 10.0.0.1, me@example.com, 000000"
    assert [value for _, _, value in found(config, text)] == [
        "10.0.0.1",
        "me@example.com",
        "000000",
    ]

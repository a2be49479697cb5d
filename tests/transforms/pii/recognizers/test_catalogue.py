"""The catalogue as data: complete, well formed, gates that open for every match."""

from __future__ import annotations

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config.kinds import kind_files, known_kinds
from isinglass.schemas.config.pii import PiiConfig, default_entities
from isinglass.transforms.pii.catalogue import Entry, expand, load_catalogue
from isinglass.transforms.pii.data import data_files
from isinglass.transforms.pii.recognizers import build_identifiers, catalogue_recognizer
from tests.properties import examples
from tests.transforms.pii.catalogue_cases import hits, opens

ENTRIES = [entry for entry in load_catalogue() if entry.recognizer.patterns]
NAMES = [f"{entry.entity}-{entry.recognizer.rule}" for entry in ENTRIES]

CASES = [(entry, value) for entry in ENTRIES for value in entry.recognizer.examples]


def test_every_kind_but_names_and_phones_is_in_the_catalogue() -> None:
    known = {entry.entity for entry in load_catalogue()}
    # A model finds names; telephone numbers have a search of their own.
    assert known == {*known_kinds()} - {"PERSON", "PHONE_NUMBER"}
    built = build_identifiers(PiiConfig(mode="identifiers"))
    assert {one.entity for one in built} == known & {*default_entities()}


def test_files_say_what_they_are_and_are_hashed() -> None:
    hashed = {entry.name for entry in data_files()}
    for file in kind_files().values():
        assert file.licence == "CC0-1.0"
        assert file.source.startswith("compiled for isinglass")
        assert file.name in hashed


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_entries_are_well_formed(entry: Entry) -> None:
    assert len({p.name for p in entry.recognizer.patterns}) == len(
        entry.recognizer.patterns
    )
    for pattern in entry.recognizer.patterns:
        assert r"\b" not in pattern.regex.replace(r"\\b", "")
        assert not regex.search("<[a-z]+>", pattern.regex)
    low = min(p.score for p in entry.recognizer.patterns)
    # What does not count by itself must be able to count with a context word.
    if low < known_kinds()[entry.entity].threshold:
        assert entry.recognizer.context


def test_every_pattern_has_an_example() -> None:
    missing = []
    for entry in ENTRIES:
        if (
            entry.entity in ("SECRET", "URL_CREDENTIALS", "CN_PERSON")
            and not entry.recognizer.examples
        ):
            # test_recognizers_secrets.py and test_chinese_names.py have them
            continue
        missing += [
            (entry.recognizer.rule, p.name)
            for p in entry.recognizer.patterns
            if not any(
                regex.search(p.regex, value) for value in entry.recognizer.examples
            )
        ]
    assert missing == []


AROUND = st.sampled_from(
    [
        "",
        " ",
        "\n",
        "余",
        "号",
        "は",
        "ก",
        "é",
        "، ",
        ",",
        ".",
        "(",
        '"',
        ">",
        "|",
        "=",
        "#",
    ]
)


@pytest.mark.parametrize(("entry", "value"), CASES)
@examples(8)
@given(before=AROUND, behind=AROUND)
def test_gates_open_wherever_a_pattern_matches(
    entry: Entry, value: str, before: str, behind: str
) -> None:
    text = before + value + behind
    if any(regex.search(p.regex, text) for p in entry.recognizer.patterns):
        assert opens(entry, text)


@pytest.mark.parametrize(("entry", "value"), CASES)
@pytest.mark.parametrize("around", ["余{}元", "は{}を", "ก{}ก", " {} ", "({})", '"{}"'])
def test_patterns_match_beside_letters_of_any_script(
    entry: Entry, value: str, around: str
) -> None:
    if entry.recognizer.rule == "email" and around[0] == "é":
        return
    text = around.format(value)
    spans = {
        m.group()
        for p in entry.recognizer.patterns
        for m in regex.finditer(p.regex, text)
    }
    assert value.removesuffix(":53").removesuffix(".The").strip("_") in spans


@pytest.mark.parametrize(("entry", "value"), CASES)
def test_patterns_do_not_match_inside_of_a_longer_word(
    entry: Entry, value: str
) -> None:
    if entry.recognizer.rule in ("email", "jwt", "cn_plate", "url"):
        return  # an address or token takes the letters in, or needs no border
    for text in (f"a{value}", f"9{value}", f"{value}a", f"{value}9"):
        spans = {
            m.group()
            for p in entry.recognizer.patterns
            for m in regex.finditer(p.regex, text)
        }
        assert value not in spans, text


NASTY = [
    *(
        "1",
        "1 ",
        "1-",
        "1.",
        "a",
        "a.",
        "a1",
        "a@",
        "a@a.",
        "a:",
        "://a:",
        "0x",
        "eyJa-",
    ),
    *("4111 ", "eyJa.", "secret=", "-----BEGIN PRIVATE KEY-----", "password='", "A1"),
    *("?token=", "2a00:", ":a", "DE89 ", "余A", "é", "%+"),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_time_grows_gently_with_the_length_of_a_text(entry: Entry) -> None:
    for pattern in entry.recognizer.patterns:
        compiled = regex.compile(pattern.regex)
        for piece in NASTY:
            text = piece * (8_000 // len(piece))
            # A run of 8,000 characters is the longest window. Raises on timeout.
            for _ in compiled.finditer(text, timeout=5):
                pass


PLAIN = (
    "In 2012, 1,234,567 people paid $12.50 for it; see pp. 211-227, RFC 5321 "
    "and https://mailbox.home.arpa/a/b/20120102?page=2 (10:45, 2012-01-02), tel. 555."
)


def test_gates_stay_shut_in_plain_text() -> None:
    opened = [e.recognizer.rule for e in ENTRIES if hits(e, PLAIN)]
    assert opened == ["url", "bare_host"]  # it has an address


@pytest.mark.parametrize(("entry", "value"), CASES)
def test_gates_report_a_value_once_or_twice(entry: Entry, value: str) -> None:
    assert (
        1
        <= hits(entry, f"x {value} y")
        <= (20 if entry.recognizer.rule == "jwt" else 4)
    )


def test_macros_are_expanded_within_macros() -> None:
    assert expand("<b>x<c>", {"a": "1", "b": "<a>2"}) == "12x<c>"


@pytest.mark.parametrize(
    ("rule", "value", "verdict"),
    [
        ("card", "4111111111111111", True),
        ("card", "4111111111111112", False),
        ("card_rare", "4222222222222", None),
        ("de_tax_id", "47 036 892 816", True),
        ("de_tax_id", "86095742719", None),
        ("de_tax_id", "86095742718", False),
        ("uk_nhs", "943 476 5919", None),
        ("uk_nino", "AB123456C", None),
    ],
)
def test_a_check_proves_no_bare_run_of_digits(
    rule: str,
    value: str,
    verdict: bool | None,  # noqa: FBT001
) -> None:
    entry = next(entry for entry in ENTRIES if entry.recognizer.rule == rule)
    assert catalogue_recognizer(entry).validate_result(value) is verdict

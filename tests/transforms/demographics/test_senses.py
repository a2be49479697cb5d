"""Ambiguous terms: labelled sentences, and each rule with its near misses."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from isinglass.schemas.config.demographics import DemographicsConfig
from isinglass.transforms.demographics.counts import count_mentions
from isinglass.transforms.demographics.lexicon import load_lexicons
from isinglass.transforms.demographics.senses import RULES

LEXICONS = load_lexicons()
HERE = Path(__file__).parent
LEAST_PRECISION, LEAST_RECALL = 0.9, 0.85


def labelled(name: str) -> list[tuple[tuple[str, str], bool, str]]:
    """Group, whether it is meant, and the sentence."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [((row[0], row[1]), row[3] == "1", row[4]) for row in rows]


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("sense_cases.tsv", "en"),
        ("sense_cases_held.tsv", "en"),
        ("sense_cases_nations.tsv", "en"),
        ("sense_cases_nations_held.tsv", "en"),
        ("sense_cases_zh.tsv", "zh"),
    ],
)
def test_precision_and_recall_on_labelled_sentences(name: str, language: str) -> None:
    cases = labelled(name)
    texts = pa.array([text for _, _, text in cases])
    languages = pa.array([language] * len(cases))
    counts, _ = count_mentions(texts, languages, LEXICONS)
    columns = {group: place for place, group in enumerate(LEXICONS.groups)}
    found = [
        bool(counts.dense([columns[group]])[row, 0])
        for row, (group, _, _) in enumerate(cases)
    ]
    meant = [expected for _, expected, _ in cases]
    both = sum(a and b for a, b in zip(found, meant, strict=True))
    assert both / sum(found) >= LEAST_PRECISION
    assert both / sum(meant) >= LEAST_RECALL


CASES = [
    ("black", "Black voters turned out.", "qualifies"),
    ("black", "young, black and poor mothers", "qualifies"),
    ("black", "a black-and-white photograph", "rejected"),
    ("black", "Jack Black actors", "rejected"),
    ("deaf", "She was born deaf.", "predicate"),
    ("deaf", "people who are completely deaf", "predicate"),
    ("deaf", "It was deaf.", "rejected"),
    ("blind", "a school for the blind", "collective"),
    ("blind", "the deaf and blind of the town", "collective"),
    ("blind", "the blind corner", "rejected"),
    ("old", "the old ones are evicted", "rejected"),
    ("old", "old people", "qualifies"),
    ("old", "old user interfaces", "rejected"),
    ("jordan", "He lives in Jordan.", "place"),
    ("jordan", "Syria, Jordan and Lebanon", "place"),
    ("jordan", "Michael Jordan scored.", "rejected"),
    ("jordan", "Jordan Peterson wrote it.", "rejected"),
    ("jordan", "in jordan", "rejected"),
    ("christian", "Christian families", "people"),
    ("christian", "Christian Bale", "rejected"),
    ("french", "French voters", "language"),
    ("french", "She is French.", "language"),
    ("french", "It is written in French.", "rejected"),
    ("french", "a French dictionary", "rejected"),
    ("french", "a French cat", "rejected"),
    ("french", "The French won.", "language"),
    ("american", "American nurses", "nation"),
    ("american", "American, British and Canadian nurses", "nation"),
    ("american", "American, British and Canadian cars", "rejected"),
    ("american", "the first American in orbit", "nation"),
    ("american", "an American living in Berlin", "nation"),
    ("american", "an American living room", "rejected"),
    ("american", "It is American.", "rejected"),
    ("american", "She is American.", "nation"),
    ("Polish", "The Polish workers left.", "language"),
    ("Polish", "a Polish sausage", "rejected"),
    ("Polish", "Polish the table.", "rejected"),
    ("Polish", "You polish it.", "rejected"),
]


@pytest.mark.parametrize(("term", "text", "rule"), CASES)
def test_the_rule_that_accepts(term: str, text: str, rule: str) -> None:
    _, matches = count_mentions(pa.array([text]), pa.array(["en"]), LEXICONS)
    rules = [
        RULES[number]
        for place, number in zip(matches.terms, matches.rules, strict=True)
        if LEXICONS.terms[place][2].term == term
    ]
    assert (rules or ["rejected"])[:1] == [rule]


@pytest.mark.parametrize(
    ("language", "term", "text", "counts"),
    [
        ("en", "{term: Rose, sense: cased}", "my Rose, a rose", 1),
        ("zh", "{term: 罗斯, sense: cased}", "我和罗斯去了", 1),
        ("hi", "{term: गुलाब, sense: cased}", "वह गुलाब", 1),
        ("ar", "{term: الأردن, sense: place}", "من الأردن", 1),
        ("en", "{term: jordan, sense: place}", "from jordan", 0),
    ],
)
def test_a_letter_without_a_capital_is_no_small_one(
    tmp_path: Path, language: str, term: str, text: str, counts: int
) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        f"name: own\nlanguage: {language}\nversion: '1'\nsource: own\n"
        f"licence: CC0-1.0\naxes: {{kin: {{near: [{term}]}}}}\n"
        "senses: {place_before: [من]}\n",
        encoding="utf-8",
    )
    config = DemographicsConfig(axes=("kin",), lexicons=(str(path),))
    found, _ = count_mentions(
        pa.array([text]), pa.array([language]), load_lexicons(config)
    )
    assert found.counts.sum() == counts


def test_only_what_is_sure_is_firm() -> None:
    text = "She and black voters and black people in Jordan, the Norwegians."
    counts, _ = count_mentions(pa.array([text]), pa.array(["en"]), LEXICONS)
    found = {
        LEXICONS.groups[column]: (count, firm)
        for column, count, firm in zip(
            counts.groups.tolist(),
            counts.counts.tolist(),
            counts.firm.tolist(),
            strict=True,
        )
    }
    assert found["gender", "female"] == (1, 1)
    assert found["race_ethnicity", "black"] == (2, 0)
    assert found["nationality", "jordanian"] == (1, 0)


def test_a_window_may_begin_within_a_character() -> None:
    text = "\u00e9" * 200 + " black voters " + "\u4e2d" * 100
    _, matches = count_mentions(pa.array(["x", text]), pa.array(["en"] * 2), LEXICONS)
    assert matches.rows.tolist() == [1]
    assert text[matches.starts[0] : matches.stops[0]] == "black"
    assert RULES[matches.rules[0]] == "qualifies"

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.schemas.config.demographics import DemographicsConfig
from isinglass.transforms.demographics.counts import (
    MentionCounts,
    count_mentions,
    mention_columns,
    mention_fields,
    read_mentions,
)
from isinglass.transforms.demographics.lexicon import load_lexicons
from isinglass.transforms.demographics.words import MAX_WORD

GENDER = load_lexicons(DemographicsConfig(axes=("gender",)))
SEXES = [GENDER.groups.index(("gender", group)) for group in ("female", "male")]


def counted(texts: pa.StringArray, languages: pa.StringArray) -> MentionCounts:
    return count_mentions(texts, languages, GENDER)[0]


def sexes(found: MentionCounts) -> list[list[int]]:
    matrix: list[list[int]] = found.dense(SEXES).tolist()
    return matrix


def count(text: str, language: str | None = "en") -> tuple[int, int]:
    texts, languages = pa.array([text], pa.string()), pa.array([language], pa.string())
    female, male = sexes(counted(texts, languages))[0]
    return female, male


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (0, 0)),
        ("She saw her.", (2, 0)),
        ("HE, Him; hIs: himself", (0, 4)),
        ("the then there shed helm hers", (1, 0)),
        ("he's she'd SHE\u2019LL", (2, 1)),
        ("mother's and fathers'", (1, 1)),
        ("her_name and _her_ and __she__", (2, 0)),
        ("she2 2she", (0, 0)),
        ("she\u00adpherd and s\u00adhe", (1, 0)),
        ("\ufeffShe", (1, 0)),
        ("he\u0301 he\u200bhe", (0, 2)),
        ("mother-in-law, sister in law", (2, 0)),
        ("mother. In law", (1, 0)),
        ("sons-in-law father", (0, 2)),
        ("the Isle of Man, a man", (0, 1)),
        ("isle of", (0, 0)),
        ("isle of. man", (0, 1)),
        ("no man's land; no man's hat", (0, 1)),
        ("man" * 20, (0, 0)),
        ("she " * 1000, (1000, 0)),
        ("mother in " * 100 + "mother in law", (101, 0)),
        ("x" * 40 + " he", (0, 1)),
    ],
)
def test_english(text: str, expected: tuple[int, int]) -> None:
    assert count(text) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Die Frau und der Mann; man fragt sie.", "de", (1, 1)),
        ("GROSSMUTTER und Großvater", "de-CH", (1, 1)),
        ("Thomas Mann und Frau Mann", "de", (1, 1)),
        ("L'homme et sa me\u0300re", "fr", (1, 1)),
        ("les droits de l\u2019homme, l\u2019homme", "fr", (0, 1)),
        ("El habló con él y con ella.", "es", (1, 1)),
        ("el e\u0301l", "es", (0, 1)),
        ("他和她", "zh", (1, 1)),
        ("其他人弹吉他,维他命", "zh", (0, 0)),
        ("他们和她们", "zh", (0, 0)),
        ("她妈妈说他是男孩子。", "zh-Hant", (2, 2)),
        ("女孩子", "zh", (1, 0)),
        ("其,他", "zh", (0, 1)),
        ("she 他", "en", (1, 0)),
        ("she 他", "zh", (0, 1)),
    ],
)
def test_other_languages(text: str, language: str, expected: tuple[int, int]) -> None:
    assert count(text, language) == expected


@pytest.mark.parametrize("language", [None, "", "und", "tlh"])
def test_a_language_without_lexicon_is_not_covered(language: str | None) -> None:
    found = counted(
        pa.array(["she and he", "she"]), pa.array([language, "en"], pa.string())
    )
    assert sexes(found) == [[0, 0], [1, 0]]
    assert found.covered.tolist() == [False, True]
    assert found.words.tolist() == [3, 1]


@pytest.mark.parametrize(
    ("text", "words"),
    [("", 0), ("a b_c _", 3), ("don't", 2), ("他和她", 3), ("naïve nai\u0308ve", 2)],
)
def test_words(text: str, words: int) -> None:
    found = counted(pa.array([text]), pa.array(["en"]))
    assert found.words.tolist() == [words]


def test_types_and_shapes() -> None:
    found = counted(pa.array([], pa.string()), pa.array([], pa.string()))
    assert found.starts.tolist() == [0]
    assert found.counts.dtype == found.firm.dtype == np.int32
    assert found.groups.dtype == np.uint16
    assert found.covered.dtype == np.bool_
    assert found.words.dtype == np.int64
    with pytest.raises(ValueError, match="2 texts have 1 languages"):
        counted(pa.array(["", ""]), pa.array(["en"]))
    with pytest.raises(ValueError, match="null"):
        counted(pa.array([None], pa.string()), pa.array(["en"]))


_WORDS = ["she", "He", "HIM", "mother", "in", "law", "isle", "of", "man", "no", "s"]
_GAPS = [" ", "-", "'", ". ", "\n", "_", "\u00ad", "é", "他", ""]


def oracle(text: str) -> tuple[int, int]:
    """The same rule by way of `re`: longest entry first, in runs of whole words."""
    lexicon = GENDER.find("en")
    assert lexicon is not None
    places = {"female": 1, "male": 2}
    group_of = {
        form: places.get(group, 0)
        for (_, group), term in lexicon.terms
        for form in term.written
    }
    entries = {**group_of, **dict.fromkeys(lexicon.vetoes, 0)}
    table = {tuple(re.split(r"[ '-]", form)): n for form, n in entries.items()}
    totals = [0, 0, 0]
    plain = text.lower().replace("\u00ad", "")
    for run in re.split(r"[^\w \n'-]+|[\u3040-\u9fff]", plain):
        words = [word.strip("_") for word in re.findall(r"\w+", run)]
        start = 0
        while start < len(words):
            sizes = [n for n in range(8, 0, -1) if tuple(words[start:][:n]) in table]
            size = min(sizes[0], len(words) - start) if sizes else 1
            totals[table.get(tuple(words[start : start + size]), 0)] += 1
            start += size
    return totals[1], totals[2]


@given(
    st.lists(st.tuples(st.sampled_from(_WORDS), st.sampled_from(_GAPS)), max_size=90)
)
def test_equals_the_rule_by_regular_expressions(pieces: list[tuple[str, str]]) -> None:
    text = "".join(word + gap for word, gap in pieces)
    assert count(text) == oracle(text)


@given(st.lists(st.text(max_size=MAX_WORD + 8), max_size=6), st.integers(0, 5))
def test_slices_count_as_the_whole_does(texts: list[str], cut: int) -> None:
    array = pa.array(texts, pa.string())
    languages = pa.array(["en"] * len(texts), pa.string())
    whole = counted(array, languages)
    part = counted(array[cut:], languages[cut:])
    assert sexes(part) == sexes(whole)[cut:]
    assert part.words.tolist() == whole.words[cut:].tolist()


def total(found: MentionCounts) -> list[int]:
    return [sum(column) for column in zip(*sexes(found), strict=True)]


def test_tagged_prose_has_exact_counts() -> None:
    # Words as the Brown corpus prints them: one token apart, quotes doubled.
    text = "`` He said that she and her mother saw him '' , Mrs. Ames told Mr. Roe . "
    found = counted(pa.array([text * 500] * 3), pa.array(["en"] * 3))
    assert total(found) == [4 * 1500, 3 * 1500]


def test_gap_target_pronouns(shared_data: Path) -> None:
    """Webster et al. 2018: as many feminine as masculine targets, 227 each."""
    path = shared_data / "fairness" / "gap" / "gap-validation.tsv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    pronouns = pa.array([row["Pronoun"] for row in rows])
    assert total(counted(pronouns, pa.array(["en"] * len(rows)))) == [227, 227]


def test_corpus_equals_the_rule(shared_data: Path) -> None:
    path = shared_data / "corpus" / "docs-00000-of-00004.parquet"
    texts = pq.read_table(path)["text"].combine_chunks().cast(pa.string())
    ascii_texts = [text for text in texts.to_pylist() if text.isascii()][:200]
    found = counted(pa.array(ascii_texts), pa.array(["en"] * len(ascii_texts)))
    # Soft gaps of the rule: white space, hyphens and apostrophes.
    spaced = [re.sub(r"[\t\r\x0b\x0c]", ".", text) for text in ascii_texts]
    same = [i for i, text in enumerate(ascii_texts) if spaced[i] == text]
    assert len(same) > 50
    for index in same:
        assert tuple(sexes(found)[index]) == oracle(ascii_texts[index])


def test_columns_of_the_survey() -> None:
    texts, languages = pa.array(["she and her", "", "他"]), pa.array(["en", "de", "zh"])
    found = counted(texts, languages)
    schema = pa.schema(mention_fields())
    table = pa.table(mention_columns(found), schema=schema)
    read = read_mentions(pa.concat_tables([table, table]))
    assert sexes(read) == [[2, 0], [0, 0], [0, 1]] * 2
    assert read.firm.tolist() == [2, 1] * 2
    assert sexes(read.filter(np.array([False, True, True] * 2))) == [[0, 0], [0, 1]] * 2
    assert read_mentions(table.slice(0, 0)).starts.tolist() == [0]


def test_two_terms_of_a_group_that_are_written_alike_count_once(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        'name: own\nlanguage: en\nversion: "1"\nsource: s\nlicence: CC0-1.0\n'
        "axes: {craft: {smith: [{term: baker}, {term: pastry, forms: [baker]}]}}\n"
    )
    own = load_lexicons(DemographicsConfig(axes=("craft",), lexicons=(str(path),)))
    found, _ = count_mentions(pa.array(["A baker."]), pa.array(["en"]), own)
    assert found.counts.tolist() == [1]


def test_places_of_all_terms_give_the_same_counts() -> None:
    text = "Ein the\u0301 A Black woman and her sons; the black car. Women!"
    texts, languages = pa.array([text, text]), pa.array(["en", "xx"])
    lexicons = load_lexicons()
    plain, judged = count_mentions(texts, languages, lexicons)
    same, every = count_mentions(texts, languages, lexicons, everywhere=True)
    for name in ("starts", "groups", "counts", "firm", "covered", "words"):
        assert np.array_equal(getattr(plain, name), getattr(same, name))
    written = [
        text[start:stop]
        for start, stop, rule in zip(
            every.starts, every.stops, every.rules, strict=True
        )
        if rule
    ]
    assert written == ["Black", "woman", "her", "sons", "Women"]
    assert len(judged.rows) < len(every.rows)
    assert set(every.rows.tolist()) == {0}

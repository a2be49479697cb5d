"""Words beside groups: counts by hand, and what is too little to tell."""

from __future__ import annotations

from math import log

import pyarrow as pa
import pytest

from isinglass.schemas.config.demographics import DemographicsConfig
from isinglass.transforms.demographics.associations import associations
from isinglass.transforms.demographics.lexicon import load_lexicons

GENDER = load_lexicons(DemographicsConfig(axes=("gender",)))


def told(sentences: list[str], language: str = "en") -> tuple[list[str], list[str]]:
    texts = pa.array(sentences, pa.string())
    languages = pa.array([language] * len(sentences), pa.string())
    found = associations(texts, languages, GENDER, 5)
    words = [
        f"{w.group} {w.word} {w.together}/{w.group_sentences} "
        f"{w.elsewhere}/{w.other_sentences}"
        for w in found.words
    ]
    polarity = [
        f"{p.group} {p.sentences} +{p.positive} -{p.negative}" for p in found.polarity
    ]
    return words, polarity


def test_a_word_that_leans() -> None:
    sentences = [
        *["She is a nurse here."] * 40,
        *["She walks here."] * 10,
        *["He is a nurse here."] * 5,
        *["He walks here."] * 45,
        *["She and he are a nurse."] * 30,  # of both: counts for neither
    ]
    words, _ = told(sentences)
    assert words == ["female nurse 40/50 5/50", "male walks 45/50 10/50"]


def test_a_mix_of_languages_leans_to_nobody() -> None:
    # English sentences speak of women and Spanish ones of men, whatever they say.
    english = ["The woman sat near the river."] * 80 + [
        "A man sat near the river."
    ] * 40
    spanish = ["El hombre vino del mercado."] * 80 + ["La mujer vino del mercado."] * 40
    # And a word that leans in one of them.
    english += ["The woman is a smith."] * 60 + ["A man is here."] * 60
    texts = pa.array([*english, *spanish])
    languages = pa.array(["en"] * len(english) + ["es-MX"] * len(spanish))
    found = associations(texts, languages, GENDER, 50).words
    assert {(word.word, word.language) for word in found if word.group == "female"} == {
        ("smith", "en"),
        ("the", "en"),
    }
    (smith,) = [word for word in found if word.word == "smith"]
    assert (smith.group_sentences, smith.other_sentences) == (140, 100)
    assert {word.word for word in found} & {"river", "mercado", "vino", "sat"} == set()


def test_the_gap_is_of_mutual_information() -> None:
    sentences = ["She is a nurse."] * 40 + ["He is a nurse."] * 10 + ["He sat."] * 50
    texts, languages = pa.array(sentences), pa.array(["en"] * 100)
    (nurse, *_) = associations(texts, languages, GENDER, 5).words
    female = log(0.4 / (0.5 * 0.4)) / -log(0.4)
    male = log(0.1 / (0.5 * 0.6)) / -log(0.1)
    assert nurse.gap == pytest.approx(female - male)
    assert nurse.ratio == pytest.approx(6.0)


@pytest.mark.parametrize(
    "sentences",
    [
        ["She is a nurse."] * 29 + ["He sat."] * 60,  # too few of her
        ["She is a nurse."] * 60 + ["He sat."] * 29,
        ["She is a nurse."] * 22
        + ["She sat."] * 28
        + ["He is a nurse."] * 18
        + ["He sat."] * 32,  # by chance
        ["She is <PERSON> here."] * 40 + ["He sat here."] * 40,  # a placeholder
    ],
)
def test_what_is_too_little(sentences: list[str]) -> None:
    words, _ = told(sentences)
    assert [word for word in words if "nurse" in word or "person" in word] == []


def test_words_of_few_documents_are_not_told() -> None:
    text = "She met Zebedee. " * 8 + "She sat. " * 40 + "He sat. " * 60
    words, _ = told([text] * 9)
    assert words == []
    words, _ = told([text] * 10)
    assert [word for word in words if "zebedee" in word]


def test_praise_and_blame() -> None:
    sentences = [
        "She is wonderful and brilliant!",
        "He is lazy; he is kind.",
        "It is bad",
    ]
    _, polarity = told(sentences)
    assert polarity == ["female 1 +2 -0", "male 1 +1 -1"]
    assert told(sentences, "de")[1] == []
    assert told(["她很好"], "zh") == ([], [])
    assert told([]) == ([], [])

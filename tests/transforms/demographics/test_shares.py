"""Single terms and groups together, by hand."""

from __future__ import annotations

import pyarrow as pa
import pytest

from isinglass.schemas.config.demographics import DemographicsConfig
from isinglass.transforms.demographics.associations import associations
from isinglass.transforms.demographics.lexicon import load_lexicons
from isinglass.transforms.demographics.shares import term_shares

LEXICONS = load_lexicons(DemographicsConfig(axes=("gender", "religion")))


def test_terms_are_shares_of_the_documents_of_their_axis_and_language() -> None:
    texts = ["She and she.", "She saw her mother.", "A man.", "Nobody.", "La mujer"]
    languages = pa.array(["en", "en", "en", "en", "es"])
    found = term_shares(pa.array(texts), languages, LEXICONS, 2)
    assert [(one.term, one.language, one.documents, one.of) for one in found] == [
        ("she", "en", 2, 3),
        ("mother", "en", 1, 3),
    ]
    (*_, spanish) = term_shares(pa.array(texts), languages, LEXICONS, 20)
    assert (spanish.language, spanish.documents, spanish.of) == ("es", 1, 1)
    assert term_shares(pa.array([], pa.string()), languages[:0], LEXICONS, 2) == []


@pytest.mark.parametrize(("pages", "told"), [(29, []), (30, [(31, 31)])])
def test_groups_of_different_axes_in_one_sentence(
    pages: int, told: list[tuple[int, int]]
) -> None:
    texts = ["A Muslim woman sat. She is a nun."] * pages
    texts.append("A Muslim woman and man sat." if told else "She sat.")
    languages = pa.array(["en"] * len(texts))
    pairs = associations(pa.array(texts), languages, LEXICONS, 5).together
    assert [(pair.sentences, pair.documents) for pair in pairs] == told
    for pair in pairs:
        assert (pair.axis, pair.group) == ("gender", "female")
        assert (pair.with_axis, pair.with_group) == ("religion", "muslim")

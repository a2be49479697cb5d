"""What a model is shown of a text with markup, and where it stands in the text."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isinglass.transforms.pii.markup import without_markup
from isinglass.transforms.pii.plain import make_plain

SHOWN = [
    ("Anna Kowalska", "Anna Kowalska"),
    ("Anna&nbsp;Kowalska", "Anna Kowalska"),
    ("Anna&#160;Kowalska", "Anna Kowalska"),
    ("Anna\u00a0Kowalska", "Anna Kowalska"),
    ("An\u200bna Kowalska", "Anna Kowalska"),
    ("<b>Anna</b> Kowalska", "Anna Kowalska"),
    ('<span class="x">Anna</span> <I>Kowalska</I>', "Anna Kowalska"),
    ("**Anna** Kowalska", "Anna Kowalska"),
    ("***Anna Kowalska***", "Anna Kowalska"),
    ("_Anna_ *Kowalska*", "Anna Kowalska"),
    ("[Anna Kowalska](https://a.example/b)", "Anna Kowalska"),
    ("[Anna Kowalska][1]", "Anna Kowalska"),
    ("[**Anna Kowalska**](x)", "Anna Kowalska"),
    ("Anna Kowalska&#39;s", "Anna Kowalska's"),
    ("Anna<br/>Kowalska", "Anna\nKowalska"),
    ("<td>Anna</td>", "\nAnna\n"),
    ('<p class="author">by Anna</p>', "\nby Anna\n"),
]
FIELDS = [
    ("7,Anna Kowalska,2024-03-01", "7\nAnna Kowalska\n2024-03-01"),
    ('"12","Anna Kowalska","ok"', '"12"\n"Anna Kowalska"\n"ok"'),
    ("3;Anna Kowalska;17", "3\nAnna Kowalska\n17"),
    ("id,Anna Kowalska,Warsaw", "id\nAnna Kowalska\nWarsaw"),
    ('[{"name":"Anna Kowalska"}]', '[{"name"\n"Anna Kowalska"}]'),
    ("a\\nAnna Kowalska\\nlast", "a\nAnna Kowalska\nlast"),
    ('"a\\tAnna Kowalska\\tb"', '"a\nAnna Kowalska\nb"'),
]
LEFT_AS_IT_IS = [
    "Anna, Jan and Ewa",
    "Anna,Jan",
    "1,234,567 people at 10:45",
    "f(x,y) and C:\\new",
    "see:this;that",
    "| Anna | Kowalska |",
    "# Anna",
    "2 * 3 * 4",
    "snake_case_name",
    "int *p, *q;",
    "my__init__x",
    "a < b and c > d",
    "AT&T",
    "x[1] (two)",
    r"\*Anna\*",
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_a_model_is_shown_what_a_reader_sees(text: str, shown: str) -> None:
    (found,) = without_markup(make_plain(pa.array([text]))).texts.to_pylist()
    assert found == shown


@pytest.mark.parametrize(("text", "shown"), FIELDS)
def test_fields_are_lines_of_their_own(text: str, shown: str) -> None:
    (found,) = without_markup(make_plain(pa.array([f"So\n{text}\n"]))).texts.to_pylist()
    assert found == f"So\n{shown}\n"


@pytest.mark.parametrize("text", LEFT_AS_IT_IS)
def test_what_is_no_inline_markup_stays(text: str) -> None:
    (found,) = without_markup(make_plain(pa.array([text]))).texts.to_pylist()
    assert found == text


@given(
    st.lists(st.text('ab1,"\\\\ *_[](<>/&;nbsp\u00a0\u200b\n', max_size=40), max_size=3)
)
def test_every_shown_character_has_its_place(texts: list[str]) -> None:
    column = pa.array(texts, pa.string())
    shown = without_markup(make_plain(column))
    assert len(shown.texts) == len(texts)
    for row, (text, found) in enumerate(
        zip(texts, shown.texts.to_pylist(), strict=True)
    ):
        places = shown.places.get(row)
        if places is None:
            assert len(found) == len(text)
            continue
        assert len(places) == len(found)
        assert (places[1:] > places[:-1]).all()
        for char, place in zip(found, places.tolist(), strict=True):
            assert char == text[place] or text[place] in "&<\u00a0,;\\"


@pytest.mark.parametrize("last", ["", ";x", "\n", ", ;"])
@pytest.mark.parametrize(
    "part",
    ["a,", "a, ", '"a",', "1,", "a|", "[", "[a](", "<a ", "*a", "_", "\\nA", "&amp;"],
)
def test_time_grows_with_the_length_alone(part: str, last: str) -> None:
    text = pa.array([part * 20_000 + last])
    began = time.process_time()
    without_markup(make_plain(text))
    assert time.process_time() - began < 5

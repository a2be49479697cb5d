from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isinglass.transforms.pii.ner import batch as batch_module
from isinglass.transforms.pii.ner.batch import build_batch
from isinglass.transforms.pii.ner.inference import Inference
from isinglass.transforms.pii.ner.inference import Spans as SpansOfUs
from tests.properties import examples
from tests.transforms.pii.ner.conftest import as_set

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Found = set[tuple[int, int, int, str]]
    Run = Callable[[Sequence[str]], Found]

CORPUS = Path(__file__).parents[5] / "shared" / "data" / "corpus"

NAMES = "Barack Obama met Angela Merkel in Berlin on Monday, May 5, 2014."

TEXTS = {
    "nothing": "",
    "one space": " ",
    "spaces only": "   \n\t  \u00a0 ",
    "one word": "Paris",
    "names": NAMES,
    "spaces before": "  \n " + NAMES,
    "spaces behind": NAMES + "  \n",
    "odd spaces": NAMES.replace(" ", "\u00a0").replace(
        "met", "\u2028met \u3000x\x1c\x85"
    ),
    "doubled spaces": NAMES.replace(" ", "  "),
    "special cases": "Don't tell Dr. Smith she'll arrive at 10a.m. in D.C., can't you?",
    "emoticons": "Ann Lee :) met :-( Bob (._.) in Rome ^_^ <3 \\o/ o.O",
    "emoji": "Anna 😀👍🏽 flew to Zürich 🇨🇭 on 3rd of March ❤️ with José Núñez",
    "entity at the end": "She works for Barack Obama",
    "money": "It cost $5 million, 10 km from New York City, or about 20 %.",
    "no spaces": "https://example.org/a/b?c=d,e;f(g)[h]{i}" * 5,
    "other scripts": "東京 で Barack Obama に会った. Москва, Αθήνα, القاهرة.",
    "long word": "a" * 20_000 + " Angela Merkel " + "1,2." * 2_000,
    "table": "| Name | Born |\n| --- | --- |\n| Ada Byron | 10 December 1815 |\n" * 5,
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_alone(name: str, by_us: Run, by_spacy: Run) -> None:
    assert by_us([TEXTS[name]]) == by_spacy([TEXTS[name]])


def test_texts_together(by_us: Run, by_spacy: Run) -> None:
    texts = list(TEXTS.values()) * 2
    expected = by_spacy(texts)
    assert len(expected) > 60
    assert by_us(texts) == expected


@pytest.mark.slow
def test_a_text_of_many_blocks(by_us: Run, by_spacy: Run) -> None:
    sentences = (
        f"Item {n}: Maria Garcia of Lima paid ${n} on {n % 28} May.\n" for n in count()
    )
    text = "".join(next(sentences) for _ in range(6_000))
    assert len(text) > 300_000
    expected = by_spacy([text])
    assert len(expected) > 10_000
    assert by_us([text]) == expected


PIECES = st.one_of(
    st.sampled_from(
        [
            "Ann Smith",
            "Paris",
            "don't",
            "D.C.",
            ":)",
            "(",
            ")",
            ".",
            ":",
            "'s",
            "10am",
            "10p.m.",
            "U.S.",
            "😀",
            "\n",
            "\t",
            "  ",
            " ",
            "\xa0",
            "May 5",
            "$3",
            "o.o",
            "._.",
            "((",
            "-",
            "Co.",
            "é",
            "東",
            "\u2028",
            "\x1c",
            "Mr.",
            "C++",
            "he's",
            "can not",
            "cannot",
        ]
    ),
    st.text(max_size=4),
)


@settings(examples(60), suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.lists(st.tuples(PIECES, st.sampled_from(["", " ", " "])), max_size=24),
        min_size=1,
        max_size=6,
    )
)
def test_any_texts(
    by_us: Run, by_spacy: Run, parts: list[list[tuple[str, str]]]
) -> None:
    texts = ["".join(a + b for a, b in part) for part in parts]
    assert by_us(texts) == by_spacy(texts)


def test_a_match_over_a_space_leaves_the_text_to_spacy(
    inference: Inference, by_us: Run, by_spacy: Run
) -> None:
    texts = [NAMES, "((._. ) ok, said Angela Merkel.", NAMES]
    assert by_us(texts) == by_spacy(texts)
    batch = build_batch(pa.array(texts), inference._chunks, inference._rules)
    assert batch.odd == (1,)


def test_sentence_starts_bound_entities(nlp: Any, inference: Inference) -> None:
    texts = [
        "Repealed.\nMay 10, 1989, D.C. Law 8-18, § 2, 36 DCR 33\nMay 2, 2011, no.",
        "The meeting is on November 23, 2012 - 14:22. John Smith\nMary Jones\nRome",
        "",
        NAMES,
    ]
    docs = list(nlp.pipe(texts))
    starts = [doc.to_array("SENT_START") == 1 for doc in docs]
    assert _bounded(inference, texts, starts) == {
        (i, e.start_char, e.end_char, e.label_)
        for i, d in enumerate(docs)
        for e in d.ents
    }
    inside = [np.ones(len(doc), np.bool_) for doc in docs]
    bounded = _bounded(inference, texts, inside)
    assert bounded
    # Where every token starts a sentence, each entity is one token: "Barack", "Obama".
    words = {texts[i][a:b] for i, a, b, _ in bounded}
    assert not [word for word in words if " " in word]


def _bounded(
    inference: Inference, texts: Sequence[str], starts: Sequence[Any]
) -> Found:
    """Entities where sentences start as a parser of the whole text has it."""
    batch = build_batch(pa.array(texts), inference._chunks, inference._rules)
    assert not batch.odd
    rows = inference.rows(batch)
    for low, high, inside in zip(batch.lows, batch.highs, starts, strict=True):
        rows.starts[low:high] = inside
    found = inference.decode(batch, rows)
    owners = np.searchsorted(batch.highs, found.begins, side="right")
    spans = SpansOfUs(
        owners.astype(np.int32),
        batch.begins[found.begins],
        batch.ends[found.ends - 1],
        found.labels,
    )
    return as_set(spans, inference.labels)


def test_a_text_left_to_spacy_has_the_entities_of_its_pipeline(nlp: Any) -> None:
    text = "((._. ) ok, I met John Smith Jr. Mary came later."
    spans = Inference(nlp).spans(pa.array(["", text]))
    ents = nlp(text).ents
    assert [text[a:b] for a, b in zip(spans.starts, spans.ends, strict=True)] == [
        "John Smith Jr.",
        "Mary",
    ]
    assert [e.text for e in ents] == ["John Smith Jr.", "Mary"]


def test_slices_of_columns(inference: Inference) -> None:
    texts = pa.array(["x", NAMES, "", NAMES, "y"])
    whole = inference.spans(texts)
    part = inference.spans(texts.slice(1, 3))
    assert (part.texts + 1).tolist() == whole.texts.tolist()
    assert part.starts.tolist() == whole.starts.tolist()
    assert inference.spans(pa.array([], pa.string())).texts.tolist() == []


def test_no_text_depends_on_its_neighbours_or_on_segments(
    inference: Inference, monkeypatch: pytest.MonkeyPatch, by_spacy: Run
) -> None:
    monkeypatch.setattr("isinglass.transforms.pii.ner.inference.SEGMENT", 7)
    monkeypatch.setattr("isinglass.transforms.pii.ner.network.BLOCK", 5)
    texts = [NAMES, TEXTS["money"], TEXTS["table"]]
    small = inference.spans(pa.array(texts))
    assert as_set(small, inference.labels) == by_spacy(texts)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs ../shared/data/corpus")
def test_a_sample_of_a_corpus(inference: Inference, nlp: Any) -> None:
    table = pq.read_table(min(CORPUS.glob("*.parquet")), columns=["text"])
    texts = [
        text for text in table.column("text").to_pylist()[::40] if len(text) < 9_000
    ]
    texts = texts[:50]
    docs = list(nlp.pipe(texts, batch_size=32))
    starts = [doc.to_array("SENT_START") == 1 for doc in docs]
    expected = {
        (i, e.start_char, e.end_char, e.label_)
        for i, d in enumerate(docs)
        for e in d.ents
    }
    assert len(expected) > 300
    assert _bounded(inference, texts, starts) == expected


def test_runs_of_borders() -> None:
    assert list(batch_module._runs([2, 3, 7, 9, 10])) == [
        [2, 3, 4],
        [7, 8],
        [9, 10, 11],
    ]
    assert list(batch_module._runs([])) == []

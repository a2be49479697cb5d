"""Texts to encode: the shared corpus, or made-up ones where it is not at hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.measuring.processes import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# Beside the checkout, or inside of it where only the checkout was copied.
_PLACES = (ROOT.parent / "shared" / "data", ROOT / "shared" / "data")
SHARED = next((place for place in _PLACES if place.is_dir()), _PLACES[0])
CORPUS = SHARED / "corpus"
TOKENIZER = SHARED / "models" / "bert_uncased_wordpiece"

_SEED = 11
# Characters of the corpus's documents: the median, and the spread of the logarithm.
_MEDIAN_WORDS = 300
_SPREAD = 1.0
_MOST_WORDS = 20_000
_SENTENCE_WORDS = 14
_ROWS = 4096


def write_texts(source: Path, target: Path, megabytes: float, tokenizer: Path) -> str:
    """Write a Parquet file of texts of about a size.

    Args:
        source: A Parquet file or a folder of some, taken again and again until there
            is enough; if it does not exist, texts are made of the tokenizer's words.
        target: File to write.
        megabytes: Of text, in millions of bytes.
        tokenizer: Its tokenizer.json.

    Returns:
        Where the texts come from.
    """
    files = sorted(source.glob("*.parquet")) if source.is_dir() else [source]
    files = [file for file in files if file.is_file()]
    if files:
        texts = pa.chunked_array([c for f in files for c in _texts(f).chunks])
        origin = source.name
    else:
        texts = pa.chunked_array([made_up(tokenizer, megabytes)])
        origin = "made up"
    copies = max(1, round(megabytes * 1e6 / max(texts.nbytes, 1)))
    share = min(1.0, megabytes * 1e6 / max(texts.nbytes, 1))
    kept = texts.slice(0, max(1, int(len(texts) * share)))
    with pq.ParquetWriter(target, pa.schema({"text": pa.string()})) as writer:
        for _ in range(copies):
            writer.write_table(pa.table({"text": kept}), row_group_size=_ROWS)
    return f"{origin}, {copies} times" if copies > 1 else origin


def _texts(file: Path) -> pa.ChunkedArray:
    return pq.read_table(file, columns=["text"])["text"].cast(pa.string())


def made_up(tokenizer: Path, megabytes: float) -> pa.StringArray:
    """English words in no order, as often as words are (Zipf's law), seeded.

    Args:
        tokenizer: A WordPiece tokenizer.json of English: its words are taken.
        megabytes: About so much text.
    """
    content = json.loads(tokenizer.read_text(encoding="utf-8"))
    vocabulary = content["model"]["vocab"]
    words = np.array([word for word in vocabulary if word.isascii() and word.isalpha()])
    numbers = np.random.default_rng(_SEED)
    rank = np.arange(1, len(words) + 1)
    shares = (1 / rank) / (1 / rank).sum()
    texts, size = [], 0
    while size < megabytes * 1e6:
        count = int(_MEDIAN_WORDS * np.exp(_SPREAD * numbers.standard_normal()))
        chosen = numbers.choice(words, min(count + 1, _MOST_WORDS), p=shares).tolist()
        sentences = [
            " ".join(chosen[start : start + _SENTENCE_WORDS]).capitalize()
            for start in range(0, len(chosen), _SENTENCE_WORDS)
        ]
        texts.append(". ".join(sentences) + ".")
        size += len(texts[-1])
    return pa.array(texts, pa.string())


def read_texts(folder: Path) -> pa.StringArray:
    """Texts of all Parquet files of a folder."""
    files = sorted(folder.glob("*.parquet"))
    return pa.concat_arrays([c for file in files for c in _texts(file).chunks])


def spread(texts: pa.StringArray, documents: int) -> pa.StringArray:
    """Evenly spaced texts."""
    rows = np.linspace(0, len(texts) - 1, min(documents, len(texts)))
    return texts.take(pa.array(rows.astype(np.int64)))


def openings(texts: pa.StringArray, characters: int) -> pa.StringArray:
    """The beginning of each text."""
    return pc.utf8_slice_codeunits(texts, 0, characters)


def long_texts(texts: pa.StringArray, characters: int) -> pa.StringArray:
    """The texts of more than so many characters."""
    return texts.filter(pc.greater(pc.utf8_length(texts), characters))

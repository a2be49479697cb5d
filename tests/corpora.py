"""Synthetic corpora with known duplicates and identifiers; no text of others."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_WORD_LIST = """
    river stone window paper garden letter table morning silver quiet engine market
    forest number copper island bridge station winter orange pencil mountain harbor
    violet basket candle mirror ladder thunder meadow pocket ribbon saddle timber
    whisper anchor blanket cradle dragon ember feather glacier hammer jacket kettle
"""
_WORDS = _WORD_LIST.split()


def sentence(chance: random.Random, words: int = 12) -> str:
    """A sentence of known words."""
    chosen = [chance.choice(_WORDS) for _ in range(words)]
    return " ".join(chosen).capitalize() + "."


def document(chance: random.Random, sentences: int = 8) -> str:
    """A document of some sentences in two paragraphs."""
    lines = [sentence(chance) for _ in range(sentences)]
    half = sentences // 2
    return " ".join(lines[:half]) + "\n\n" + " ".join(lines[half:])


def make_rows(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Rows of which one in ten is an exact, one in ten a near-duplicate.

    Every seventh document holds an e-mail address, every fifth a gendered pronoun.
    """
    chance = random.Random(seed)  # noqa: S311 - test data
    rows: list[dict[str, Any]] = []
    for number in range(count):
        if number % 10 == 8:
            text = rows[number - 3]["text"].upper()
        elif number % 10 == 9:
            text = rows[number - 5]["text"] + " And " + sentence(chance, 3)
        else:
            text = document(chance)
            if number % 7 == 0:
                text += f" Write to person{number}@mailbox.io about it."
            if number % 5 == 0:
                text += " She said that he knew."
        rows.append({"id": f"n{number}", "text": text, "stars": number % 5})
    return rows


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    """One JSON object a line; compressed if the name ends in .gz."""
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(data, mtime=0))
    else:
        path.write_bytes(data)


def write_corpus(folder: Path, count: int = 240) -> int:
    """A folder with Parquet, JSONL and gzipped JSONL; returns the records."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = make_rows(count)
    third = count // 3
    table = pa.Table.from_pylist(rows[:third])
    pq.write_table(table, folder / "a.parquet", row_group_size=max(1, third // 4))
    write_jsonl(folder / "b.jsonl", rows[third : 2 * third])
    write_jsonl(folder / "c.jsonl.gz", rows[2 * third :])
    return count

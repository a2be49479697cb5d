"""Inputs of jobs that are taken from the shared data, whole or cut to a few."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.freezing.examples import write_jsonl
from benchmarks.measuring.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHARED = ROOT.parent / "shared" / "data"
CORPUS = SHARED / "corpus"
LABELLED = SHARED / "pii"
TOKENIZERS = SHARED / "models"
_ITEM_WORDS = slice(20, 60)
_ITEMS_EVERY = 800
_SHORTEST, _LONGEST = 200, 20_000


def corpus_files() -> list[Path]:
    """The Parquet files of the corpus."""
    return sorted(CORPUS.glob("*.parquet"))


def whole_corpus(folder: Path) -> None:
    """`corpus/`, linked, and `items.jsonl`: pieces of documents to be found in it."""
    files = corpus_files()
    linked_files(len(files))(folder)
    items: list[dict[str, Any]] = []
    for file in files:
        texts = pq.read_table(file, columns=["text"])["text"].to_pylist()
        pieces = [text.split()[_ITEM_WORDS] for text in texts[::_ITEMS_EVERY]]
        items += [{"text": " ".join(piece)} for piece in pieces if piece]
    write_jsonl(folder / "items.jsonl", items)


def linked_files(count: int) -> Callable[[Path], None]:
    """`corpus/` with links to the first files of the corpus."""

    def prepare(folder: Path) -> None:
        (folder / "corpus").mkdir()
        for file in corpus_files()[:count]:
            (folder / "corpus" / file.name).symlink_to(file.resolve())

    return prepare


def some_of_corpus(documents: int, characters: int) -> Callable[[Path], None]:
    """`corpus/` of evenly spaced documents, each cut, in two Parquet files."""

    def prepare(folder: Path) -> None:
        whole = pa.concat_tables(map(pq.read_table, corpus_files()))
        length = pc.utf8_length(whole["text"])
        usual = pc.and_(
            pc.greater(length, _SHORTEST), pc.less(length, _LONGEST)
        ).combine_chunks()
        whole = whole.filter(usual)
        step = len(whole) // documents
        table = whole.take(pa.array(range(0, step * documents, step)))
        texts = pc.utf8_slice_codeunits(table["text"], 0, characters)
        index = table.schema.get_field_index("text")
        table = table.set_column(index, "text", texts)
        (folder / "corpus").mkdir()
        half = documents // 2
        pq.write_table(table.slice(0, half), folder / "corpus" / "a.parquet")
        pq.write_table(table.slice(half), folder / "corpus" / "b.parquet")

    return prepare


def labelled_texts(documents: int) -> Callable[[Path], None]:
    """`corpus/` and `labelled.jsonl`: the first texts of sets with labelled spans."""
    names = ("presidio_synth_v2", "zh_structured_synth", "clean_pydoc")

    def prepare(folder: Path) -> None:
        rows: list[dict[str, Any]] = []
        for name in names:
            with (LABELLED / f"{name}.jsonl").open(encoding="utf-8") as lines:
                found = map(json.loads, itertools.islice(lines, documents))
                rows += [{**row, "source": name} for row in found]
        texts = [
            {"id": row.get("id", f"r{n}"), "text": row["text"], "source": row["source"]}
            for n, row in enumerate(rows)
        ]
        write_jsonl(folder / "corpus" / "a.jsonl", texts)
        kept = ("text", "spans", "lang")
        labelled = [{k: row[k] for k in kept if k in row} for row in rows]
        write_jsonl(folder / "labelled.jsonl", labelled)

    return prepare

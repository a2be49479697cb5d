"""Made-up inputs: words in no order, planted values, every format, broken records."""

from __future__ import annotations

import gzip
import json
import random
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from benchmarks.measuring.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_WORD_LIST = """
    river stone window paper garden letter table morning silver quiet engine market
    forest number copper island bridge station winter orange pencil mountain harbor
    violet basket candle mirror ladder thunder meadow pocket ribbon saddle timber
    whisper anchor blanket cradle dragon ember feather glacier hammer jacket kettle
"""
_WORDS = _WORD_LIST.split()
_PART, _EXACT, _NEAR = 7, 8, 9
_VALUES = (
    "Write to person{n}@mailbox.io about it.",
    "Call +1 415 555 26{n:02d} or (415) 782-33{n:02d} before noon.",
    "The host 185.12.64.{n} answered, 10.0.0.{n} did not.",
    "Card number 4111 1111 1111 1111, IBAN DE89 3704 0044 0532 0130 00.",
    "Her social security number is 219-09-99{n:02d}.",
    'api_key = "q8Zr2LwX5vTnP1sYb7KdH3mC{n:04d}"',
    "See https://ann:Tr0ub4dor{n}@git.mailbox.io/repo?token=a8F3kQ9zL2xW7nB5.",
    "Anna Kowalski met John Smith and Maria Garcia in Berlin.",
    "The badge is ZQ-47{n:02d}-ZQ, and Project Bluebird is not Project Heron.",
)
NOTICE = "All rights reserved by the keepers of the forest and of the silver bridge."
"""A paragraph that many documents share."""


def sentence(chance: random.Random, words: int = 12) -> str:
    """Words in no order, the first one capitalised."""
    return " ".join(chance.choices(_WORDS, k=words)).capitalize() + "."


def document(chance: random.Random, sentences: int = 8) -> str:
    """Two paragraphs of sentences."""
    lines = [sentence(chance) for _ in range(sentences)]
    half = sentences // 2
    return " ".join(lines[:half]) + "\n\n" + " ".join(lines[half:])


def example_rows(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Rows with duplicates of every kind, shared paragraphs and personal data.

    Of ten, one is an exact duplicate of another, one is near to another, and one is a
    part of another.
    """
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    rows: list[dict[str, Any]] = []
    for number in range(count):
        kind = number % 10
        if kind == _PART:
            text = " ".join(rows[number - 3]["text"].split()[10:60])
        elif kind == _EXACT:
            text = rows[number - 3]["text"]
            text = text.upper() if number % 20 == kind else text
        elif kind == _NEAR:
            text = rows[number - 5]["text"] + " And " + sentence(chance, 3)
        else:
            text = document(chance) + " " + _planted(number)
        if number % 6 == 0:
            text += f"\n\n{NOTICE}"
        rows.append(
            {
                "id": f"n{seed}-{number}",
                "text": text,
                "url": f"https://pages.example/{number}",
                "collected_at": f"2024-01-{number % 28 + 1:02d}T00:00:00Z",
                "stars": number % 5,
            }
        )
    return rows


def _planted(number: int) -> str:
    value = _VALUES[number % len(_VALUES)].format(n=number % 90 + 10)
    return value + (" She said that he knew her." if number % 4 == 0 else "")


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    """One object a line, compressed as the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_packed(path, "".join(json.dumps(row) + "\n" for row in rows).encode())


def write_packed(path: Path, content: bytes) -> None:
    """Bytes, compressed as the last suffix says."""
    if path.suffix == ".gz":
        content = gzip.compress(content, mtime=0)
    elif path.suffix == ".zst":
        content = pa.compress(content, codec="zstd", asbytes=True)
    path.write_bytes(content)


def example_corpus(folder: Path, count: int = 240) -> None:
    """`corpus/`: Parquet of some row groups, JSON lines, and the same with gzip."""
    rows, corpus = example_rows(count), folder / "corpus"
    third = count // 3
    corpus.mkdir(parents=True)
    table = pa.Table.from_pylist(rows[:third])
    pq.write_table(table, corpus / "a.parquet", row_group_size=max(1, third // 4))
    write_jsonl(corpus / "b.jsonl", rows[third : 2 * third])
    write_jsonl(corpus / "c.jsonl.gz", rows[2 * third :])


def every_format(folder: Path) -> None:
    """`corpus/` in every format, `mapped/` with other names, `saved/`, `notes.log`."""
    corpus = folder / "corpus"
    example_corpus(folder, 60)
    write_jsonl(corpus / "d.jsonl.zst", example_rows(12, seed=2))
    table = pa.Table.from_pylist(example_rows(14, seed=3))
    text = pa.BufferOutputStream()
    pa_csv.write_csv(table, text)
    plain = text.getvalue().to_pybytes()
    write_packed(corpus / "e.csv", plain)
    write_packed(corpus / "f.csv.gz", plain.replace(b"river", b"stream"))
    tabs = pa_csv.WriteOptions(delimiter="\t")
    pa_csv.write_csv(table.slice(3), corpus / "g.tsv", tabs)
    rows = example_rows(8, seed=4)
    for number, row in enumerate(rows):
        name = ("h.txt", "i.md", "j.rst", "k.txt.gz")[number % 4]
        write_packed(corpus / f"{number}-{name}", row["text"].encode())
    with pa.ipc.new_file(corpus / "l.arrow", table.schema) as writer:
        writer.write_table(pa.Table.from_pylist(example_rows(9, seed=5)))
    (folder / "mapped").mkdir()
    named = {"text": "body", "id": "key", "url": "address"}
    other = pa.Table.from_pylist(example_rows(20, seed=6)).rename_columns(
        [named.get(name, name) for name in table.column_names]
    )
    lang = pa.array(["en", "de-AT", "zh", None] * 5, pa.string())
    pq.write_table(other.append_column("lang", lang), folder / "mapped" / "x.parquet")
    (folder / "notes.log").write_text(document(random.Random(10)))  # noqa: S311
    _saved_dataset(folder / "saved", table)


def _saved_dataset(folder: Path, table: pa.Table) -> None:
    """A folder as `DatasetDict.save_to_disk` leaves it."""
    name = "data-00000-of-00001.arrow"
    for split in ("train", "test"):
        (folder / split).mkdir(parents=True)
        with pa.ipc.new_stream(folder / split / name, table.schema) as writer:
            writer.write_table(table, max_chunksize=5)
        state = {"_data_files": [{"filename": name}], "_split": split}
        (folder / split / "state.json").write_text(json.dumps(state))
        (folder / split / "dataset_info.json").write_text("{}")
    (folder / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')


def broken_records(folder: Path) -> None:
    """`corpus/` with every record and file that cannot be read, among good ones."""
    corpus = folder / "corpus"
    good = example_rows(6, seed=7)
    whole = "".join(json.dumps(row) + "\n" for row in good).encode()
    bad = (
        b'{"text": "caf\xe9 au lait"}',
        b'{"text": "half \\ud83d of a pair"}',
        b'{"text": "a\\u0000b"}',
        b'{"text": null}',
        b'{"id": "x"}',
        b'{"text": 7}',
        b"[1, 2]",
        b'{"text": "no end',
        b'{"text": ""}',
        b'{"text": " \\n\\t\\u3000"}',
        b'{"id": "n7-1", "text": "Something else under an id that is taken."}',
        json.dumps({"text": "word " * 3000}).encode(),
    )
    corpus.mkdir(parents=True)
    (corpus / "a.jsonl").write_bytes(whole + b"\n".join(bad) + b"\n" + whole)
    (corpus / "b.jsonl.gz").write_bytes(gzip.compress(whole, mtime=0)[:-12])
    pq.write_table(pa.table({"text": ["one good text", None]}), corpus / "c.parquet")
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": ["x y z"] * 50}), sink)
    (corpus / "d.parquet").write_bytes(sink.getvalue().to_pybytes()[:200])
    (corpus / "e.jsonl.gz").write_bytes(bytes(range(256)))
    (corpus / "f.csv").write_bytes(
        b'id,text\n1,fine\n2,"never\nclosed\n3,good\n4,a,b\n'
    )
    (corpus / "g.txt").write_bytes(b"caf\xe9")
    (corpus / "h.jsonl").write_bytes(b"")


def unscannable(folder: Path) -> None:
    """`corpus/` with a text on which one pattern never ends; others are near to it."""
    chance = random.Random(8)  # noqa: S311 - reproducible, not secret
    body = document(chance, 20)
    texts = [
        f"{body} {'a' * 90}b c and this makes it the longest of all of them",
        f"{body} and a little more",
        f"{body} and a little",
        document(chance),
    ]
    rows = [{"id": f"u{n}", "text": text} for n, text in enumerate(texts)]
    write_jsonl(folder / "corpus" / "a.jsonl", rows)


def earlier_and_later(folder: Path) -> None:
    """`first/` and `second/`: of the second, much is in the first."""
    rows = example_rows(90, seed=9)
    later = [row | {"id": f"m{n}"} for n, row in enumerate(rows[45:])]
    for row in later[::3]:
        row["text"] += " Two words."
    write_jsonl(folder / "first" / "a.jsonl", rows[:60])
    write_jsonl(folder / "second" / "b.jsonl", later)


def wanted_gone(folder: Path) -> None:
    """`corpus/`, and `values.txt` with values that some of its documents hold."""
    example_corpus(folder, 120)
    tail = [
        {"id": "w0", "text": "So said ZEDBROOK  Quillfeather, and no one else did."},
        {"id": "w1", "text": "See mailto:zed.quill%40mailbox.io?cc of the garden."},
        {"id": "w2", "text": "Nothing in here but words.", "stars": 4},
        {"id": "w3", "text": f"{NOTICE}\n\n{NOTICE}"},
    ]
    path = folder / "corpus" / "d.jsonl"
    lines = "".join(json.dumps(row) + "\n" for row in tail)
    path.write_text(lines + '{"text": "by Zedbrook Quillfeather')
    values = ("person17@mailbox.io", "zed.quill@mailbox.io", "+1 415 555 2611")
    named = "PERSON\tZedbrook Quillfeather\n"
    (folder / "values.txt").write_text("\n".join(values) + "\n" + named)
    (folder / "nobody.txt").write_text("Nobody Atall Whatsoever\n")


def with_recognizers(prepare: Callable[[Path], None]) -> Callable[[Path], None]:
    """`sites.txt` and `recognizers.yaml` beside what `prepare` writes."""

    def both(folder: Path) -> None:
        prepare(folder)
        (folder / "sites.txt").write_text("Berlin\nsilver\n")
        text = (ROOT / "examples" / "recognizers.yaml").read_text()
        (folder / "recognizers.yaml").write_text(text)

    return both


def with_items(prepare: Callable[[Path], None]) -> Callable[[Path], None]:
    """Evaluation items beside made-up documents; two are in some of them."""

    def both(folder: Path) -> None:
        prepare(folder)
        rows = example_rows(40)
        found = [" ".join(rows[n]["text"].split()[5:40]) for n in (12, 23)]
        texts = [*found, "too short", "What no document holds at all, " * 4, found[0]]
        write_jsonl(folder / "items.jsonl", [{"q": text} for text in texts])

    return both

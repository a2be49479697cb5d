"""Every row of `docs/bad_inputs.md` is true: the page is what these tests expect."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from isinglass.schemas.config.load import load_config
from isinglass.schemas.errors import RefuseError
from isinglass.schemas.reasons import QuarantineReason
from tests.end_to_end.test_bad_input import clean, invalid_strings, parquet, settings

PAGE = Path(__file__).parents[2] / "docs" / "bad_inputs.md"
ASIDE, COUNTED, REFUSED = "Set aside", "Counted, and no fault of the run", "Refused"
LEAST_KINDS = 30

GOOD = b'{"text": "A good text."}\n'
TWO = b"id,text\n1,one\n2,two\n"


def table_of(title: str) -> dict[str, list[str]]:
    """The rows below a title of the page, by their first cell."""
    _, _, section = PAGE.read_text().partition(f"\n## {title}\n")
    lines = section.partition("\n## ")[0].splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    return {name: cells for name, *cells in rows[2:]}


def own(title: str, test: str) -> dict[str, list[str]]:
    """Rows that a test of this file tries."""
    rows = table_of(title).items()
    return {name: cells for name, cells in rows if cells[-1].endswith(f"::{test}`")}


def stream(*batches: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return bytes(sink.getvalue().to_pybytes())


def leading_out() -> bytes:
    """An Arrow file of a good text, and of two whose border is behind their buffer."""
    texts = ["good"], ["x" * 77, "y"]
    sound = stream(*(pa.record_batch({"text": batch}) for batch in texts))
    start, _, end = sound.rpartition(bytes([0, 0, 0, 0, 77, 0, 0, 0, 78]))
    return start + bytes([0, 0, 0, 0, 0, 1, 0, 0, 78]) + end


# File name, content, settings of the input, texts that are kept, records set aside.
SET_ASIDE: dict[str, tuple[str, bytes, dict[str, Any], int, int]] = {
    "bytes in JSON lines that are not UTF-8": (
        "a.jsonl",
        GOOD + b'{"text": "caf\xe9"}\n{"text": "\xff"}\n',
        {},
        1,
        2,
    ),
    "bytes in a Parquet text that are not UTF-8": (
        "a.parquet",
        invalid_strings(),
        {},
        1,
        1,
    ),
    "bytes that the `encoding` of the input has no character for": (
        "a.csv",
        b"id,text\n1,a\x81\n2,two\n",
        {"encoding": "cp1252"},
        1,
        1,
    ),
    "half of a character at the end of a text file": (
        "a.txt",
        "ab".encode("utf-16-le")[:-1],
        {"encoding": "utf-16-le"},
        0,
        1,
    ),
    "a NUL character": ("a.jsonl", GOOD + b'{"text": "a\\u0000b"}\n', {}, 1, 1),
    "an escape for half of a surrogate pair": (
        "a.jsonl",
        GOOD + b'{"text": "half \\ud83d of it"}\n',
        {},
        1,
        1,
    ),
    "a text that is null": (
        "a.parquet",
        parquet(text=["A good text.", None, None]),
        {},
        1,
        2,
    ),
    "a record without the text column": ("a.jsonl", GOOD + b'{"id": 1}\n', {}, 1, 1),
    "`\\N` for a text, as databases dump it, with `escape`": (
        "a.csv",
        b"id,text\n1,\\N\n2,two\n",
        {"escape": "\\"},
        1,
        1,
    ),
    "a number, a list or an object for a text": (
        "a.jsonl",
        GOOD + b'{"text": 7}\n{"text": ["a"]}\n{"text": {"a": 1}}\n',
        {},
        1,
        3,
    ),
    "a JSON line that is no object": ("a.jsonl", GOOD + b'[1]\n"a"\n5\n', {}, 1, 3),
    "a JSON line that is cut off": ("a.jsonl", GOOD + b'{"text": "no\n', {}, 1, 1),
    "JSON that is nested hundreds deep": (
        "a.jsonl",
        GOOD + b'{"text": "a", "x": ' + b"[" * 400 + b"]" * 400 + b"}\n",
        {},
        1,
        1,
    ),
    "too few or too many fields (csv)": ("a.csv", TWO + b"3\n4,5,6\n", {}, 2, 2),
    "text behind a closing quote (csv)": ("a.csv", TWO + b'3,"abc"def\n', {}, 2, 1),
    "a backslash before a quote, without `escape` (csv)": (
        "a.csv",
        TWO + b'3,"She wrote \\"hello\\" to us"\n',
        {},
        2,
        1,
    ),
    "a quote that is never closed (csv)": (
        "a.csv",
        b'id,text\n0,"never\n1,one\n2,two\n',
        {},
        2,
        1,
    ),
    "a lone carriage return among line feeds, in a file of one column (csv)": (
        "a.csv",
        b"text\n10%\r20%\ntwo\n",
        {},
        1,
        2,
    ),
    "a compressed file that ends early": (
        "a.jsonl.gz",
        gzip.compress(GOOD * 2, mtime=0)[:-8],
        {},
        2,
        1,
    ),
    "a compressed file that is damaged behind its first records": (
        "a.jsonl.gz",
        gzip.compress(GOOD * 2, mtime=0)
        + gzip.compress(GOOD, mtime=0)[:-8]
        + b"wrongsum",
        {},
        2,
        1,
    ),
    "a file that is called `.gz` and is none": ("a.jsonl.gz", GOOD * 3, {}, 0, 1),
    "a Parquet file without its footer": (
        "a.parquet",
        parquet(text=["x y z"] * 50)[:200],
        {},
        0,
        1,
    ),
    "a Parquet file of no bytes": ("a.parquet", b"", {}, 0, 1),
    "an Arrow file that is cut off": (
        "a.arrow",
        stream(pa.record_batch({"text": ["a", "b"]}))[:-40],
        {},
        0,
        1,
    ),
    "one JSON object over several lines": (
        "a.json",
        b'{\n "text":\n "a"\n}',
        {},
        0,
        1,
    ),
    "a csv header that cannot be parsed": ("a.csv", b'"text"s,n\n1,2\n', {}, 0, 1),
    "Arrow offsets that lead out of their buffer": (
        "a.arrow",
        leading_out(),
        {},
        1,
        2,
    ),
    "a text of more than `limits.max_document_chars`": (
        "a.jsonl",
        GOOD + b'{"text": "' + b"x" * 2_000_001 + b'"}\n',
        {},
        1,
        1,
    ),
    "one id with two texts": (
        "a.jsonl",
        b'{"id": "7", "text": "One text."}\n{"id": "7", "text": "Another."}\n',
        {},
        1,
        1,
    ),
}

# File name, content, and the texts that are kept.
NO_FAULT: dict[str, tuple[str, bytes, int]] = {
    "an empty text": ("a.jsonl", GOOD + b'{"text": ""}\n', 1),
    "a text of white space or invisible characters alone": (
        "a.jsonl",
        GOOD + json.dumps({"text": " \u3000\u200b\ufeff\u2060\n"}).encode() + b"\n",
        1,
    ),
    "an empty file": ("a.jsonl", b"", 0),
    "a csv file with a header alone": ("a.csv", b"id,text\n", 0),
    "blank lines": ("a.jsonl", b"\n" + GOOD + b" \t\n\n", 1),
    "an id that is empty, NaN or null": (
        "a.jsonl",
        b"".join(
            b'{"id": %s, "text": "Text %d."}\n' % (value, number)
            for number, value in enumerate([b'""', b"NaN", b"null", b'" "'])
        ),
        4,
    ),
}

MAKES: dict[str, tuple[dict[str, bytes], list[dict[str, Any]], dict[str, Any]]] = {
    "a JSON array instead of lines": ({"a.json": b'[{"text": "a"}]'}, [], {}),
    "no text column": ({"a.parquet": parquet(body=["a"])}, [], {}),
    "a csv file without a header, whose first record is not repeated": (
        {"a.csv": b"Write to person7@mailbox.io..,1\n"},
        [],
        {},
    ),
    "a text column of numbers": ({"a.parquet": parquet(text=[1, 2])}, [], {}),
    "a `columns` entry that no file has": (
        {"a.jsonl": GOOD},
        [{"path": "in", "columns": {"url": "adress"}}],
        {},
    ),
    "an id column of lists, objects or truth values": (
        {"a.parquet": parquet(text=["a"], id=[[1]])},
        [],
        {},
    ),
    "another delimiter than the expected one (csv, tsv)": (
        {"a.csv": b"id;text\n0;a\n"},
        [],
        {},
    ),
    "two columns of one name (csv)": ({"a.csv": b"text,n,text\n"}, [], {}),
    "quotes that may enclose fields or be content (tsv)": (
        {"a.tsv": b'id\ttext\n1\t"a\n2\tb"\n'},
        [],
        {},
    ),
    "UTF-16 or UTF-32 without `encoding`": (
        {"a.csv": TWO.decode().encode("utf-16")},
        [],
        {},
    ),
    "one file in two inputs": (
        {"a.jsonl": GOOD},
        [{"path": "in"}, {"path": "in/a.jsonl", "source": "other"}],
        {},
    ),
    "a path that leads nowhere": ({}, [{"path": "nowhere"}], {}),
    "a file of one format that is named alone and has another suffix": (
        {"a.data": GOOD},
        [{"path": "in/a.data"}],
        {},
    ),
    "a folder without data": ({}, [], {}),
    "an address of another machine (`s3://`, `https://`)": (
        {},
        [{"path": "s3://bucket/in"}],
        {},
    ),
    "a file that cannot be read, under `unreadable_files: refuse`": (
        {"a.jsonl": GOOD, "b.parquet": b"PAR1 and then nothing"},
        [],
        {"limits": {"unreadable_files": "refuse"}},
    ),
}
LINK = "a link to nothing"


def test_the_page_names_all_kinds_and_all_reasons() -> None:
    tried = {
        (ASIDE, "test_set_aside"): set(SET_ASIDE),
        (COUNTED, "test_counted"): set(NO_FAULT),
        (REFUSED, "test_refused"): {*MAKES, LINK},
    }
    for (title, test), names in tried.items():
        assert set(own(title, test)) == names
    aside = table_of(ASIDE)
    assert len(aside) >= LEAST_KINDS
    reasons = {cells[0].strip("`") for cells in aside.values()}
    assert reasons == {reason.value for reason in QuarantineReason}


def test_every_test_of_the_page_is_there() -> None:
    tests = PAGE.parents[1] / "tests"
    for title in (ASIDE, COUNTED, REFUSED):
        for name, cells in table_of(title).items():
            module, _, test = cells[-1].strip("`").partition("::")
            files = [path.read_text() for path in tests.rglob(f"{module}.py")]
            assert any(f"\ndef {test}(" in file for file in files), name


def write(folder: Path, files: dict[str, tuple[str, bytes]]) -> dict[str, str]:
    """A file for each kind; returns the kinds by file."""
    kinds = {f"k{n}{files[name][0][1:]}": name for n, name in enumerate(files)}
    for file, name in kinds.items():
        (folder / file).write_bytes(files[name][1])
    return kinds


def rows_of(run: Path, table: str) -> list[dict[str, Any]]:
    return pa.concat_tables(
        pq.read_table(path) for path in sorted((run / table).iterdir())
    ).to_pylist()


def test_set_aside(tmp_path: Path) -> None:
    """One run reads them all, and each costs what the page says, and no more."""
    files = {name: case[:2] for name, case in SET_ASIDE.items()}
    kinds = write(tmp_path, files)
    inputs = [
        {"path": str(tmp_path / file), "source": file, **SET_ASIDE[name][2]}
        for file, name in kinds.items()
    ]
    manifest = clean(settings(tmp_path, inputs=inputs))
    ledger = rows_of(tmp_path / "run", "ledger")
    held = rows_of(tmp_path / "run", "quarantine")
    for file, name in kinds.items():
        *_, kept, aside = SET_ASIDE[name]
        reason, counted, _ = table_of(ASIDE)[name]
        rows = [row for row in ledger if row["path"] == file]
        found = [row["reason"] for row in rows if row["outcome"] == "quarantined"]
        assert found == [reason.strip("`")] * aside, name
        assert len(rows) == kept + aside, name
        assert sum(row["path"] == file for row in held) == aside, name
        if counted.endswith("as one"):
            assert (aside, kept > 0) == (1, counted.startswith("the rest")), name
        else:
            assert counted.startswith("each record"), name
    total = sum(case[-1] for case in SET_ASIDE.values())
    assert sum(manifest.records.quarantined.values()) == total == len(held)


def test_counted(tmp_path: Path) -> None:
    files = {name: case[:2] for name, case in NO_FAULT.items()}
    kinds = write(tmp_path, files)
    inputs = [{"path": str(tmp_path / file), "source": file} for file in kinds]
    manifest = clean(settings(tmp_path, inputs=inputs))
    ledger = rows_of(tmp_path / "run", "ledger")
    rows_known = {file.path: file.rows for file in manifest.inputs}
    for file, name in kinds.items():
        kept = NO_FAULT[name][-1]
        rows = [row for row in ledger if row["path"] == file]
        dropped = [row["reason"] for row in rows if row["outcome"] == "dropped"]
        told = table_of(COUNTED)[name][0]
        assert dropped == (["empty"] if told == "dropped as `empty`" else []), name
        assert len(rows) - len(dropped) == kept, name
        assert rows_known[file] == len(rows), name
        assert not kept or rows[0]["row"] == (1 if name == "blank lines" else 0)
    assert manifest.records.dropped == {"empty": 2}
    assert manifest.records.quarantined == {}


@pytest.mark.parametrize("name", own(REFUSED, "test_refused"))
def test_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    files, inputs, changes = MAKES.get(name, ({}, [], {}))
    Path("in").mkdir()
    for file, content in files.items():
        (Path("in") / file).write_bytes(content)
    if name == LINK:
        Path("in/a.jsonl").symlink_to("gone.jsonl")
    values = settings(tmp_path, inputs=inputs or [{"path": "in"}], **changes)
    with pytest.raises(RefuseError) as refusal:
        clean(load_config(yaml.safe_dump(values)).model_dump(exclude_unset=True))
    assert table_of(REFUSED)[name][0] in str(refusal.value)
    assert refusal.value.exit_code == 2
    assert not (tmp_path / "run").exists()


def test_a_search_without_end(tmp_path: Path) -> None:
    slow = {"entity": "X", "name": "slow", "regex": r"(a|aa)+c(?<!ac)"}
    pii = {
        "mode": "identifiers",
        "canaries": {"documents": 0},
        "recognizers": {"patterns": [slow]},
        "max_seconds_per_document": 0.05,
    }
    lines = [GOOD, json.dumps({"text": "a" * 60 + "c"}).encode() + b"\n"]
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.jsonl").write_bytes(b"".join(lines))
    records = clean(settings(tmp_path, pii=pii)).records
    assert (records.kept, records.quarantined) == (1, {"detector_timeout": 1})

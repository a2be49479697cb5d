"""A reader that loses one record is found out, whatever the format, by run and verify.

What the readers are held against are the bytes, which are counted without them.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from pyarrow import feather

from isinglass.pipelines.plan import plan
from isinglass.pipelines.proof.prove import prove
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import ReconcileError
from isinglass.transforms.read import documents, encodings, read_shard
from isinglass.transforms.read.batches import Records
from isinglass.transforms.read.formats import FORMATS, format_of
from isinglass.transforms.read.streams import chunks
from tests.end_to_end.test_bad_input import clean, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from isinglass.schemas.documents import Piece
    from isinglass.transforms.read.batches import Origin, Part
    from isinglass.transforms.read.counts import Content

TEXTS = [f"Text {n} of the harbour,\nthe ferry and the weather." for n in range(4)]
TABLE = pa.table({"text": TEXTS})


def _written(kind: str) -> bytes:
    sink = io.BytesIO()
    if kind == "parquet":
        pq.write_table(TABLE, sink, row_group_size=2)
    elif kind == "file":
        feather.write_feather(TABLE, sink, compression="uncompressed", chunksize=2)
    else:
        with pa.ipc.new_stream(sink, TABLE.schema) as writer:
            writer.write_table(TABLE, max_chunksize=2)
    return sink.getvalue()


LINES = b"".join(json.dumps({"text": text}).encode() + b"\n" for text in TEXTS)
CSV = b"text,n\r\n" + b"".join(f'"{text}",1\r\n'.encode() for text in TEXTS)
TSV = b"text\tn\n" + b"".join(f'"{text}"\t1\n'.encode() for text in TEXTS)
PLAIN = TEXTS[0].encode()
FILES = {
    "a.parquet": _written("parquet"),
    "a.arrow": _written("stream"),
    "b.ipc": _written("stream"),
    "a.feather": _written("file"),
    "a.jsonl": LINES,
    "a.json": LINES,
    "a.ndjson": LINES,
    "b.jsonl.gz": gzip.compress(LINES[:50]) + gzip.compress(LINES[50:]),
    "c.jsonl.zst": zstandard.compress(LINES),
    "a.csv": CSV,
    "b.csv": CSV.replace(b"\r\n", b"\r"),
    "c.csv.gz": gzip.compress(CSV[:50]) + gzip.compress(CSV[50:]),
    "a.tsv": TSV,
    "b.tsv.zst": zstandard.compress(TSV),
    "a.txt": PLAIN,
    "b.txt.gz": gzip.compress(PLAIN),
    "a.md": PLAIN,
    "a.rst": PLAIN,
}


def _shorter(records: Records | None) -> Records:
    assert records is not None
    last = len(records.rows) - 1
    metadata, carried = (
        {name: column.slice(0, last) for name, column in columns.items()}
        for columns in (records.metadata, records.carried)
    )
    text = records.text.slice(0, last)
    return Records(records.rows[:last], text, metadata, carried)


def _loses_one(file_format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the reader of a format lose the last record of the first batch."""
    whole = documents._READERS[file_format]  # type: ignore[index]

    def losing(origin: Origin, piece: Piece, content: Content) -> Iterator[Part]:
        for index, part in enumerate(whole(origin, piece, content)):
            yield part if index else replace(part, records=_shorter(part.records))

    readers = cast("dict[Any, Any]", documents._READERS)
    monkeypatch.setitem(readers, file_format, losing)


def test_every_format_is_tried() -> None:
    assert {format_of(f"a{suffix}") for suffix in FORMATS} == set(documents._READERS)
    assert {format_of(name) for name in FILES} == set(documents._READERS)
    assert {name[1:] for name in FILES if name.count(".") == 1} == set(FORMATS)


@pytest.mark.parametrize("name", FILES)
def test_the_bytes_tell_that_a_reader_loses_one(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    values = {"inputs": [{"path": name}], "output": "-"}
    made = plan(RunConfig.model_validate(values), tmp_path)
    (shard,) = made.shards
    count = 1 if name[1:].startswith((".txt", ".md", ".rst")) else len(TEXTS)
    assert sum(b.documents.num_rows for b in read_shard(shard, made.layout)) == count
    file_format = format_of(name)
    assert file_format is not None
    _loses_one(file_format, monkeypatch)
    said = f"{count - 1} records were read where its bytes hold {count}"
    with pytest.raises(ReconcileError, match=f"^{name}: {said}"):
        list(read_shard(shard, made.layout))


@pytest.mark.parametrize("name", ["b.jsonl.gz", "c.jsonl.zst", "c.csv.gz", "b.txt.gz"])
def test_the_bytes_that_a_reader_does_not_ask_for_are_counted(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    values = {"inputs": [{"path": name}], "output": "-"}
    made = plan(RunConfig.model_validate(values), tmp_path)
    file_format = format_of(name)
    readers = cast("dict[Any, Any]", documents._READERS)
    monkeypatch.setitem(readers, file_format, lambda *_: iter(()))
    with pytest.raises(ReconcileError, match=f"^{name}: 0 records were read"):
        list(read_shard(made.shards[0], made.layout))


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.csv.zst", "a.txt.gz"])
def test_what_is_packed_is_unpacked_once_to_read_and_to_count_it(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {"jsonl": LINES, "csv": CSV, "txt": PLAIN}[name.split(".")[1]]
    packed = zstandard.compress(data) if name.endswith("zst") else gzip.compress(data)
    (tmp_path / name).write_bytes(packed)
    values = {"inputs": [{"path": name}], "output": "-"}
    made = plan(RunConfig.model_validate(values), tmp_path)
    unpacked: list[bytes] = []

    def noted(*given: Any) -> Iterator[bytes]:
        for part in chunks(*given):
            assert isinstance(part, bytes)
            unpacked.append(part)
            yield part

    monkeypatch.setattr(encodings, "chunks", noted)
    list(read_shard(made.shards[0], made.layout))
    assert b"".join(unpacked) == data


def _corpus(folder: Path) -> None:
    (folder / "corpus").mkdir()
    for name, data in FILES.items():
        (folder / "corpus" / name).write_bytes(data)


def test_a_run_stops_and_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _corpus(tmp_path)
    _loses_one("csv", monkeypatch)
    with pytest.raises(ReconcileError, match=r"^a\.csv: 3 records were read"):
        clean(settings(tmp_path))
    assert not (tmp_path / "run" / "manifest.json").exists()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("every-record")
    _corpus(folder)
    clean(settings(folder))
    return folder / "run"


def test_an_honest_run_is_proved(finished: Path) -> None:
    checks = {check.name: check for check in prove(finished)}
    records = 14 * len(TEXTS) + 4
    told = f"{records} records in the bytes of {len(FILES)} inputs"
    assert (checks["recount"].status, checks["recount"].detail) == ("passed", told)
    assert checks["source texts"].status == "passed"


@pytest.mark.parametrize("file_format", documents._READERS)
def test_verify_finds_a_reader_that_loses_one(
    finished: Path, file_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _loses_one(file_format, monkeypatch)
    checks = {check.name: check for check in prove(finished)}
    assert checks["source texts"].status == "failed"
    assert "records were read where its bytes hold" in checks["source texts"].detail


def test_verify_counts_again_what_a_run_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose readers nobody checked, and whose books all agree with each other."""
    _corpus(tmp_path)
    monkeypatch.setattr(documents, "_counted", lambda _, batches, __: batches)
    for file_format in ("csv", "text"):
        _loses_one(file_format, monkeypatch)
    monkeypatch.setattr("isinglass.pipelines.sums.survey_sums", lambda *_: [])
    clean(settings(tmp_path))
    recount = {c.name: c for c in prove(tmp_path / "run")}["recount"]
    assert recount.status == "failed"
    assert recount.detail == (
        "a.csv (web): 3 records, of which its bytes hold 4; "
        "a.md (web): 0 records, of which its bytes hold 1; "
        "a.rst (web): 0 records, of which its bytes hold 1; and 6 more"
    )


def test_an_unknown_compression_is_not_read(tmp_path: Path) -> None:
    """Its records would not be counted: the file is passed over with a warning."""
    _corpus(tmp_path)
    (tmp_path / "corpus" / "z.csv.bz2").write_bytes(bz2.compress(CSV))
    values = settings(tmp_path)
    made = plan(RunConfig.model_validate(values), tmp_path)
    assert "z.csv.bz2" not in {file.path for file in made.inputs}

"""Damage of every kind for files of every format, by a word from which it follows.

As a program it reads damaged files and judges what came of them. It is one of its own
because some may end it.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import logging
import random
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from isinglass.pipelines.plan import plan
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import InputError
from isinglass.transforms.read import read_shard

ROWS = 120
_GROUP = 40


def records() -> list[dict[str, Any]]:
    """Records, no two alike, with values of many kinds."""
    chance = random.Random(7)  # noqa: S311 - an example
    words = ["harbour", "ferry", "résumé", "東京", "naïve", "quoted,", '"twice"']
    return [
        {
            "id": f"d{number}",
            "text": f"Document {number}: {' '.join(chance.choices(words, k=9))}.",
            "n": number,
            "note": None if number % 3 else "x" * (number % 7),
        }
        for number in range(ROWS)
    ]


def _lines() -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records()).encode()


def _delimited(delimiter: str) -> bytes:
    sink = io.StringIO(newline="")
    names = list(records()[0])
    writer = csv.DictWriter(sink, names, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records())
    return sink.getvalue().encode()


def _table() -> pa.Table:
    table = pa.Table.from_pylist(records())
    numbers = range(ROWS)
    return (
        table.append_column("tag", table["note"].dictionary_encode())
        .append_column("list", pa.array([["a"] * (n % 4) for n in numbers]))
        .append_column("deep", pa.array([{"a": str(n), "b": [n]} for n in numbers]))
        .append_column("view", table["text"].cast(pa.string_view()))
        .append_column(
            "pair", pa.array([[n, n] for n in numbers], pa.list_(pa.int8(), 2))
        )
    )


def _arrow(*, stream: bool, compression: str | None = None) -> bytes:
    sink, table = io.BytesIO(), _table()
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with make(sink, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=_GROUP)
    return sink.getvalue()


def _parquet(**options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(_table(), sink, row_group_size=_GROUP, **options)
    return sink.getvalue()


def sound_files() -> dict[str, bytes]:
    """A sound file of every format, by its name."""
    lines, commas = _lines(), _delimited(",")
    return {
        "plain.jsonl": lines,
        "packed.jsonl.gz": gzip.compress(lines, mtime=0),
        "packed.jsonl.zst": zstandard.compress(lines),
        "commas.csv": commas,
        "tabs.tsv": _delimited("\t"),
        "packed.csv.gz": gzip.compress(commas, mtime=0),
        "one.txt": "\n".join(record["text"] for record in records()).encode(),
        "file.arrow": _arrow(stream=False),
        "stream.arrow": _arrow(stream=True),
        "lz4.arrow": _arrow(stream=False, compression="lz4"),
        "zstd.arrow": _arrow(stream=True, compression="zstd"),
        "snappy.parquet": _parquet(),
        "plain.parquet": _parquet(compression="none", use_dictionary=False),
        "zstd.parquet": _parquet(compression="zstd", data_page_version="2.0"),
        "checked.parquet": _parquet(write_page_checksum=True),
    }


def harm(data: bytes, seed: str) -> bytes:
    """Change bits, cut the end off, take a stretch out, or put one in elsewhere."""
    chance = random.Random(seed)  # noqa: S311 - chosen, not secret
    harmed = bytearray(data)
    start, stop = sorted(chance.randrange(len(data)) for _ in range(2))
    how = chance.choice(["bits", "bits", "cut", "take", "splice"])
    if how == "bits":
        for _ in range(chance.choice([1, 1, 3, 10, 40])):
            harmed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif how == "cut":
        del harmed[start:]
    elif how == "take":
        del harmed[start:stop]
    else:
        place = chance.randrange(len(data))
        harmed[place:place] = data[start : min(stop, start + 2000)]
    return bytes(harmed)


def _same(one: bytes, other: bytes) -> bytes:
    """The beginning that two files share."""
    pairs = zip(one, other, strict=False)
    return one[: sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))]


def untouched(name: str, sound: bytes, harmed: bytes) -> list[int]:
    """Numbers of records that the damage did not touch and that it must not cost."""
    same = _same(sound, harmed)
    if name in ("plain.jsonl", "commas.csv", "tabs.tsv"):
        first = same.count(b"\n") - (not name.endswith("jsonl"))
        rows = list(range(max(0, first)))
        if name.endswith("jsonl"):
            tail = _same(sound[::-1], harmed[::-1]).count(b"\n") - 1
            rows += range(max(first, ROWS - tail), ROWS)
        return rows
    if name == "stream.arrow":
        with pa.BufferReader(sound) as file:
            ends = [file.tell() for _ in pa.ipc.open_stream(file)]
        return list(range(_GROUP * len(list(takewhile(len(same).__ge__, ends)))))
    return []


def judge(folder: Path, name: str, seed: str) -> str:
    """Read a damaged file; what is wrong with what comes of it, or nothing."""
    sound = sound_files()[name]
    harmed = harm(sound, f"{name} {seed}")
    (folder / name).write_bytes(harmed)
    values = {"inputs": [{"path": name}], "output": "-"}
    try:
        made = plan(RunConfig.model_validate(values), folder)
        batches = [b for s in made.shards for b in read_shard(s, made.layout)]
    except InputError as error:
        wrong = "after it was planned" in str(error)
        return f"the file is said to have changed: {error}" if wrong else ""
    finally:
        (folder / name).unlink()
    for batch in batches:
        batch.documents.validate(full=True)
        batch.rejected.validate(full=True)
    rows = [row for batch in batches for row in batch.documents.to_pylist()]
    rejected = sum(batch.rejected.num_rows for batch in batches)
    known = made.inputs[0].rows
    if known is not None and known != len(rows) + rejected:
        return f"{known} records were planned, {len(rows) + rejected} came"
    if made.inputs[0].problem:
        return ""
    texts = {(row["source_id"], row["text"]) for row in rows}
    whole = records()
    lost = [
        n
        for n in untouched(name, sound, harmed)
        if (f"d{n}", whole[n]["text"]) not in texts
    ]
    return f"records {lost[:5]} were not touched and are lost" if lost else ""


def main() -> None:
    """Judge files, named by lines `NAME SEED`, in a folder; a line for each."""
    logging.disable(logging.CRITICAL)
    folder = Path(sys.argv[1])
    for line in sys.stdin:
        name, seed = line.split()
        try:
            wrong = judge(folder, name, seed)
        # Nothing may be raised but what tells a person what to do.
        except Exception as error:  # noqa: BLE001
            wrong = f"{type(error).__name__}: {error}"
        print(json.dumps(wrong), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

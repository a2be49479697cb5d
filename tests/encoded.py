"""Runs with an `encode` section over few short documents, and readers of their own."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.run import Request, Result, execute
from isinglass.schemas.config import RunConfig
from isinglass.transforms.encode.models.find import packaged_folder
from tests.topics import make_topics

if TYPE_CHECKING:
    from isinglass.pipelines.seam import Verb

EVERYTHING: dict[str, Any] = {
    "max_tokens": 32,
    "verify_tokenizer": 1,
    "masks": True,
    "word_ids": True,
    "packed": {"length": 64, "end_token": "[PAD]"},
    "megatron": {"end_token": "[SEP]"},
    "embedding_type": "float16",
    "hidden_states": True,
    "semantic": {"clusters": 4, "duplicates": 0.96},
}
"""Every output of the encode pass at once."""


def write_topics(folder: Path, count: int = 60) -> list[dict[str, Any]]:
    """A corpus of one file; returns its rows."""
    rows = make_topics(count)
    write_texts(folder, rows)
    return rows


def write_texts(folder: Path, rows: list[dict[str, Any]]) -> None:
    """Rows as a corpus of one file."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "a.jsonl").write_text(lines)


def request_of(
    folder: Path,
    encode: dict[str, Any] | None,
    *,
    verb: Verb = "run",
    reverse: bool = False,
    replace: bool = False,
    **changes: Any,
) -> Request:
    """What is asked for: `folder/corpus` encoded to `folder/run`, in some shards."""
    values = {
        "inputs": [{"path": str(folder / "corpus"), "source": "web"}],
        "output": str(folder / "run"),
        "seed": 11,
        "limits": {"shard_bytes": 6_000},
        "encode": encode,
        **changes,
    }
    config = RunConfig.model_validate(values)
    execution = Execution(config.beam, reverse=reverse)
    return Request(config, verb, Path.cwd(), execution, replace)


def start(folder: Path, encode: dict[str, Any] | None, **changes: Any) -> Result:
    """Carry out the request that `request_of` makes of the same arguments."""
    progress = Console(stderr=True, quiet=True)
    return execute(request_of(folder, encode, **changes), progress)


def table(run: Path, name: str) -> pa.Table:
    """All shards of a table, in order."""
    return pa.concat_tables(pq.read_table(p) for p in sorted((run / name).iterdir()))


def hashes(run: Path, *tables: str) -> dict[str, str]:
    """SHA-256 of every file of some tables."""
    return {
        path.relative_to(run).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for name in tables
        for path in sorted((run / name).iterdir())
    }


def library(**truncation: Any) -> Any:
    """The packaged tokenizer by its own library, without padding."""
    import tokenizers  # noqa: PLC0415  (optional)

    found = tokenizers.Tokenizer.from_file(str(packaged_folder() / "tokenizer.json"))
    found.no_padding()
    found.no_truncation()
    if truncation:
        found.enable_truncation(**truncation)
    return found


def embeddings_of(run: Path) -> np.ndarray[Any, np.dtype[Any]]:
    """All vectors, by what the schema of each file says and nothing else."""
    column = table(run, "embeddings")["embedding"]
    kind = column.type
    if pa.types.is_fixed_size_list(kind):
        return np.array(column.to_pylist(), np.float32).reshape(-1, kind.list_size)
    joined = b"".join(column.to_pylist())
    return np.frombuffer(joined, "<f2").reshape(-1, kind.byte_width // 2)


def megatron_documents(prefix: Path) -> list[list[int]]:
    """Sequences of a pair of files, read as Megatron-LM's indexed dataset lays it out.

    Header of `megatron/core/datasets/indexed_dataset.py`: magic, version (uint64), code
    of the type (uint8), sequences and documents (uint64); then lengths (int32),
    pointers in bytes and document borders (both int64).
    """
    index = prefix.with_name(prefix.name + ".idx").read_bytes()
    data = prefix.with_name(prefix.name + ".bin").read_bytes()
    magic, version, code, count, borders = struct.unpack_from("<9sQBQQ", index)
    assert (magic, version) == (b"MMIDIDX\x00\x00", 1)
    kind = {4: "<i4", 8: "<u2"}[code]
    place = struct.calcsize("<9sQBQQ")
    lengths = struct.unpack_from(f"<{count}i", index, place)
    pointers = struct.unpack_from(f"<{count}q", index, place + 4 * count)
    ends = struct.unpack_from(f"<{borders}q", index, place + 12 * count)
    assert len(index) == place + 12 * count + 8 * borders
    assert ends == tuple(range(count + 1))
    assert len(data) == sum(lengths) * np.dtype(kind).itemsize
    return [
        np.frombuffer(data, kind, length, pointer).tolist()
        for length, pointer in zip(lengths, pointers, strict=True)
    ]

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isinglass.pipelines.plan import digest
from isinglass.pipelines.plan.digest import digest_file
from isinglass.schemas.config import Columns
from isinglass.schemas.documents import Layout, Piece, Shard
from isinglass.transforms.read import read_shard

if TYPE_CHECKING:
    from pathlib import Path

LAYOUT = Layout((Columns(),), pa.schema([]), {}, 100)

# What can stand between two newlines, blank and broken lines included.
LINES = st.lists(
    st.sampled_from(
        [
            b"",
            b"\r",
            b" \t",
            b"\x0b",
            b'{"text":"a"}',
            b'{"text":"long %s"}' % (b"x" * 70),
            b'{"text":7}',
            b"[]",
            b"broken",
            b"\xff",
            b"\xef\xbb\xbf",
            '{"text":"é\u2028"}'.encode(),
        ]
    ),
    max_size=25,
)


def read(path: Path, stretches: Any) -> list[tuple[Any, ...]]:
    records: list[tuple[Any, ...]] = []
    for s in stretches:
        piece = Piece(
            str(path), "a.jsonl", "jsonl", s.start, s.stop, s.first_row, s.rows
        )
        count = 0
        for batch in read_shard(Shard("s", "docs", 0, (piece,)), LAYOUT):
            documents = batch.documents.to_pylist()
            records += [(d["doc_id"], d["row"], d["text"]) for d in documents]
            records += [tuple(r.values()) for r in batch.rejected.to_pylist()]
            count += batch.documents.num_rows + batch.rejected.num_rows
        assert count == s.rows
    return sorted(records)


@given(
    LINES,
    st.sampled_from([b"", b"\n"]),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.integers(1, 300),
    st.integers(1, 64),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_cut_gives_the_same_records(
    tmp_path: Path, lines: list[bytes], end: bytes, mark: bytes, size: int, block: int
) -> None:
    data = mark + b"\n".join(lines) + end
    path = tmp_path / "a.jsonl"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        # Lines that lie across blocks; three bytes hold a byte order mark.
        patch.setattr(digest, "BLOCK_BYTES", block + 2)
        cut = digest_file(path, line_bytes=size)
    whole = digest_file(path, line_bytes=10**9)
    assert (cut.bytes, cut.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert len(whole.stretches) == 1
    assert cut.stretches[0].start == 0
    assert cut.stretches[-1].stop == len(data)
    for left, right in zip(cut.stretches, cut.stretches[1:], strict=False):
        assert left.stop == right.start
        assert left.stop - left.start >= size
        assert data[left.stop - 1 : left.stop] == b"\n"
        assert right.first_row == data[: right.start].count(b"\n")
    assert sum(s.rows or 0 for s in cut.stretches) == whole.stretches[0].rows
    assert read(path, cut.stretches) == read(path, whole.stretches)


def test_stretches_of_known_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"{}\n\n{}\n" * 3)
    found = digest_file(path, line_bytes=7).stretches
    assert [(s.start, s.stop, s.first_row, s.rows) for s in found] == [
        (0, 7, 0, 2),
        (7, 14, 3, 2),
        (14, 21, 6, 2),
    ]


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"")
    found = digest_file(path, line_bytes=7)
    assert found.sha256 == hashlib.sha256(b"").hexdigest()
    assert [(s.start, s.stop, s.rows) for s in found.stretches] == [(0, 0, 0)]
    assert digest_file(path).stretches == ()

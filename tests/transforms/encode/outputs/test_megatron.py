from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isinglass.schemas.errors import InputError, IsinglassError
from isinglass.transforms.encode.outputs.megatron import MegatronWriter
from isinglass.transforms.encode.outputs.readers import read_megatron
from tests.properties import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from isinglass.transforms.encode.tokenizers.batch import TokenBatch

    Make = Callable[..., TokenBatch]

GOLDEN = (
    "4d4d494449445800 00"  # magic
    "0100000000000000"  # version 1
    "08"  # uint16
    "0300000000000000"  # three sequences
    "0500000000000000"  # four documents and the end
    "02000000 01000000 03000000"  # tokens
    "0000000000000000 0400000000000000 0600000000000000"  # bytes before each
    "0000000000000000 0100000000000000 0200000000000000"
    "0200000000000000 0300000000000000"  # the third document has no sequence
)


def write(prefix: Path, batches: list[TokenBatch], size: int) -> tuple[int, int]:
    writer = MegatronWriter(prefix, size)
    for batch in batches:
        writer.write(batch)
    return writer.finish()


def independent_read(prefix: Path) -> list[list[int]]:
    """Documents, read field by field as the format is described."""
    index = prefix.with_name(prefix.name + ".idx").read_bytes()
    assert index[:9] == b"MMIDIDX\0\0"
    (version,) = struct.unpack("<Q", index[9:17])
    assert version == 1
    code = index[17]
    sequences, borders = struct.unpack("<QQ", index[18:34])
    lengths = struct.unpack_from(f"<{sequences}i", index, 34)
    starts = struct.unpack_from(f"<{sequences}q", index, 34 + 4 * sequences)
    place = 34 + 12 * sequences
    ends = struct.unpack_from(f"<{borders}q", index, place)
    assert place + 8 * borders == len(index)
    # What Megatron-LM itself asserts when it opens the files.
    assert ends[0] == 0
    assert ends[-1] == sequences
    data = np.memmap(
        prefix.with_name(prefix.name + ".bin"), {8: "<u2", 4: "<i4"}[code], "r"
    )
    found = []
    for first, last in pairwise(ends):
        ids: list[int] = []
        for sequence in range(first, last):
            start = starts[sequence] // data.itemsize
            ids += data[start : start + lengths[sequence]].tolist()
        found.append(ids)
    assert sum(lengths) == len(data)
    return found


def test_exact_bytes(tmp_path: Path, token_batch: Make) -> None:
    prefix = tmp_path / "part-0.text"
    batches = [token_batch([[1, 2], [258]]), token_batch([[], [65498, 0, 3]])]
    assert write(prefix, batches, 65_499) == (4, 6)
    assert (tmp_path / "part-0.text.idx").read_bytes() == bytes.fromhex(GOLDEN)
    ids = (tmp_path / "part-0.text.bin").read_bytes()
    assert ids == bytes.fromhex("0100 0200 0201 daff 0000 0300")
    assert independent_read(prefix) == [[1, 2], [258], [], [65498, 0, 3]]


@pytest.mark.parametrize(
    ("size", "code", "width"), [(65_499, 8, 2), (65_500, 4, 4), (250_000, 4, 4)]
)
def test_type_follows_the_vocabulary(
    tmp_path: Path, token_batch: Make, size: int, code: int, width: int
) -> None:
    prefix = tmp_path / "x"
    write(prefix, [token_batch([[size - 1, 1]])], size)
    assert (tmp_path / "x.idx").read_bytes()[17] == code
    assert (tmp_path / "x.bin").stat().st_size == 2 * width
    assert independent_read(prefix) == [[size - 1, 1]]


@settings(
    examples(50),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    batches=st.lists(
        st.lists(st.lists(st.integers(0, 99_999), max_size=5), max_size=4), max_size=4
    ),
    size=st.sampled_from([50_000, 100_000]),
)
def test_both_readers_read_what_was_written(
    tmp_path: Path, token_batch: Make, batches: list[list[list[int]]], size: int
) -> None:
    batches = [[[one % size for one in ids] for ids in part] for part in batches]
    documents = [ids for part in batches for ids in part]
    write(tmp_path / "x", [token_batch(part) for part in batches], size)
    data = read_megatron(tmp_path / "x")
    assert [data[row].tolist() for row in range(len(data))] == documents
    assert data.lengths.tolist() == [len(ids) for ids in documents if ids]
    if any(documents):  # an empty file cannot be mapped
        assert independent_read(tmp_path / "x") == documents
    for wrong in (-1, len(data)):
        with pytest.raises(IndexError):
            data[wrong]


def test_id_outside_the_vocabulary(tmp_path: Path, token_batch: Make) -> None:
    writer = MegatronWriter(tmp_path / "x", 10)
    writer.write(token_batch([[9]]))
    with pytest.raises(IsinglassError, match=r"Ids up to 10 .* vocabulary of 10 ids"):
        writer.write(token_batch([[10]]))
    writer.finish()


def test_damaged_files(tmp_path: Path, token_batch: Make) -> None:
    write(tmp_path / "x", [token_batch([[1, 2], [3]])], 10)
    index, data = tmp_path / "x.idx", tmp_path / "x.bin"
    whole = index.read_bytes()
    for content, message in (
        (whole[:20], "too short"),
        (b"X" + whole[1:], "not an index"),
        (whole[:17] + b"\7" + whole[18:], "not an index"),
        (whole[:-1], "not those of 2 sequences"),
    ):
        index.write_bytes(content)
        with pytest.raises(InputError, match=message):
            read_megatron(tmp_path / "x")
    index.write_bytes(whole)
    data.write_bytes(b"123")
    with pytest.raises(InputError, match="3 bytes, not those of the tokens"):
        read_megatron(tmp_path / "x")
    data.unlink()
    with pytest.raises(InputError, match=r"x\.bin cannot be read: No such file"):
        read_megatron(tmp_path / "x")

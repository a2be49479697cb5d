"""Whether a file of `tokens/` belongs to its file of texts, row by row.

Everything is checked that can be without tokenising again: which documents there are
and in which order, that the counts are those of the ids, that the ids are in the
vocabulary and the special tokens where they should be. Of a few documents, spread
evenly, the ids are decoded and compared with the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.schemas.arrays import Flags, Integers
from isinglass.schemas.errors import InputError
from isinglass.transforms.encode.outputs.decoded import decodes_to
from isinglass.transforms.encode.outputs.readers import open_parquet
from isinglass.transforms.encode.outputs.rows import window_numbers

if TYPE_CHECKING:
    import pyarrow.parquet as pq

    from isinglass.schemas.config import EncodeConfig
    from isinglass.transforms.encode.tokenizers.reference import Reference

BATCH_ROWS = 4096
MOST_DECODED = 32
"""Documents of a file that are decoded at most."""


@dataclass(frozen=True)
class Expected:
    """What the rows of a file of tokens should be like: by what they were made."""

    tokenizer: Reference
    settings: EncodeConfig

    @property
    def specials(self) -> int:
        """Special tokens around every row."""
        return len(self.tokenizer.prefix_ids) + len(self.tokenizer.suffix_ids)


def reconcile_tokens(tokens: Path, texts: Path, expected: Expected) -> list[str]:
    """Compare a file of `tokens/` with the file of `data/` it was made of.

    Returns what is wrong, in sentences that name rows and counts and hold no text;
    empty where nothing is.

    Raises:
        InputError: A file cannot be read, or lacks a column.
    """
    windowed = expected.settings.windows == "window"
    names = ["doc_id", "window"] if windowed else ["doc_id"]
    rows = _read(tokens, names)
    written = rows.column("doc_id").combine_chunks()
    wanted = _read(texts, ["doc_id"]).column("doc_id").combine_chunks()
    faults = []
    first = np.arange(len(written))
    if windowed:
        windows = rows.column("window").to_numpy()
        first = np.flatnonzero(windows == 0)
        codes = written.dictionary_encode().indices.to_numpy()
        wrong = window_numbers(codes) != windows
        faults += _told(wrong, "are not the next window of their document")
        written = written.take(pa.array(first))
    faults += _check_documents(written, wanted)
    # Rows cannot be laid beside each other where they are not the same documents.
    sample = np.arange(0) if faults else _sample(len(wanted))
    ids: dict[int, list[int]] = {}
    ends = np.append(first, rows.num_rows)
    for start, batch in _batches(tokens, ["input_ids", "n_tokens"]):
        faults += _check_rows(batch, start, expected)
        _collect(batch, start, (sample, ends), ids, expected)
    for start, batch in _batches(texts, ["text"]):
        chosen = sample[(sample >= start) & (sample < start + batch.num_rows)]
        for document in chosen.tolist():
            text = batch.column("text")[document - start].as_py()
            if not _decodes(ids.get(document, []), text, expected):
                faults.append(f"The ids of document {document} are not of its text.")
    return faults


def _check_documents(written: pa.Array, wanted: pa.Array) -> list[str]:
    faults = []
    if len(written) != len(wanted):
        faults.append(
            f"There are ids of {len(written)} documents, and texts of {len(wanted)}."
        )
    count = min(len(written), len(wanted))
    equal = pc.equal(written.slice(0, count), wanted.slice(0, count))
    wrong = ~equal.to_numpy(zero_copy_only=False)
    return faults + _told(wrong, "are of another document than the text there")


def _check_rows(batch: pa.RecordBatch, first: int, expected: Expected) -> list[str]:
    values, offsets = _lists(batch.column("input_ids"))
    lengths = np.diff(offsets)
    counts = batch.column("n_tokens").to_numpy()
    size = expected.tokenizer.vocabulary_size
    outside = (values < 0) | (values >= size)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    short = lengths < expected.specials
    opened = ~short
    for place, one in enumerate(expected.tokenizer.prefix_ids):
        opened[~short] &= values[offsets[:-1][~short] + place] == one
    for place, one in enumerate(expected.tokenizer.suffix_ids[::-1], 1):
        opened[~short] &= values[offsets[1:][~short] - place] == one
    limit = (
        np.inf if expected.settings.windows == "all" else expected.settings.max_tokens
    )
    outside_rows = np.bincount(rows[outside], minlength=len(lengths)) > 0
    wrong = {
        "count their ids wrongly": counts != lengths,
        f"have ids outside a vocabulary of {size}": outside_rows,
        "lack special tokens at their ends": ~opened,
        f"have over {limit} tokens": lengths > limit,
    }
    return [fault for what in wrong for fault in _told(wrong[what], what, first)]


def _told(wrong: Flags, what: str, first: int = 0) -> list[str]:
    places = np.flatnonzero(wrong)
    if len(places) == 0:
        return []
    where = f"{len(places)} of {len(wrong)} rows from row {first} on"
    return [f"{where} {what}; the first is row {first + places[0]}."]


def _sample(documents: int) -> Integers:
    """Every k-th document: at least one, at most `MOST_DECODED`."""
    return np.arange(0, documents, max(1, -(-documents // MOST_DECODED)))


def _collect(
    batch: pa.RecordBatch,
    start: int,
    sampled: tuple[Integers, Integers],
    ids: dict[int, list[int]],
    expected: Expected,
) -> None:
    """Gather the text's own ids of sampled documents, window after window."""
    sample, ends = sampled
    values, offsets = _lists(batch.column("input_ids"))
    prefix, suffix = (
        len(expected.tokenizer.prefix_ids),
        len(expected.tokenizer.suffix_ids),
    )
    for document in sample.tolist():
        low = max(int(ends[document]), start)
        high = min(int(ends[document + 1]), start + batch.num_rows)
        for row in range(low, high):
            shared = expected.settings.stride if row > ends[document] else 0
            first = offsets[row - start] + prefix + shared
            last = offsets[row - start + 1] - suffix
            ids.setdefault(document, []).extend(values[first:last].tolist())


def _decodes(ids: Sequence[int], text: str, expected: Expected) -> bool:
    room = expected.settings.max_tokens - expected.specials
    whole = expected.settings.windows != "truncate" or len(ids) < room
    return decodes_to(expected.tokenizer.library, ids, text, whole=whole)


def _lists(column: pa.ListArray) -> tuple[NDArray[np.int32], Integers]:
    offsets = column.offsets.to_numpy().astype(np.int64)
    values = column.values.to_numpy()[offsets[0] : offsets[-1]]
    return values, offsets - offsets[0]


def _read(path: Path, columns: list[str]) -> pa.Table:
    with _open(path, columns) as file:
        return file.read(columns=columns)


def _batches(path: Path, columns: list[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Batches, and the number of the first row of each."""
    row = 0
    with _open(path, columns) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
            yield row, batch
            row += batch.num_rows


def _open(path: Path, columns: list[str]) -> pq.ParquetFile:
    file = open_parquet(path)
    lacking = [name for name in columns if name not in file.schema_arrow.names]
    if lacking:
        file.close()
        raise InputError(f"{path} lacks the columns {lacking}.")
    return file

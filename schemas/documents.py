"""Shards, pieces and document batches: how input travels through a pass."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pyarrow as pa

from isinglass.schemas.config.inputs import Columns, Format


@dataclass(frozen=True)
class Dialect:
    """How a file of delimited text is written; characters are ASCII, or empty for none.

    Attributes:
        delimiter: Between fields; empty for what the file's name says.
        mixed: Lone carriage returns end lines, and so do newlines.
    """

    delimiter: str = ""
    quote: str = '"'
    escape: str = ""
    mixed: bool = False


@dataclass(frozen=True)
class Piece:
    """A stretch of one input file.

    Attributes:
        relative: Path from the input's root, with `/`; part of doc_id.
        start: First unit: row group (parquet), record batch (arrow) or byte (jsonl).
        stop: One past the last unit; -1 means to the end.
        first_row: Number, within the file, of the first record of this stretch.
        rows: Records expected, where the format tells; None otherwise.
        sha256: Of the whole file, hex.
        problem: Why the file cannot be read at all; empty for a readable one. A
            piece with a problem is one quarantined record.
        encoding: Of csv, jsonl and text; empty for UTF-8.
        dialect: Of csv.
    """

    path: str
    relative: str
    format: Format
    start: int = 0
    stop: int = -1
    first_row: int = 0
    rows: int | None = None
    bytes: int = 0
    sha256: str = ""
    problem: str = ""
    encoding: str = ""
    dialect: Dialect = Dialect()


@dataclass(frozen=True)
class Shard:
    """The unit of work, resume and output: a stretch of a big file, or small files.

    Its id is file-name-safe and stable: made of source, file and part. `input` is an
    index into `inputs` of the configuration. Of a sample, reading ends behind the
    document with which so many bytes of text have come.
    """

    shard_id: str
    source: str
    input: int
    pieces: tuple[Piece, ...]
    most_bytes: int | None = None

    def to_json(self) -> str:
        """Compact JSON, the form in which a shard travels through Beam."""
        # Not by `asdict`, which copies every value of thousands of pieces.
        return json.dumps(self, default=vars, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Shard:
        """Inverse of `to_json`."""
        data = json.loads(text)
        for piece in data["pieces"]:
            piece["dialect"] = Dialect(**piece["dialect"])
        data["pieces"] = tuple(Piece(**piece) for piece in data["pieces"])
        return cls(**data)


@dataclass(frozen=True)
class Layout:
    """How the columns of all inputs become the columns of the run.

    Attributes:
        columns: Column mapping of each input, by input index.
        carried: Columns carried through to `data/`, as the output names and types
            them; the same for all inputs. A column that one input lacks is null.
        renamed: By output name, the input's name where the two differ (an input
            column that is called like one of ours is carried as `input_<name>`).
        max_chars: Longer documents are rejected as too long.
    """

    columns: tuple[Columns, ...]
    carried: pa.Schema
    renamed: dict[str, str]
    max_chars: int


@dataclass(frozen=True)
class DocumentBatch:
    """A few MB of records of one file, or of several small ones.

    Every record is in exactly one of the two tables, once.

    Attributes:
        files: `Piece.relative` of the files the records come from, in order.
        documents: `tables.DOCUMENTS` followed by the carried columns. Texts are
            valid UTF-8 without NUL and at most `Layout.max_chars` code points;
            they may be empty.
        rejected: `tables.REJECTED`.
        document_files: int32, the place of each document's file among `files`.
        rejected_files: The same of each rejected record.
    """

    files: tuple[str, ...]
    documents: pa.RecordBatch
    rejected: pa.RecordBatch
    document_files: pa.Int32Array
    rejected_files: pa.Int32Array

    def paths(self, files: pa.Int32Array) -> pa.StringArray:
        """The paths of places among `files`."""
        return pa.array(self.files, pa.string()).take(files)

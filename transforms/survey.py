"""What the survey keeps of a document: hashes and counts, never text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.transforms.dedup.minhash import band_hashes
from isinglass.transforms.dedup.shingles import shingle
from isinglass.transforms.demographics.counts import count_mentions
from isinglass.transforms.demographics.lexicon import group_names
from isinglass.transforms.labels import is_language_tag, safe_labels
from isinglass.transforms.language import detect_languages
from isinglass.transforms.read.identity import doc_id_words
from isinglass.transforms.text import content_hashes, is_blank, normalise

if TYPE_CHECKING:
    from isinglass.schemas.config import DedupConfig
    from isinglass.transforms.demographics.counts import MentionCounts


@dataclass(frozen=True)
class Survey:
    """The survey of one batch.

    Attributes:
        table: One row a document, with the schema of `survey_schema`.
        languages: Language of each document: its own, or the detected one.
        mentions: Demographic mention counts.
    """

    table: pa.RecordBatch
    languages: pa.StringArray
    mentions: MentionCounts


def survey_schema(dedup: DedupConfig | None) -> pa.Schema:
    """Schema of the survey's side table.

    `bands` holds `bands` little-endian 64-bit band hashes and is null for a document
    without shingles; `mentions` follows `group_names()`; `id_key` is 0 for a document
    without a source id.
    """
    fields = [
        pa.field("row", pa.int64(), nullable=False),
        pa.field("doc_high", pa.uint64(), nullable=False),
        pa.field("doc_low", pa.uint64(), nullable=False),
        pa.field("hash_high", pa.uint64(), nullable=False),
        pa.field("hash_low", pa.uint64(), nullable=False),
        pa.field("id_key", pa.uint64(), nullable=False),
        pa.field("characters", pa.int64(), nullable=False),
        pa.field("blank", pa.bool_(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("source", pa.string()),
        pa.field("collected_at", pa.string()),
        pa.field("covered", pa.bool_(), nullable=False),
        pa.field("words", pa.int64(), nullable=False),
        pa.field("mentions", pa.list_(pa.int32(), len(group_names())), nullable=False),
    ]
    if dedup is not None and dedup.fuzzy:
        fields.append(pa.field("bands", pa.binary(8 * dedup.bands)))
    return pa.schema(fields)


def survey_documents(documents: pa.RecordBatch, dedup: DedupConfig | None) -> Survey:
    """Survey a batch of documents (`tables.DOCUMENTS` and carried columns)."""
    texts = documents.column("text")
    normalised = normalise(texts)
    ids = doc_id_words(documents.column("doc_id"))
    hashes = content_hashes(normalised)
    languages = known_languages(documents)
    mentions = count_mentions(texts, languages)
    columns = [
        documents.column("row"),
        pa.array(ids[:, 0]),
        pa.array(ids[:, 1]),
        pa.array(hashes[:, 0]),
        pa.array(hashes[:, 1]),
        pa.array(_id_keys(documents)),
        pc.cast(pc.utf8_length(texts), pa.int64()),
        pa.array(is_blank(texts)),
        languages,
        safe_labels(documents.column("source")),
        documents.column("collected_at"),
        pa.array(mentions.covered),
        pa.array(mentions.words.astype(np.int64)),
        _fixed_lists(mentions.counts),
    ]
    schema = survey_schema(dedup)
    if "bands" in schema.names and dedup is not None:
        columns.append(_band_column(normalised, dedup))
    table = pa.RecordBatch.from_arrays(columns, schema=schema)
    return Survey(table, languages, mentions)


def known_languages(documents: pa.RecordBatch) -> pa.StringArray:
    """The documents' own language tag where they have one, else the detected one."""
    given = documents.column("language")
    unknown = pc.invert(pc.fill_null(is_language_tag(given), fill_value=False))
    if not pc.any(unknown).as_py():
        return given
    detected = detect_languages(documents.column("text").filter(unknown))
    return pc.replace_with_mask(given, unknown, detected)


def _band_column(normalised: pa.StringArray, dedup: DedupConfig) -> pa.Array:
    found = band_hashes(shingle(normalised, dedup.ngram), dedup)
    rows = np.ascontiguousarray(found.hashes, dtype="<u8")
    width = 8 * dedup.bands
    validity = pa.array(found.valid).buffers()[1]
    return pa.Array.from_buffers(
        pa.binary(width), len(rows), [validity, pa.py_buffer(rows)]
    )


def _id_keys(documents: pa.RecordBatch) -> np.ndarray:
    given = documents.column("source_id")
    source = pc.fill_null(documents.column("source"), "")
    joined = pc.binary_join_element_wise(source, pc.fill_null(given, ""), "\x1f")
    keys = content_hashes(joined)[:, 0].copy()
    keys[pc.is_null(given).to_numpy(zero_copy_only=False)] = 0
    return keys


def _fixed_lists(counts: np.ndarray) -> pa.Array:
    flat = np.ascontiguousarray(counts, dtype=np.int32).reshape(-1)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), counts.shape[1])

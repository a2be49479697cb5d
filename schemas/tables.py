"""Arrow schemas of every table a run writes, declared once and versioned.

Each output file carries `isinglass.table` and `isinglass.schema_version` in its
schema metadata, so that a reader can tell what it holds without the manifest.
"""

from __future__ import annotations

import pyarrow as pa

from isinglass.schemas.columns import filled, nullable
from isinglass.schemas.spans import APPLIED

SCHEMA_VERSION = "1"


def _versioned(name: str, *columns: list[pa.Field]) -> pa.Schema:
    metadata = {"isinglass.table": name, "isinglass.schema_version": SCHEMA_VERSION}
    return pa.schema([field for some in columns for field in some], metadata=metadata)


PII_SPAN = pa.struct(
    [*filled(pa.int32(), "start", "end"), *filled(pa.string(), "entity", "operator")]
)
"""One changed span in the clean text; offsets are code points, end exclusive."""

METADATA_COLUMNS = (
    "source_id",
    "source",
    "url",
    "language",
    "collected_at",
    "license",
    "synthetic_by",
)
"""Columns that every document has besides doc_id, row and text; null when unknown."""

DOCUMENTS = _versioned(
    "documents",
    filled(pa.string(), "doc_id"),
    filled(pa.int64(), "row"),
    filled(pa.string(), "text"),
    nullable(pa.string(), *METADATA_COLUMNS),
)
"""What readers yield; carried columns follow. Never written as it is."""

REJECTED = _versioned(
    "rejected",
    filled(pa.string(), "doc_id"),
    filled(pa.int64(), "row"),
    filled(pa.string(), "reason", "detail"),
    nullable(pa.large_binary(), "raw"),
)
"""Records a reader could not turn into documents; `raw` is what was in the input."""

DATA = _versioned(
    "data",
    filled(pa.string(), "doc_id"),
    nullable(pa.string(), "source_id"),
    filled(pa.string(), "text"),
    nullable(pa.string(), "source", "url", "language"),
    filled(pa.list_(PII_SPAN), "pii"),
    nullable(pa.float64(), "balance_weight"),
    nullable(pa.string(), "collected_at", "license", "synthetic_by"),
)

DRAWN = ("balance_copies", "balance_keep")
"""Columns that `data/` has if it was asked for whole documents instead of weights."""

_OFFSETS = ("row", "start", "end", "clean_start", "clean_end")
FINDINGS = _versioned(
    "findings",
    filled(pa.string(), "doc_id"),
    filled(pa.int32(), "start", "end"),
    nullable(pa.int32(), "clean_start", "clean_end"),
    [field for field in APPLIED if field.name not in _OFFSETS],
)
"""`value_key` is a keyed HMAC-SHA256 of entity and value, hex; never the value. Of the
other columns see `spans`."""

LEDGER = _versioned(
    "ledger",
    filled(pa.string(), "doc_id", "shard", "path"),
    filled(pa.int64(), "row"),
    filled(pa.string(), "outcome"),
    nullable(pa.string(), "reason", "rule", "kept_doc_id", "kept_in"),
    nullable(pa.float64(), "similarity"),
    nullable(pa.string(), "compared_by", "evaluation_item"),
    nullable(pa.int64(), "chars_in", "chars_out"),
    nullable(pa.int32(), "spans_changed"),
)
"""`kept_in` is the run_id of the earlier run that holds `kept_doc_id`, null for this
run; `compared_by` says what a document's shingles are: `words`, `characters`, or
`whole_text` where it is too short for one."""

QUARANTINE = _versioned(
    "quarantine",
    filled(pa.string(), "doc_id", "shard", "path"),
    filled(pa.int64(), "row"),
    filled(pa.string(), "reason", "detail"),
    nullable(pa.large_binary(), "raw"),
)

PARAGRAPHS = _versioned(
    "paragraphs",
    filled(pa.string(), "doc_id"),
    filled(pa.int32(), "start", "end", "paragraph"),
    filled(pa.bool_(), "removed"),
)
"""Boilerplate of kept documents; offsets are code points of the source text. A removed
span takes in the border that went with the paragraph: the source text without the
removed spans is what was scanned. `paragraph` is the number in `audit/paragraphs`."""

PARAGRAPH_LIST = _versioned(
    "paragraph_list",
    filled(pa.int32(), "paragraph"),
    nullable(pa.string(), "source"),
    filled(pa.int64(), "documents"),
    nullable(pa.int32(), "characters"),
    nullable(pa.string(), "example_doc_id"),
    nullable(pa.int32(), "example_start", "example_end"),
    filled(pa.bool_(), "removed"),
)
"""The boilerplate of each source, most documents first. `documents` counts equal texts
once. The example is the first place in the kept document with the smallest doc_id, and
`characters` its length; null where no kept document holds the paragraph."""

ERASURE = _versioned(
    "erasure",
    filled(pa.string(), "doc_id"),
    nullable(pa.int32(), "start", "end"),
    filled(pa.string(), "found_by"),
    filled(pa.bool_(), "document"),
)
"""What requests for erasure take out. Offsets are code points of the source text, null
where the value is not in the text. `found_by` is `finding` (by its value key), `text`,
`column` (in another column), `raw` (in a record that could not be read) or `result` (it
came about by cleaning). `document` says whether the whole document goes."""


def _rows_of_documents(*, window: bool) -> list[pa.Field]:
    numbers = filled(pa.int32(), "window") if window else []
    return [*filled(pa.string(), "doc_id"), *numbers]


def tokens_schema(
    *, window: bool = False, masks: bool = False, word_ids: bool = False
) -> pa.Schema:
    """Schema of `tokens/`; `window` counts from 0 in each document.

    `special_tokens_mask` is 1 for special tokens, `word_ids` null for them.
    """
    return _versioned(
        "tokens",
        _rows_of_documents(window=window),
        filled(pa.list_(pa.int32()), "input_ids"),
        filled(pa.int32(), "n_tokens"),
        filled(pa.list_(pa.int8()), "special_tokens_mask") if masks else [],
        filled(pa.list_(pa.int32()), "word_ids") if word_ids else [],
    )


TOKENS = tokens_schema()

PACKED = _versioned(
    "packed",
    filled(pa.list_(pa.int32()), "input_ids", "position_ids", "seq_lens"),
    filled(pa.list_(pa.string()), "doc_ids"),
    filled(pa.list_(pa.int32()), "starts"),
)
"""A row holds pieces of documents: `seq_lens`, `doc_ids` and `starts` have a value for
each piece, `starts` its first token in the document. `position_ids` begin at 0 in each
piece."""

CLUSTERS = _versioned(
    "clusters",
    filled(pa.string(), "doc_id"),
    filled(pa.int32(), "cluster"),
    filled(pa.float32(), "similarity"),
    filled(pa.float64(), "outlier_score"),
    nullable(pa.string(), "near_duplicate_of"),
    nullable(pa.float64(), "near_duplicate_cosine"),
)
"""What was seen in the vectors of kept documents; nothing was removed for it.
`similarity` is the cosine to the cluster's centroid, `outlier_score` 1 - cosine to the
tenth most similar document of its part of the cluster. A near-duplicate names an
earlier document by doc_id that is close in meaning, as far as the encoder sees."""

CLUSTER_LIST = _versioned(
    "cluster_list",
    filled(pa.int32(), "cluster"),
    filled(pa.int64(), "documents", "near_duplicates"),
    nullable(pa.string(), "medoid_doc_id"),
    nullable(pa.float64(), "medoid_similarity"),
    filled(pa.list_(pa.string()), "terms"),
    nullable(pa.float64(), "x", "y"),
)
"""One row a cluster. `x` and `y` are its place on the map of the report, 0 to 1; null
for the smaller of many."""

CLUSTER_SHARES = _versioned(
    "cluster_shares",
    nullable(pa.int32(), "cluster"),
    nullable(pa.string(), "reason", "source", "language"),
    nullable(
        pa.int64(),
        "documents_before",
        "characters_before",
        "documents_after",
        "characters_after",
    ),
)
"""Documents and characters of each cluster, source and language before and after
cleaning. `cluster` is null for documents without a vector, and `reason` says why they
have none."""

SLICES = ("source", "language", "axis", "group", "entity", "reason", "position")
"""What a number may be about a part of; without all of them it is about everything."""

STATISTICS = _versioned(
    "statistics",
    filled(pa.string(), "metric", "characteristic", "stage"),
    nullable(pa.string(), *SLICES),
    filled(pa.float64(), "value"),
    nullable(pa.float64(), "numerator", "denominator", "low", "high"),
    filled(pa.string(), "unit"),
)


def embeddings_schema(
    dimensions: int, *, dtype: str = "float32", window: bool = False
) -> pa.Schema:
    """Schema of `embeddings/`; `float32` vectors are lists of fixed size.

    `float16` ones are their bytes, little-endian, with dimensions and type in the
    schema's metadata.
    """
    float16 = dtype == "float16"
    kind = pa.binary(2 * dimensions) if float16 else pa.list_(pa.float32(), dimensions)
    rows = _rows_of_documents(window=window)
    schema = _versioned("embeddings", rows, filled(kind, "embedding"))
    return _with_type(schema, dimensions) if float16 else schema


def embeddings_erased_schema(dimensions: int, *, window: bool = False) -> pa.Schema:
    """Schema of `embeddings_erased/`, always float32.

    `mentions` are the groups whose mentions were erased that the document mentions;
    null where no lexicon is for its language, so that nothing is known of it.
    """
    return _versioned(
        "embeddings_erased",
        _rows_of_documents(window=window),
        filled(pa.list_(pa.float32(), dimensions), "embedding"),
        nullable(pa.list_(pa.string()), "mentions"),
    )


def hidden_states_schema(width: int, *, window: bool = False) -> pa.Schema:
    """Schema of `hidden_states/`: a vector of `width` float16 values for each token."""
    schema = _versioned(
        "hidden_states",
        _rows_of_documents(window=window),
        filled(pa.int32(), "n_tokens"),
        filled(pa.list_(pa.binary(2 * width)), "last_hidden_state"),
    )
    return _with_type(schema, width)


def _with_type(schema: pa.Schema, dimensions: int) -> pa.Schema:
    """What a reader needs to see the numbers in the bytes."""
    told = {"isinglass.dimensions": str(dimensions), "isinglass.dtype": "float16"}
    return schema.with_metadata({**schema.metadata, **told})


def with_carried(schema: pa.Schema, carried: pa.Schema) -> pa.Schema:
    """`schema` followed by the carried columns of the input, metadata kept."""
    metadata = {**(schema.metadata or {}), **(carried.metadata or {})}
    return pa.schema([*schema, *carried], metadata=metadata or None)

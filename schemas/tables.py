"""Arrow schemas of every table a run writes, declared once and versioned.

Each output file carries `isinglass.table` and `isinglass.schema_version` in its
schema metadata, so that a reader can tell what it holds without the manifest.
"""

from __future__ import annotations

import pyarrow as pa

SCHEMA_VERSION = "1"

PII_SPAN = pa.struct(
    [
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("entity", pa.string(), nullable=False),
        pa.field("operator", pa.string(), nullable=False),
    ]
)
"""One changed span in the clean text; offsets are code points, end exclusive."""


def _versioned(name: str, fields: list[pa.Field]) -> pa.Schema:
    metadata = {
        "isinglass.table": name,
        "isinglass.schema_version": SCHEMA_VERSION,
    }
    return pa.schema(fields, metadata=metadata)


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
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        *(pa.field(name, pa.string()) for name in METADATA_COLUMNS),
    ],
)
"""What readers yield; carried columns follow. Never written as it is."""

REJECTED = _versioned(
    "rejected",
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
        pa.field("raw", pa.large_binary()),
    ],
)
"""Records a reader could not turn into documents; `raw` is what was in the input."""

DATA = _versioned(
    "data",
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("source_id", pa.string()),
        pa.field("text", pa.string(), nullable=False),
        pa.field("source", pa.string()),
        pa.field("url", pa.string()),
        pa.field("language", pa.string()),
        pa.field("pii", pa.list_(PII_SPAN), nullable=False),
        pa.field("balance_weight", pa.float64()),
        pa.field("collected_at", pa.string()),
        pa.field("license", pa.string()),
        pa.field("synthetic_by", pa.string()),
    ],
)

FINDINGS = _versioned(
    "findings",
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("clean_start", pa.int32()),
        pa.field("clean_end", pa.int32()),
        pa.field("entity", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("detector", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("validated", pa.bool_()),
        pa.field("base_score", pa.float64(), nullable=False),
        pa.field("context", pa.string()),
        pa.field("operator", pa.string(), nullable=False),
        pa.field("value_key", pa.string(), nullable=False),
    ],
)
"""`value_key` is a keyed HMAC-SHA256 of entity and value, hex; never the value.

`base_score` is the score before `context`, a word of the recognizer's list that stands
near the finding, raised it to `score`."""

LEDGER = _versioned(
    "ledger",
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("rule", pa.string()),
        pa.field("kept_doc_id", pa.string()),
        pa.field("kept_in", pa.string()),
        pa.field("similarity", pa.float64()),
        pa.field("compared_by", pa.string()),
        pa.field("evaluation_item", pa.string()),
        pa.field("chars_in", pa.int64()),
        pa.field("chars_out", pa.int64()),
        pa.field("spans_changed", pa.int32()),
    ],
)
"""`kept_in` is the run_id of the earlier run that holds `kept_doc_id`, null for this
run; `compared_by` says what a document's shingles are: `words`, `characters`, or
`whole_text` where it is too short for one."""

QUARANTINE = _versioned(
    "quarantine",
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
        pa.field("raw", pa.large_binary()),
    ],
)

PARAGRAPHS = _versioned(
    "paragraphs",
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("paragraph", pa.int32(), nullable=False),
        pa.field("removed", pa.bool_(), nullable=False),
    ],
)
"""Boilerplate of kept documents; offsets are code points of the source text. A removed
span takes in the border that went with the paragraph: the source text without the
removed spans is what was scanned. `paragraph` is the number in `audit/paragraphs`."""

PARAGRAPH_LIST = _versioned(
    "paragraph_list",
    [
        pa.field("paragraph", pa.int32(), nullable=False),
        pa.field("source", pa.string()),
        pa.field("documents", pa.int64(), nullable=False),
        pa.field("characters", pa.int32()),
        pa.field("example_doc_id", pa.string()),
        pa.field("example_start", pa.int32()),
        pa.field("example_end", pa.int32()),
        pa.field("removed", pa.bool_(), nullable=False),
    ],
)
"""The boilerplate of each source, most documents first. `documents` counts equal texts
once. The example is the first place in the kept document with the smallest doc_id, and
`characters` its length; null where no kept document holds the paragraph."""

ERASURE = _versioned(
    "erasure",
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("start", pa.int32()),
        pa.field("end", pa.int32()),
        pa.field("found_by", pa.string(), nullable=False),
        pa.field("document", pa.bool_(), nullable=False),
    ],
)
"""What requests for erasure take out. Offsets are code points of the source text, null
where the value is not in the text. `found_by` is `finding` (by its value key), `text`,
`column` (in another column), `raw` (in a record that could not be read) or `result` (it
came about by cleaning). `document` says whether the whole document goes."""


def _rows_of_documents(*, window: bool) -> list[pa.Field]:
    fields = [pa.field("doc_id", pa.string(), nullable=False)]
    if window:
        fields.append(pa.field("window", pa.int32(), nullable=False))
    return fields


def tokens_schema(
    *, window: bool = False, masks: bool = False, word_ids: bool = False
) -> pa.Schema:
    """Schema of `tokens/`.

    Args:
        window: Whether a row is a window; `window` counts from 0 in each document.
        masks: Whether `special_tokens_mask` is there, 1 for special tokens.
        word_ids: Whether `word_ids` is there, null for special tokens.
    """
    fields = [
        *_rows_of_documents(window=window),
        pa.field("input_ids", pa.list_(pa.int32()), nullable=False),
        pa.field("n_tokens", pa.int32(), nullable=False),
    ]
    if masks:
        mask = pa.field("special_tokens_mask", pa.list_(pa.int8()), nullable=False)
        fields.append(mask)
    if word_ids:
        fields.append(pa.field("word_ids", pa.list_(pa.int32()), nullable=False))
    return _versioned("tokens", fields)


TOKENS = tokens_schema()

PACKED = _versioned(
    "packed",
    [
        pa.field("input_ids", pa.list_(pa.int32()), nullable=False),
        pa.field("position_ids", pa.list_(pa.int32()), nullable=False),
        pa.field("seq_lens", pa.list_(pa.int32()), nullable=False),
        pa.field("doc_ids", pa.list_(pa.string()), nullable=False),
        pa.field("starts", pa.list_(pa.int32()), nullable=False),
    ],
)
"""A row holds pieces of documents: `seq_lens`, `doc_ids` and `starts` have a value for
each piece, `starts` its first token in the document. `position_ids` begin at 0 in each
piece."""

CLUSTERS = _versioned(
    "clusters",
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("cluster", pa.int32(), nullable=False),
        pa.field("similarity", pa.float32(), nullable=False),
        pa.field("outlier_score", pa.float64(), nullable=False),
        pa.field("near_duplicate_of", pa.string()),
        pa.field("near_duplicate_cosine", pa.float64()),
    ],
)
"""What was seen in the vectors of kept documents; nothing was removed for it.
`similarity` is the cosine to the cluster's centroid, `outlier_score` 1 - cosine to the
tenth most similar document of its part of the cluster. A near-duplicate names an
earlier document by doc_id that is close in meaning, as far as the encoder sees."""

CLUSTER_LIST = _versioned(
    "cluster_list",
    [
        pa.field("cluster", pa.int32(), nullable=False),
        pa.field("documents", pa.int64(), nullable=False),
        pa.field("near_duplicates", pa.int64(), nullable=False),
        pa.field("medoid_doc_id", pa.string()),
        pa.field("medoid_similarity", pa.float64()),
        pa.field("terms", pa.list_(pa.string()), nullable=False),
        pa.field("x", pa.float64()),
        pa.field("y", pa.float64()),
    ],
)
"""One row a cluster. `x` and `y` are its place on the map of the report, 0 to 1; null
for the smaller of many."""

CLUSTER_SHARES = _versioned(
    "cluster_shares",
    [
        pa.field("cluster", pa.int32()),
        pa.field("reason", pa.string()),
        pa.field("source", pa.string()),
        pa.field("language", pa.string()),
        pa.field("documents_before", pa.int64()),
        pa.field("characters_before", pa.int64()),
        pa.field("documents_after", pa.int64()),
        pa.field("characters_after", pa.int64()),
    ],
)
"""Documents and characters of each cluster, source and language before and after
cleaning. `cluster` is null for documents without a vector, and `reason` says why they
have none."""

STATISTICS = _versioned(
    "statistics",
    [
        pa.field("metric", pa.string(), nullable=False),
        pa.field("characteristic", pa.string(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        *(
            pa.field(name, pa.string())
            for name in ("source", "language", "axis", "group", "entity", "reason")
        ),
        pa.field("position", pa.string()),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("numerator", pa.float64()),
        pa.field("denominator", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("unit", pa.string(), nullable=False),
    ],
)


def embeddings_schema(
    dimensions: int, *, dtype: str = "float32", window: bool = False
) -> pa.Schema:
    """Schema of `embeddings/`.

    Args:
        dimensions: Values of a vector.
        dtype: `float32` vectors are lists of fixed size; `float16` ones their bytes,
            little-endian, with both arguments in the schema's metadata.
        window: Whether a row is a window.
    """
    float16 = dtype == "float16"
    kind = pa.binary(2 * dimensions) if float16 else pa.list_(pa.float32(), dimensions)
    fields = [
        *_rows_of_documents(window=window),
        pa.field("embedding", kind, nullable=False),
    ]
    schema = _versioned("embeddings", fields)
    return _with_type(schema, dimensions) if float16 else schema


def hidden_states_schema(width: int, *, window: bool = False) -> pa.Schema:
    """Schema of `hidden_states/`: a vector of `width` float16 values for each token."""
    fields = [
        *_rows_of_documents(window=window),
        pa.field("n_tokens", pa.int32(), nullable=False),
        pa.field("last_hidden_state", pa.list_(pa.binary(2 * width)), nullable=False),
    ]
    return _with_type(_versioned("hidden_states", fields), width)


def _with_type(schema: pa.Schema, dimensions: int) -> pa.Schema:
    """What a reader needs to see the numbers in the bytes."""
    told = {"isinglass.dimensions": str(dimensions), "isinglass.dtype": "float16"}
    return schema.with_metadata({**schema.metadata, **told})


def with_carried(schema: pa.Schema, carried: pa.Schema) -> pa.Schema:
    """`schema` followed by the carried columns of the input, metadata kept."""
    return pa.schema([*schema, *carried], metadata=schema.metadata)

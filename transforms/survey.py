"""What the survey keeps of every document: hashes and counts, never text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.columns import filled, nullable
from isinglass.schemas.config import NormaliseConfig
from isinglass.transforms.normalise import is_blank
from isinglass.transforms.read.identity import doc_id_words
from isinglass.transforms.text import content_hashes
from isinglass.transforms.units import unit_counts

if TYPE_CHECKING:
    from isinglass.transforms.seen import Seen

SURVEY = pa.schema(
    [
        *filled(pa.int64(), "row"),
        *filled(pa.uint64(), "doc_high", "doc_low", "hash_high", "hash_low", "id_key"),
        *filled(pa.int64(), "characters", "text_words"),
        *filled(pa.bool_(), "blank"),
        *filled(pa.string(), "language"),
        *nullable(pa.string(), "source", "collected_at"),
    ]
)
"""One row a document; the columns of the stages follow. `text_words` are counted as
`units.unit_counts` does; `id_key` is 0 for a document without a source id."""


def survey_columns(seen: Seen, normalise: NormaliseConfig) -> dict[str, pa.Array]:
    """The columns of `SURVEY` for a batch, by name."""
    documents, texts = seen.documents, seen.texts
    ids = doc_id_words(documents.column("doc_id"))
    hashes = content_hashes(seen.normalised(normalise))
    columns = [
        documents.column("row"),
        *map(pa.array, (*ids.T, *hashes.T, _id_keys(documents))),
        pc.cast(pc.utf8_length(texts), pa.int64()),
        pa.array(unit_counts(texts)[:, 0].copy()),
        pa.array(is_blank(texts)),
        seen.languages,
        seen.sources,
        documents.column("collected_at"),
    ]
    return dict(zip(SURVEY.names, columns, strict=True))


def _id_keys(documents: pa.RecordBatch) -> np.ndarray:
    """Hashes of source and id; 0 for no id."""
    given = pc.fill_null(documents.column("source_id"), "")
    source = pc.fill_null(documents.column("source"), "")
    joined = pc.binary_join_element_wise(source, given, "\x1f")
    keys = content_hashes(joined)[:, 0].copy()
    keys[pc.equal(given, "").to_numpy(zero_copy_only=False)] = 0
    return keys


def ambiguous_ids(
    keys: np.ndarray, ids: np.ndarray, hashes: np.ndarray, blank: np.ndarray
) -> np.ndarray:
    """Documents whose id the smallest doc_id of their source uses for another text.

    `keys` are those of `SURVEY`, `ids` and `hashes` two words each; blank documents are
    passed over. Returns indices.
    """
    rows = np.flatnonzero((keys != 0) & ~blank)
    order = rows[np.lexsort((ids[rows, 1], ids[rows, 0], keys[rows]))]
    if len(order) == 0:
        return order
    starts = np.r_[True, keys[order][1:] != keys[order][:-1]]
    first = order[np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))]
    differs = (hashes[order] != hashes[first]).any(axis=1)
    return np.asarray(order[differs])

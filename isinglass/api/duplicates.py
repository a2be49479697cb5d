"""Duplicates among texts in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from isinglass.api.texts import as_column, batches, failure_column, places
from isinglass.schemas.answers import DEDUPLICATED
from isinglass.schemas.config import DedupConfig, NormaliseConfig
from isinglass.schemas.config.load import refusal
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.reasons import DUPLICATE_REASONS
from isinglass.transforms.dedup import whole

if TYPE_CHECKING:
    from isinglass.api.texts import Batch, Texts
    from isinglass.transforms.dedup.decide import Decided


def deduplicate(
    texts: Texts,
    threshold: float = 0.75,
    ngram: int = 5,
    keep: Literal["longest", "first"] = "longest",
    *,
    containment: float | None = None,
    normalise: NormaliseConfig | None = None,
) -> pa.Table:
    """Say of each text whether it stays, and of each that goes for which other.

    Candidate pairs are compared exactly, by the sets of their word n-grams (character
    n-grams in scripts without blanks). A text goes only for one that stays, and only
    if the two reach the threshold themselves. Texts that are equal once normalised
    are duplicates, however short; blank texts are equal.

    Args:
        texts: A list of str or None, a pyarrow array of strings, or a pandas Series.
        threshold: Least exact Jaccard similarity of a removal, above 0 to 1. Of pairs
            at 0.75 99.9 % become candidates, at 0.6 87 %, at 0.5 55 %.
        ngram: Words of a shingle.
        keep: Which text of a group stays; of equally long ones the first.
        containment: Also remove a text of whose shingles at least this share is in a
            longer one that stays; None for not.
        normalise: What equal texts may differ in: case and white space by default.

    Returns:
        `schemas.answers.DEDUPLICATED`, one row a text, in order. A null is neither
        kept nor removed: its row is null. What is no text that can be read has null,
        too, and the `failure`.

    Raises:
        TypeError: `texts` is a single str, or holds something else than texts.
        ConfigError: Another parameter is out of its range.
    """
    dedup = _section(
        threshold=threshold,
        ngram=ngram,
        keep=keep,
        containment=containment,
        normalise=normalise or NormaliseConfig(),
    )
    read = list(batches(as_column(texts)))
    decided = whole.deduplicate([_with_ids(batch) for batch in read], dedup)
    return _table(read, decided)


def _section(**settings: object) -> DedupConfig:
    if settings["keep"] == "newest":
        raise ConfigError("keep: texts have no dates here; take longest or first")
    try:
        return DedupConfig.model_validate(settings)
    except ValidationError as error:
        raise ConfigError(refusal(error)) from None


def _with_ids(batch: Batch) -> whole.Texts:
    """Texts that are named by their places, so that of equals the first stays."""
    words = np.zeros((len(batch.rows), 2), np.uint64)
    words[:, 1] = batch.rows
    return whole.Texts(batch.texts, words, pa.nulls(len(words), pa.string()))


def _table(read: list[Batch], decided: Decided) -> pa.Table:
    rows = np.concatenate([np.zeros(0, np.int64), *(batch.rows for batch in read)])
    gone = decided.fate > 0
    kept = pa.array(np.where(gone, decided.kept, 0), mask=~gone)
    reasons = pa.array([str(reason) for reason in DUPLICATE_REASONS])
    columns = [
        pa.array(~gone),
        pa.array(rows).take(kept),
        pa.array(decided.similarity, from_pandas=True),
        reasons.take(pa.array(decided.fate.astype(np.int8) - 1, mask=~gone)),
    ]
    count = sum(batch.size for batch in read)
    failed = {row: why for batch in read for row, why in batch.failed.items()}
    arrays = [column.take(places(rows, count)) for column in columns]
    arrays.append(failure_column(0, count, failed))
    return pa.Table.from_arrays(arrays, schema=DEDUPLICATED)

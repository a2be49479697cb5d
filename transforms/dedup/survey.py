"""What near-duplicates are found by: columns of the survey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from isinglass.transforms.dedup.fingerprints import winnow
from isinglass.transforms.dedup.minhash import band_hashes
from isinglass.transforms.dedup.shingles import shingle

if TYPE_CHECKING:
    from isinglass.schemas.config import DedupConfig

FINGERPRINTS = "fingerprints"


def band_name(band: int) -> str:
    """Name of the survey column that holds one band's hashes."""
    return f"band_{band:03d}"


def near_fields(dedup: DedupConfig) -> tuple[pa.Field, ...]:
    """Columns by which near-duplicates are found.

    `unit` says what a shingle is made of (`shingles.NO_UNIT` where there is none), each
    band has a column of 64-bit hashes (0 without shingles), so that matching can read
    one band after the other, and `fingerprints` serve containment.
    """
    if not dedup.fuzzy:
        return ()
    fields = [pa.field("unit", pa.uint8(), nullable=False)]
    if dedup.containment is not None:
        fields.append(pa.field(FINGERPRINTS, pa.large_list(pa.uint64())))
    names = map(band_name, range(dedup.bands))
    return (*fields, *(pa.field(name, pa.uint64(), nullable=False) for name in names))


def near_columns(normalised: pa.StringArray, dedup: DedupConfig) -> dict[str, pa.Array]:
    """The columns of `near_fields` for a batch of texts, normalised as it says."""
    if not dedup.fuzzy:
        return {}
    shingles = shingle(normalised, dedup.ngram)
    bands = np.ascontiguousarray(band_hashes(shingles, dedup).T)
    columns = {band_name(band): pa.array(keys) for band, keys in enumerate(bands)}
    columns["unit"] = pa.array(shingles.unit)
    if dedup.containment is not None:
        values, offsets = map(pa.array, winnow(shingles))
        columns[FINGERPRINTS] = pa.LargeListArray.from_arrays(offsets, values)
    return columns

"""What callers have as texts, as batches of strings that can be processed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.schemas.config.run import LimitsConfig
from isinglass.schemas.errors import InputError
from isinglass.schemas.reasons import QuarantineReason
from isinglass.transforms.read.batches import cut
from isinglass.transforms.read.checks import as_string, check_texts, is_text_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

Texts: TypeAlias = Union[
    "Sequence[str | None]", "pa.Array", "pa.ChunkedArray", "pd.Series[Any]"
]
"""A list of str or None, a pyarrow array of strings, or a pandas Series."""

_KINDS = "a list of str, a pyarrow array of strings or a pandas Series"


@dataclass(frozen=True, eq=False)
class Batch:
    """Some texts that follow one another.

    Attributes:
        first: Place of the first one among all texts.
        size: How many there are, with those that cannot be processed.
        rows: int64 (k,), places of those that can be processed, ascending.
        texts: Strings (k,), without nulls.
        failed: Reason of each other one by its place; nulls have none.
    """

    first: int
    size: int
    rows: NDArray[np.int64]
    texts: pa.StringArray = field(repr=False)
    failed: dict[int, str]

    def column(self, values: pa.Array) -> pa.Array:
        """Values (k,) of `rows` as a column (size,), null elsewhere."""
        return values.take(places(self.rows - self.first, self.size))


def places(rows: NDArray[np.int64], count: int) -> pa.Array:
    """Where a column of `count` entries takes the values for `rows` from; else null."""
    found = np.full(count, -1, np.int64)
    found[rows] = np.arange(len(rows))
    return pa.array(found, mask=found < 0)


def failure_column(first: int, size: int, failed: Mapping[int, str]) -> pa.StringArray:
    """Why texts `first` to `first + size` failed; null where they did not."""
    return pa.array([failed.get(first + n) for n in range(size)], pa.string())


def as_column(texts: Any, name: str = "texts") -> pa.ChunkedArray:
    """Strings or UTF-8 bytes of a caller as a column, nulls and bad bytes included.

    Raises:
        TypeError: It is something else than `Texts`, a single str above all.
    """
    if isinstance(texts, str | bytes | bytearray):
        raise TypeError(
            f"{name} is a single {type(texts).__name__}; give {_KINDS}, such as "
            f"[{name}]"
        )
    table = hasattr(texts, "columns") or isinstance(texts, Mapping | AbstractSet)
    if table or not hasattr(texts, "__len__"):
        raise TypeError(f"{name} is a {type(texts).__name__}; give {_KINDS}")
    column = texts
    if not isinstance(column, pa.Array | pa.ChunkedArray):
        column = _from_python(texts, name)
    if not is_text_type(column.type):
        raise TypeError(f"{name} holds {column.type}; give {_KINDS}")
    return column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])


def _from_python(texts: Any, name: str) -> Any:
    try:
        return pa.array(texts, from_pandas=True)
    except UnicodeEncodeError:
        # Halves of surrogate pairs become bytes that the check of a text refuses.
        octets = [
            one.encode("utf-8", "surrogatepass") if isinstance(one, str) else one
            for one in texts
        ]
        return _from_python(octets, name)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        wrong = next((x for x in texts if not isinstance(x, str | None)), None)
        kind = type(wrong).__name__
        raise TypeError(f"{name} holds a {kind}; give {_KINDS}") from None


def batches(column: pa.ChunkedArray) -> Iterator[Batch]:
    """Check texts, a batch of bounded size at a time."""
    most, first = LimitsConfig().max_document_chars, 0
    for chunk in column.chunks:
        strings = as_string(chunk)
        sizes = pc.fill_null(pc.binary_length(strings), 0).to_numpy()
        for part in cut(sizes.astype(np.int64)):
            piece = strings[part]
            checked = check_texts(piece, most)
            failed = {
                first + one.row: one.reason.value
                for one in checked.rejections
                if one.reason is not QuarantineReason.MISSING_TEXT
            }
            rows = first + np.flatnonzero(checked.sound)
            yield Batch(first, len(piece), rows, checked.texts, failed)
            first += len(piece)


def language_tags(languages: Any, count: int) -> pa.ChunkedArray | None:
    """Language tags of `count` texts; `languages` are one for all, one each or None.

    Raises:
        InputError: There is not one for each text.
    """
    if languages is None:
        return None
    if isinstance(languages, str):
        return pa.chunked_array([pa.repeat(pa.scalar(languages), count)])
    tags = as_column(languages, "languages").cast(pa.string())
    if len(tags) != count:
        raise InputError(
            f"languages: {len(tags)} tags for {count} texts; give one each"
        )
    return tags

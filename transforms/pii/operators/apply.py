"""What happens to a finding: replaced, masked, generalised, a surrogate or other."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.transforms.pii.operators.generalise import generalise
from isinglass.transforms.pii.operators.normalised import normalised
from isinglass.transforms.pii.operators.surrogates import surrogate
from isinglass.transforms.pii.tables import FOUND

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from isinglass.schemas.config import PiiConfig

KEY_DIGITS = 32
"""Hexadecimal digits of a value key: 128 bits, so that equal keys mean equal values."""

HASH_DIGITS = 16
"""Hexadecimal digits in the text, where the hash operator puts them."""

_REMEMBERED_VALUES, _REMEMBERED_CHARS = 16_384, 128
"""Bounds of the memo: the same names and addresses come again and again in a corpus.
At most 16,384 values of up to 128 code points, some megabytes a process."""

REDACTED = pa.schema(
    [
        *FOUND,
        pa.field("clean_start", pa.int32(), nullable=False),
        pa.field("clean_end", pa.int32(), nullable=False),
        pa.field("operator", pa.string(), nullable=False),
        pa.field("value_key", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Redaction:
    """Texts after the operators, and where each finding went.

    Attributes:
        texts: Clean texts.
        findings: `REDACTED`, in the order of the input; `clean_start` and `clean_end`
            cut the operator's output, or the kept value, out of the clean text.
        redacted: int64 (n,), code points taken out of each text.
        inserted: int64 (n,), code points put in their place.
        changed: int64 (n,), findings whose operator is not `keep`.
    """

    texts: pa.StringArray = field(repr=False)
    findings: pa.RecordBatch = field(repr=False)
    redacted: NDArray[np.int64]
    inserted: NDArray[np.int64]
    changed: NDArray[np.int64]


def value_key(key: bytes, entity: str, value: str) -> str:
    """Keyed mark of a value: equal for equal values under one key, else unlinkable.

    Spellings that `normalised` makes equal have equal marks.
    """
    message = f"{entity}\0{normalised(entity, value)}".encode()
    return hmac.digest(key, message, "sha256").hex()[:KEY_DIGITS]


_OPERATORS: dict[str, Callable[[str, str, str], str]] = {
    "replace": lambda entity, _value, _mark: f"<{entity}>",
    "mask": lambda _entity, value, _mark: _masked(value),
    "redact": lambda _entity, _value, _mark: "",
    "generalise": lambda entity, value, _mark: generalise(entity, value),
    "hash": lambda entity, _value, mark: f"<{entity}:{mark[:HASH_DIGITS]}>",
    "surrogate": surrogate,
    "keep": lambda _entity, value, _mark: value,
}


def _masked(value: str) -> str:
    return "".join("*" if char.isalnum() else char for char in value)


def operate(operator: str, entity: str, value: str, mark: str) -> str:
    """What an operator puts in the place of a value.

    Args:
        operator: replace, mask, redact, generalise, hash, surrogate or keep.
        entity: Kind of the value.
        value: The text of the finding.
        mark: Its value key. Surrogates are drawn from it, so that they can be proved
            without the secret key; to who has no key it is noise.

    Raises:
        ValueError: There is no such operator.
    """
    if operator in _OPERATORS:
        return _OPERATORS[operator](entity, value, mark)
    raise ValueError(f"operator {operator!r} is not known")


def _outcome(key: bytes, operator: str, entity: str, value: str) -> tuple[str, str]:
    """What takes the place of a value, and its value key."""
    mark = value_key(key, entity, value)
    return operate(operator, entity, value, mark), mark


_remembered = lru_cache(maxsize=_REMEMBERED_VALUES)(_outcome)


def apply_operators(
    texts: pa.StringArray, findings: pa.RecordBatch, config: PiiConfig, key: bytes
) -> Redaction:
    """Apply the configured operator to every finding.

    Texts without findings pass through as Arrow buffers.

    Args:
        texts: Strings without nulls.
        findings: `tables.FOUND` without overlaps, sorted by row and start.
        config: Names the operator of each entity.
        key: Secret key of value keys and hashes.

    Raises:
        ValueError: Findings overlap, are unsorted or lie outside of their text.
    """
    rows, starts, ends = (
        findings.column(name).to_numpy() for name in ("row", "start", "end")
    )
    entities = findings.column("entity").to_pylist()
    operators: list[str] = [config.settings_of(e).operator for e in entities]
    touched, firsts = np.unique(rows, return_index=True)
    bounds = [*firsts.tolist(), len(rows)]
    olds = texts.take(pa.array(touched, pa.int64())).to_pylist()
    writer = _Writer(key)
    news = []
    for i, text in enumerate(olds):
        span = slice(bounds[i], bounds[i + 1])
        spans = zip(
            starts[span].tolist(),
            ends[span].tolist(),
            entities[span],
            operators[span],
            strict=True,
        )
        news.append(writer.rewrite(text, list(spans)))
    return _redaction(texts, news, findings, writer, operators)


@dataclass
class _Writer:
    """Rewrites texts; collects clean offsets and keys in the order of the findings."""

    key: bytes = field(repr=False)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def rewrite(self, text: str, spans: list[tuple[int, int, str, str]]) -> str:
        pieces: list[str] = []
        position, length = 0, 0
        for start, end, entity, operator in spans:
            if not position <= start <= end <= len(text):
                raise ValueError(
                    f"span {start}-{end} of {entity} overlaps another, is out of order "
                    f"or lies outside of its text of {len(text)} code points"
                )
            value = text[start:end]
            output, mark = (
                _remembered(self.key, operator, entity, value)
                if len(value) <= _REMEMBERED_CHARS
                else _outcome(self.key, operator, entity, value)
            )
            pieces += [text[position:start], output]
            length += start - position
            self.starts.append(length)
            length += len(output)
            self.ends.append(length)
            self.keys.append(mark)
            position = end
        pieces.append(text[position:])
        return "".join(pieces)


def _redaction(
    texts: pa.StringArray,
    news: list[str],
    findings: pa.RecordBatch,
    writer: _Writer,
    operators: list[str],
) -> Redaction:
    rows = findings.column("row").to_numpy()
    if len(rows) and (np.diff(rows) < 0).any():
        raise ValueError("findings must be sorted by row")
    mask = np.zeros(len(texts), dtype=bool)
    mask[rows] = True
    starts, ends = np.array(writer.starts, np.int32), np.array(writer.ends, np.int32)
    changing = np.array([operator != "keep" for operator in operators], dtype=bool)
    before = findings.column("end").to_numpy() - findings.column("start").to_numpy()

    def by_row(amounts: NDArray[np.int32]) -> NDArray[np.int64]:
        weights = np.where(changing, amounts, 0) if len(amounts) else amounts
        return np.bincount(rows, weights, minlength=len(texts)).astype(np.int64)

    columns = [
        *findings.columns,
        pa.array(starts),
        pa.array(ends),
        pa.array(operators, pa.string()),
        pa.array(writer.keys, pa.string()),
    ]
    return Redaction(
        texts=pc.replace_with_mask(texts, pa.array(mask), pa.array(news, pa.string())),
        findings=pa.RecordBatch.from_arrays(columns, schema=REDACTED),
        redacted=by_row(before),
        inserted=by_row(ends - starts),
        changed=by_row(np.ones(len(rows), np.int32)),
    )

"""Values that are never findings: a filter on spans, after detection."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import regex  # type: ignore[import-untyped]

from isinglass.transforms.pii.plugins.value_files import FLAGS, compiled, listed_values

if TYPE_CHECKING:
    from isinglass.schemas.config.recognizers import AllowConfig, RecognizersConfig


@dataclass(frozen=True)
class AllowList:
    """One entry of `pii.recognizers.allow`.

    Attributes:
        entities: Kinds it holds for; none means all.
        pattern: Found anywhere in a value, in any case; None for a list of values.
    """

    entities: frozenset[str]
    values: frozenset[str] = field(repr=False)
    pattern: regex.Pattern[str] | None = field(repr=False)

    def holds(self, entity: str, value: str) -> bool:
        """Whether a found value is allowed."""
        if self.entities and entity not in self.entities:
            return False
        if self.pattern is None:
            return value in self.values
        return self.pattern.search(value) is not None


@dataclass(frozen=True)
class Allowed:
    """All allow lists of a configuration."""

    lists: tuple[AllowList, ...]

    @classmethod
    def of(cls, config: RecognizersConfig) -> Allowed:
        """Read the lists and compile the patterns.

        As in Presidio, an exact value must be the whole finding in the same case, and
        patterns are searched for in it in any case.

        Raises:
            ConfigError: A file cannot be read, a pattern is wrong, or a list is empty.
        """
        entries = enumerate(config.allow)
        return cls(tuple(_list_of(e, f"pii.recognizers.allow.{i}") for i, e in entries))

    def keep(
        self, found: pa.RecordBatch, texts: pa.StringArray
    ) -> tuple[pa.RecordBatch, Counter[str]]:
        """Leave out the findings that a list allows; counts them by entity.

        Every distinct pair of entity and value is looked at once.
        """
        if not self.lists or found.num_rows == 0:
            return found, Counter()
        values = _values(found, texts).dictionary_encode()
        entities = found.column("entity").dictionary_encode()
        pairs = values.indices.to_numpy().astype(np.int64) * len(entities.dictionary)
        pairs += entities.indices.to_numpy()
        distinct, inverse = np.unique(pairs, return_inverse=True)
        which, kind = np.divmod(distinct, len(entities.dictionary))
        names = entities.dictionary.to_pylist()
        words = values.dictionary.take(pa.array(which)).to_pylist()
        held = [
            any(one.holds(names[k], word) for one in self.lists)
            for k, word in zip(kind.tolist(), words, strict=True)
        ]
        out = np.array(held, np.bool_)[inverse]
        gone = found.column("entity").filter(pa.array(out)).to_pylist()
        return found.filter(pa.array(~out)), Counter(gone)


def _values(found: pa.RecordBatch, texts: pa.StringArray) -> pa.StringArray:
    """The found value of each finding."""
    rows, starts, ends = (
        found.column(name).to_numpy() for name in ("row", "start", "end")
    )
    distinct, inverse = np.unique(rows, return_inverse=True)
    held = texts.take(pa.array(distinct)).to_pylist()
    places = zip(inverse.tolist(), starts.tolist(), ends.tolist(), strict=True)
    return pa.array([held[row][start:end] for row, start, end in places], pa.string())


def _list_of(entry: AllowConfig, key: str) -> AllowList:
    values = listed_values(entry.values, entry.file, key)
    pattern = None
    if entry.match == "regex":
        for index, expression in enumerate(values):
            compiled(expression, FLAGS, f"{key}.values.{index}")
        pattern = regex.compile("|".join(f"(?:{e})" for e in values), FLAGS)
    return AllowList(frozenset(entry.entities), frozenset(values), pattern)

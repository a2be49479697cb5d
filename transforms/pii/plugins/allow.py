"""Values that are never findings: a filter on spans, after detection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import regex  # type: ignore[import-untyped]

from isinglass.schemas.config.recognizers import AllowConfig, RecognizersConfig
from isinglass.transforms.pii.plain import plain_value
from isinglass.transforms.pii.plugins.value_files import FLAGS, compiled, listed_values

if TYPE_CHECKING:
    _List = tuple[frozenset[str], Callable[[str], object]]


@dataclass(frozen=True)
class Allowed:
    """All allow lists: the kinds that each holds for, none for all; and the check."""

    lists: tuple[_List, ...] = field(repr=False)

    @classmethod
    def of(cls, config: RecognizersConfig) -> Allowed:
        """Read the lists and compile the patterns.

        As in Presidio, an exact value must be the whole finding in the same case, and
        patterns are searched for in it in any case. Both are compared with the finding
        as it is written and as recognizers read it, in plain characters.

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

        @cache
        def held(entity: str, value: str) -> bool:
            spellings = {value, plain_value(value)}
            return any(
                (not kinds or entity in kinds) and any(map(holds, spellings))
                for kinds, holds in self.lists
            )

        entities = found.column("entity").to_pylist()
        out = [*map(held, entities, _values(found, texts))]
        gone = Counter(compress(entities, out))
        return found.filter(pc.invert(pa.array(out))), gone


def _values(found: pa.RecordBatch, texts: pa.StringArray) -> Iterator[str]:
    """The found value of each finding."""
    rows, starts, ends = (
        found.column(name).to_numpy() for name in ("row", "start", "end")
    )
    distinct, inverse = np.unique(rows, return_inverse=True)
    held = texts.take(pa.array(distinct)).to_pylist()
    places = zip(inverse.tolist(), starts.tolist(), ends.tolist(), strict=True)
    return (held[row][start:end] for row, start, end in places)


def _list_of(entry: AllowConfig, key: str) -> _List:
    values = listed_values(entry.values, entry.file, key)
    if entry.match == "exact":
        exact = frozenset([*values, *map(plain_value, values)])
        return frozenset(entry.entities), exact.__contains__
    for index, expression in enumerate(values):
        compiled(expression, FLAGS, f"{key}.values.{index}")
    pattern = regex.compile("|".join(f"(?:{e})" for e in values), FLAGS)
    return frozenset(entry.entities), pattern.search

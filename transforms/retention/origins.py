"""Whose names are replaced: recall of planted names, by where they come from.

Findings hold no values, so nothing can be said of the names in the texts. Names of a
hundred countries in sentences of ours, read by the detector of the run, tell how often
a name of each origin is found, and so how often it is lost where it stands in a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from isinglass.schemas.statistic import Statistic
from isinglass.transforms.pii.canaries.plant import EXPECTED, Planted
from isinglass.transforms.pii.canaries.recall import SEPARATOR, measure
from isinglass.transforms.pii.data import DataFile, load_data
from isinglass.transforms.pii.names import PERSON
from isinglass.transforms.statistics.characteristics import share, statistic
from isinglass.transforms.statistics.intervals import share_ratio

if TYPE_CHECKING:
    from isinglass.transforms.pii.detector import Detector

AXIS, LANGUAGE = "name_origin", "en"
_SLOT = "{name}"
_STAGE = "run"


class Found(NamedTuple):
    """Names that were found, of those that were planted."""

    found: int
    planted: int


def names_file() -> DataFile:
    """Names of a hundred countries, which no model of ours has seen in training."""
    return load_data("names", "by_country")


def origins() -> tuple[str, ...]:
    """Parts of the world that the countries belong to."""
    countries = names_file().content["countries"].values()
    return tuple(sorted({country["group"] for country in countries}))


def names_found(detector: Detector, count: int) -> dict[str, Found]:
    """Let a detector read `count` names of each country; what it finds, by origin."""
    found = {}
    for key, (planted, same, other) in measure(detector, planted_names(count)).items():
        # A name that is replaced as something else is lost as well.
        found[key.rpartition(SEPARATOR)[2]] = Found(same + other, planted)
    return found


def planted_names(count: int) -> Planted:
    """`count` names of each country in a sentence each, their origin as the source."""
    content = names_file().content
    rows = [
        (sentence.replace(_SLOT, name), sentence.index(_SLOT), len(name), group)
        for country in content["countries"].values()
        for sentence, name in _sentences(content["sentences"], country, count)
        for group in [country["group"]]
    ]
    texts, starts, lengths, groups = zip(*rows, strict=True)
    ends = [start + length for start, length in zip(starts, lengths, strict=True)]
    expected = {
        "row": list(range(len(rows))),
        "start": starts,
        "end": ends,
        "entity": [PERSON] * len(rows),
        "position": ["middle"] * len(rows),
    }
    return Planted(
        texts=pa.array(texts, pa.string()),
        languages=pa.array([LANGUAGE] * len(rows), pa.string()),
        sources=pa.array(groups, pa.string()),
        expected=pa.RecordBatch.from_pydict(expected, schema=EXPECTED),
    )


def _sentences(
    sentences: list[str], country: Mapping[str, Any], count: int
) -> Iterator[tuple[str, str]]:
    """Sentences and names: each given name with each family name, once around."""
    given, family = country["given"], country["family"]
    for number in range(count):
        turn = number // len(given)
        parts = [
            given[number % len(given)],
            family[(number + turn) % len(family)],
        ]
        if country.get("order") == "family_first":
            parts.reverse()
        yield sentences[(number + turn) % len(sentences)], " ".join(parts)


def name_statistics(found: Mapping[str, Found]) -> list[Statistic]:
    """Return the share of names of each origin that are found, and against the others.

    `group.names_found` has a Wilson interval, the ratio a log interval.
    """
    rows: list[Statistic] = []
    every = Found(*(sum(part) for part in zip(*found.values(), strict=True)))
    for origin, own in sorted(found.items()):
        at: dict[str, Any] = {"axis": AXIS, "group": origin, "entity": PERSON}
        rows.append(share("group.names_found", own, _STAGE, **at))
        rest = Found(every.found - own.found, every.planted - own.planted)
        ratio = share_ratio(own, rest)
        if ratio is not None:
            value, low, high = ratio
            ends = {"low": low, "high": high}
            metric = "group.names_found_ratio"
            rows.append(statistic(metric, value, "ratio", _STAGE, **ends, **at))
    return rows

"""Names of a hundred countries, planted and found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pytest

from isinglass.schemas.spans import FAILURES
from isinglass.transforms.pii.detector import Detection
from isinglass.transforms.pii.found import FoundColumns, Origin
from isinglass.transforms.retention.origins import (
    Found,
    name_statistics,
    names_file,
    names_found,
    origins,
    planted_names,
)

if TYPE_CHECKING:
    from isinglass.transforms.pii.detector import Detector


@dataclass(frozen=True)
class Reader:
    """Finds what stands before ` signed the contract`, as the kind that it is told."""

    entity: str
    exact: Any = None

    def detect(self, texts: pa.StringArray, languages: pa.StringArray) -> Detection:
        del languages
        found = FoundColumns()
        for row, text in enumerate(texts.to_pylist()):
            end = text.find(" signed the contract")
            if end > 0:
                found.add((row, 0, end), Origin(self.entity, "model", "rule", 0.9))
        return Detection(found.batch(), pa.RecordBatch.from_pylist([], FAILURES))


def test_names_are_planted_once_each_and_where_they_are_said_to_be() -> None:
    planted = planted_names(20)
    expected = planted.expected.to_pylist()
    texts = planted.texts.to_pylist()
    sources = planted.sources.to_pylist()
    names = [
        (sources[e["row"]], texts[e["row"]][e["start"] : e["end"]]) for e in expected
    ]
    assert len(set(names)) == len(names) == 20 * len(names_file().content["countries"])
    assert {source for source, _ in names} == set(origins())
    assert not any("{" in text for text in texts)
    country = names_file().content["countries"]["KR"]
    assert country["order"] == "family_first"
    first = f"{country['family'][0]} {country['given'][0]}"
    assert first in {name for _, name in names}


@pytest.mark.parametrize("entity", ["PERSON", "ORGANIZATION"])
def test_a_name_counts_as_lost_whatever_it_was_taken_for(
    entity: str,
) -> None:
    reader = cast("Detector", Reader(entity))
    # One in ten sentences begins as the reader knows it.
    told = names_found(reader, 10)
    assert set(told) == set(origins())
    assert all(one.found * 10 == one.planted for one in told.values())


def test_origins_are_held_against_the_others() -> None:
    rows = name_statistics({"a": Found(90, 100), "b": Found(120, 200)})
    told = {(row.metric, row.group): row.value for row in rows}
    assert told == {
        ("group.names_found", "a"): 0.9,
        ("group.names_found", "b"): 0.6,
        ("group.names_found_ratio", "a"): pytest.approx(1.5),
        ("group.names_found_ratio", "b"): pytest.approx(1 / 1.5),
    }
    assert {(row.axis, row.entity) for row in rows} == {("name_origin", "PERSON")}
    only = name_statistics({"a": Found(0, 100), "b": Found(0, 200)})
    assert {row.metric for row in only} == {"group.names_found"}

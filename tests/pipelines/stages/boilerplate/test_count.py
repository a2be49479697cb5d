"""The paragraphs pass over shards, by Beam: sums, the threshold, loss, reuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.engine.commits import UnitOutputs
from isinglass.pipelines.engine.mapped_tables import Extent, survey_path, write_mapped
from isinglass.pipelines.stages.boilerplate import count as counting
from isinglass.pipelines.stages.boilerplate.listing import first_places, paragraph_list
from isinglass.pipelines.stages.dedup.rank import rank_documents
from isinglass.schemas.config.dedup import DedupConfig, ParagraphsConfig
from isinglass.schemas.errors import ReconcileError
from isinglass.schemas.tables import PARAGRAPH_LIST, PARAGRAPHS
from isinglass.transforms.boilerplate.boilerplate import pack
from tests.drivers import by_hand, quiet_session

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.engine.passes import Session
    from isinglass.schemas.commit import Commit

BIG = 2**64 - 1
SURVEY = pa.schema(
    [
        ("paragraphs", pa.large_list(pa.uint64())),
        ("only_long", pa.bool_()),
        ("source", pa.string()),
    ]
)
Document = tuple[list[int], bool, str]

# Key 7 is in four documents that count, BIG in three, 9 in two; 5 is in three, two of
# which are copies of the first, and 6 in three of which one takes no part.
SHARDS: dict[str, list[Document]] = {
    "a-0": [
        ([5, 7], True, "a"),
        ([5, 7], True, "a"),
        ([5, 7], True, "a"),
        ([6, 9, BIG], True, "a"),
        ([7], False, "a"),
    ],
    "a-1": [],
    "b-0": [
        ([7, BIG], True, "b"),
        ([6, 7, 9, BIG], True, "b"),
        ([], False, "b"),
        ([6], True, "b"),
    ],
}
KEEPER = [0, 0, 0, 3, 4, 5, 6, 7, 8]
ABSENT = 8
PLACES = [Extent("a-0", 0, 5), Extent("a-1", 5, 5), Extent("b-0", 5, 9)]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A run folder after survey and first rank."""
    session = quiet_session(tmp_path)
    workspace = session.workspace
    with UnitOutputs(workspace, "survey", "all") as outputs:
        for shard_id, documents in SHARDS.items():
            columns = zip(*documents, strict=True) if documents else [(), (), ()]
            arrays = [pa.array(c, f.type) for c, f in zip(columns, SURVEY, strict=True)]
            batch = pa.RecordBatch.from_arrays(arrays, schema=SURVEY)
            write_mapped(outputs, survey_path(workspace, shard_id), SURVEY, [batch])
    folder = workspace.pass_folder(counting.FIRST_RANK)
    folder.mkdir(parents=True)
    np.save(folder / "present.npy", np.arange(9) != ABSENT)
    np.save(folder / "exact_keeper.npy", np.array(KEEPER))
    np.save(folder / "rank.npy", np.arange(9, dtype=np.uint32))
    return session


def count(session: Session, most: int, *, remove: bool = True) -> Commit:
    config = ParagraphsConfig(max_documents=most, remove=remove)
    return counting.count_boilerplate(session, PLACES, config, [], "code")


def found(session: Session) -> list[tuple[int, int]]:
    boilerplate = counting.load_boilerplate(session.workspace)
    pairs = zip(boilerplate.keys, boilerplate.documents, strict=True)
    return [(int(key), int(documents)) for key, documents in pairs]


@pytest.mark.parametrize(
    ("most", "expected", "emptied"),
    [
        # Of boilerplate alone, without a short rest; not what is out of it anyway.
        (1, [(6, 2), (7, 4), (9, 2), (BIG, 3)], [3, 5, 6]),
        (2, [(7, 4), (BIG, 3)], [5]),
        (3, [(7, 4)], []),
        (4, [], []),
    ],
)
def test_documents_that_count(
    session: Session, most: int, expected: list[tuple[int, int]], emptied: list[int]
) -> None:
    commit = count(session, most)
    assert found(session) == expected
    path = session.workspace.work / counting.ONLY_BOILERPLATE_FILE
    assert np.load(path).tolist() == emptied
    assert commit.counts["boilerplate"] == len(expected)
    assert commit.counts["only_boilerplate"] == len(emptied)


def test_nothing_is_emptied_where_nothing_is_removed(session: Session) -> None:
    assert count(session, 1, remove=False).counts["only_boilerplate"] == 0


def test_a_second_time_nothing_is_done(session: Session) -> None:
    first = count(session, 1)
    assert [record.reused for record in session.records] == [0, 0]
    assert count(session, 1) == first
    assert [record.reused for record in session.records[2:]] == [4, 1]
    count(session, 2)
    assert [record.reused for record in session.records[4:]] == [0, 0]


def test_waves_of_buckets_give_the_same(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    count(session, 1)
    expected = found(session)
    monkeypatch.setattr("isinglass.pipelines.engine.buckets.LEAST_BUCKETS", 5)
    monkeypatch.setattr(counting, "WAVE_BUCKETS", 2)
    count(session, 1)
    assert found(session) == expected


def test_what_is_lost_on_the_way_is_noticed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "pack", lambda keys: pack(keys[1:]))
    with pytest.raises(ReconcileError, match=r"12 paragraphs were sent, \d+ arrived"):
        count(session, 1)


def test_no_shards_have_no_boilerplate(session: Session) -> None:
    config = ParagraphsConfig(remove=True)
    commit = counting.count_boilerplate(session, [], config, [], "code")
    assert commit.counts == {"boilerplate": 0, "only_boilerplate": 0}
    assert found(session) == []


def spans(*rows: tuple[str, int, int, int]) -> pa.Table:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 4
    columns.append([True] * len(rows))
    arrays = [pa.array(c, f.type) for c, f in zip(columns, PARAGRAPHS, strict=True)]
    return pa.table(arrays, schema=PARAGRAPHS)


def test_first_places() -> None:
    one = spans(("d", 9, 12, 1), ("d", 2, 5, 1), ("c", 0, 3, 4))
    other = spans(("a", 7, 9, 4), ("e", 0, 3, 1), ("b", 1, 2, 0))
    expected = [(0, "b", 1, 2), (1, "d", 2, 5), (4, "a", 7, 9)]
    for tables in ([one, other], [other, one], [spans(), one, spans(), other]):
        rows = first_places(tables).to_pylist()
        assert [tuple(row.values()) for row in rows] == expected
    assert first_places([]).num_rows == 0


def test_the_list_of_paragraphs(session: Session) -> None:
    count(session, 1)
    workspace = session.workspace
    tables = {
        "a-0": spans(("d2", 4, 8, 0), ("d1", 0, 9, 1)),
        "a-1": spans(),
        "b-0": spans(("d0", 20, 30, 1), ("d3", 5, 6, 2)),
    }
    for shard_id, table in tables.items():
        path = workspace.table("paragraphs", shard_id)
        path.parent.mkdir(exist_ok=True)
        pq.write_table(table, path)
    listed = paragraph_list(
        workspace,
        list(SHARDS),
        counting.load_boilerplate(workspace),
        ParagraphsConfig(remove=True),
    )
    assert listed.schema.equals(PARAGRAPH_LIST)
    assert [tuple(row.values()) for row in listed.to_pylist()] == [
        (0, "a", 4, 4, "d2", 4, 8, True),
        (1, "a", 3, 10, "d0", 20, 30, True),
        (2, "a", 2, 1, "d3", 5, 6, True),
        (3, "a", 2, None, None, None, None, True),
    ]


def test_equal_texts_count_once_and_those_not_admitted_never(tmp_path: Path) -> None:
    # The second text equals the first; the last two are not admitted.
    columns = {
        "doc_high": pa.array(range(5), pa.uint64()),
        "doc_low": pa.array([0] * 5, pa.uint64()),
        "hash_high": pa.array([1, 1, 2, 3, 4], pa.uint64()),
        "hash_low": pa.array([0] * 5, pa.uint64()),
        "characters": pa.array([9] * 5, pa.int64()),
        "collected_at": pa.nulls(5, pa.string()),
        "paragraphs": pa.array(
            [[7], [7], [7, 8], [8], [7]], pa.large_list(pa.uint64())
        ),
        "only_long": pa.array([True] * 5),
    }
    table = pa.table(columns)
    driver = by_hand(tmp_path, {"a-0": table.slice(0, 2), "b-0": table.slice(2)})
    admitted = np.array([True, True, True, False, False])
    config = ParagraphsConfig(max_documents=1, remove=True)
    first = counting.FIRST_RANK
    ranked = rank_documents(driver, DedupConfig(), admitted, name=first)
    upstream = [ranked, *driver.surveys.values()]
    places, session = list(driver.places), driver.session
    commit = counting.count_boilerplate(session, places, config, upstream, "code")
    assert found(driver.session) == [(7, 2)]
    gone = np.load(driver.workspace.work / counting.ONLY_BOILERPLATE_FILE)
    assert gone.tolist() == [0, 1]
    assert commit.counts == {"boilerplate": 1, "only_boilerplate": 2}

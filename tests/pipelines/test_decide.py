"""Every stage is heard in order: who drops a document, and whose evidence it gets."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest

from isinglass.pipelines import outside
from isinglass.pipelines.decide import DECISIONS, decide
from isinglass.pipelines.engine.mapped_tables import (
    decision_hashes,
    decisions_path,
    read_mapped,
)
from isinglass.pipelines.engine.passes import run_step
from isinglass.pipelines.seam import OPEN, Standing, Verdict
from isinglass.pipelines.stage import Stage
from isinglass.schemas.errors import ConfigError
from tests.drivers import by_hand

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.seam import Driver

Strings = list[str | None]


@dataclass(frozen=True)
class Fake(Stage):
    """Says what it is told to say.

    Attributes:
        drops: Documents that it drops.
        evidence: Columns that hold for some documents.
        facts: Columns that hold for all.
        seen: What it was told of the standing, once asked.
    """

    drops: tuple[int, ...] = ()
    evidence: dict[str, Strings] = field(default_factory=dict)
    facts: dict[str, Strings] = field(default_factory=dict)
    seen: list[Standing] = field(default_factory=list)
    reason: ClassVar[str]

    def decide(self, driver: Driver, standing: Standing) -> Verdict:
        self.seen.append(standing)
        drops = np.full(driver.documents, OPEN, np.int8)
        drops[list(self.drops)] = 1
        return Verdict(
            drops,
            ("never_said", self.reason),
            {name: pa.array(v, pa.string()) for name, v in self.evidence.items()},
            {name: pa.array(v, pa.string()) for name, v in self.facts.items()},
        )


class Erased(Fake):
    name: ClassVar[str] = "erased"
    early: ClassVar[bool] = True
    reason: ClassVar[str] = "erased"


class Boilerplate(Fake):
    name: ClassVar[str] = "boilerplate"
    early: ClassVar[bool] = True
    reason: ClassVar[str] = "only_boilerplate"


class Contaminated(Fake):
    name: ClassVar[str] = "contaminated"
    reason: ClassVar[str] = "contaminated"


class Duplicate(Fake):
    name: ClassVar[str] = "duplicate"
    reason: ClassVar[str] = "exact_duplicate"


class Quiet(Stage):
    """Decides nothing."""

    name: ClassVar[str] = "quiet"


@pytest.fixture(autouse=True)
def _ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """They count as stages of ours, so that their reasons need no prefix."""
    ours = (Erased, Boilerplate, Contaminated, Duplicate)
    monkeypatch.setattr(outside, "STAGES", ours)


def survey(blank: list[bool], twice: list[bool]) -> pa.Table:
    """Documents of which some have the id of document 0, which has another text."""
    rows = len(blank)
    keys = [int(number == 0 or again) for number, again in enumerate(twice)]
    return pa.table(
        {
            "doc_high": pa.array([3] * rows, pa.uint64()),
            "doc_low": pa.array(range(100, 100 + rows), pa.uint64()),
            "hash_high": pa.array([4] * rows, pa.uint64()),
            "hash_low": pa.array(range(rows), pa.uint64()),
            "id_key": pa.array(keys, pa.uint64()),
            "blank": pa.array(blank, pa.bool_()),
        }
    )


def driver_of(
    folder: Path, blank: list[bool], twice: list[bool], *starts: int
) -> Driver:
    """After the survey of shards that begin with these documents."""
    table = survey(blank, twice)
    bounds = [0, *starts, len(blank)]
    shards = {
        f"s-{number}": table.slice(start, stop - start)
        for number, (start, stop) in enumerate(itertools.pairwise(bounds))
    }
    return by_hand(folder, shards)


def decisions(driver: Driver) -> dict[str, list[Any]]:
    tables = []
    for place in driver.places:
        table = read_mapped(decisions_path(driver.workspace, place.shard_id))
        assert table.schema.equals(DECISIONS)
        assert table.num_rows == place.stop - place.start
        tables.append(table)
    found: dict[str, list[Any]] = pa.concat_tables(tables).to_pydict()
    return found


# What is the matter with a document (Blank, Id used twice), whose verdict it has
# (Erased, Boilerplate, Contaminated, Duplicate), and whether it is cLosed.
ORDER = [
    ("", "kept", None),
    ("ebcd", "dropped", "erased"),
    ("BIebcd", "dropped", "erased"),
    ("bcd", "dropped", "only_boilerplate"),
    ("Bbcd", "dropped", "only_boilerplate"),
    ("Ibcd", "dropped", "only_boilerplate"),
    ("Bcd", "dropped", "empty"),
    ("BI", "dropped", "empty"),
    ("Icd", "quarantined", "duplicate_id"),
    ("I", "quarantined", "duplicate_id"),
    ("cd", "dropped", "contaminated"),
    ("d", "dropped", "exact_duplicate"),
    # Closed documents stay to be scanned, unless somebody drops them as well.
    ("L", "kept", None),
    ("Lcd", "dropped", "contaminated"),
    ("LI", "quarantined", "duplicate_id"),
    ("LB", "dropped", "empty"),
    ("Lbcd", "dropped", "only_boilerplate"),
    ("Lebcd", "dropped", "erased"),
]


def having(letter: str) -> tuple[int, ...]:
    return tuple(number for number, row in enumerate(ORDER) if letter in row[0])


def all_stages() -> list[Fake]:
    kinds = (Duplicate, Erased, Contaminated, Boilerplate)
    found = [kind(having(kind.__name__[0].lower())) for kind in kinds]
    return [found[1], found[3], found[2], found[0]]


def ordered(folder: Path) -> Driver:
    letters = [row[0] for row in ORDER]
    blank, twice = (["B" in row for row in letters], ["I" in row for row in letters])
    return driver_of(folder, blank, twice, 5, 5, 11)


def test_whose_verdict_holds(tmp_path: Path) -> None:
    driver = ordered(tmp_path)
    decided = decide(driver, all_stages(), having("L"))
    found = decisions(driver)
    told = zip(
        [row[0] for row in ORDER], found["outcome"], found["reason"], strict=True
    )
    assert list(told) == ORDER
    assert found["doc_high"] == [3] * len(ORDER)
    assert found["doc_low"] == list(range(100, 100 + len(ORDER)))
    kept = [row[1] for row in ORDER].count("kept")
    assert decided.resolved.counts == {"records_in": len(ORDER), "kept": kept}


def test_what_each_stage_is_told(tmp_path: Path) -> None:
    driver, stages = ordered(tmp_path), all_stages()
    decide(driver, stages, having("L"))
    rows = np.arange(len(ORDER))
    bad = np.isin(rows, [*having("B"), *having("I")])
    closed = np.isin(rows, having("L"))
    gone = np.zeros(len(ORDER), np.bool_)
    for stage in stages:
        (seen,) = stage.seen
        assert (seen.admitted == ~bad).all()
        if stage.early:
            assert not seen.closed.any()
        else:
            gone |= bad
            assert (seen.closed == (closed & ~gone)).all()
        assert (seen.open == ~gone).all()
        assert (seen.present == (seen.open & ~seen.closed)).all()
        gone |= np.isin(rows, stage.drops)


def test_early_stages_are_asked_first_wherever_they_stand(tmp_path: Path) -> None:
    driver = driver_of(tmp_path, [False, False], [False, False])
    decide(driver, [Duplicate((1,)), Quiet(), Erased((1,))], [])
    assert decisions(driver)["reason"] == [None, "erased"]


# Document 0 is kept, 1 is empty, 2 erased, 3 contaminated, 4 a duplicate, 5 kept.
BLANK = [False, True, False, False, False, False]


def evidenced(driver: Driver) -> dict[str, list[Any]]:
    erased = Erased((2,))
    contaminated = Contaminated(
        (3, 4),
        {"rule": ["c0", "c1", "c2", "c3", "c4", "c5"]},
        {"evaluation_item": ["i0", None, "i2", "i3", None, None]},
    )
    contaminated = replace(contaminated, drops=(3,))
    duplicate = Duplicate(
        (3, 4),
        {
            "rule": [None, "d1", "d2", "d3", "d4", "d5"],
            "kept_doc_id": [None, "k1", "k2", "k3", "k4", None],
        },
        {"compared_by": ["words"] * 6},
    )
    decide(driver, [erased, contaminated, Quiet(), duplicate], [])
    return decisions(driver)


def test_evidence_is_of_the_stage_that_drops(tmp_path: Path) -> None:
    found = evidenced(driver_of(tmp_path, BLANK, [False] * 6, 4))
    assert found["reason"] == [
        None,
        "empty",
        "erased",
        "contaminated",
        "exact_duplicate",
        None,
    ]
    # Of a kept document that of the last stage which has some.
    assert found["rule"] == ["c0", None, None, "c3", "d4", "d5"]
    assert found["kept_doc_id"] == [None, None, None, None, "k4", None]


def test_facts_hold_for_every_document(tmp_path: Path) -> None:
    found = evidenced(driver_of(tmp_path, BLANK, [False] * 6, 4))
    assert found["compared_by"] == ["words"] * 6
    assert found["evaluation_item"] == ["i0", None, "i2", "i3", None, None]
    assert found["weight"] == found["kept_in"] == found["similarity"] == [None] * 6


def test_a_stage_that_decides_nothing_has_no_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = driver_of(tmp_path, [False], [False])
    leaf = run_step(driver.session, "leaf", [], lambda _: {"records_in": 0})

    class Leaving(Duplicate):
        def decide(self, driver: Driver, standing: Standing) -> Verdict:
            return replace(super().decide(driver, standing), leaves=(leaf,))

    monkeypatch.setattr(outside, "STAGES", (Erased, Leaving))
    decided = decide(driver, [Quiet(), Erased(), Leaving()], [])
    assert list(decided.verdicts) == ["erased", "duplicate"]
    assert decided.leaves == [leaf]


def test_the_same_decisions_are_not_written_again(tmp_path: Path) -> None:
    driver = driver_of(tmp_path, [False] * 4, [False] * 4, 2)
    steps: list[tuple[list[Stage], str, int]] = [
        ([Duplicate((1,))], "code", 0),
        ([Duplicate((1,))], "code", 1),
        # Another stage that drops nothing and says nothing changes nothing.
        ([Erased(), Duplicate((1,))], "code", 1),
        ([Contaminated((1,))], "code", 0),
        ([Duplicate((3,))], "code", 0),
        ([Duplicate((3,), {"rule": [None] * 3 + ["r"]})], "code", 0),
        ([Duplicate((3,), {"rule": [None] * 3 + ["s"]})], "code", 0),
        ([Duplicate((3,), {"rule": [None] * 3 + ["s"]})], "other", 0),
    ]
    for stages, code, _ in steps:
        decide(replace(driver, code=code), stages, [])
    reused = [record.reused for record in driver.session.records]
    assert reused == [step[2] for step in steps]


def test_only_the_shard_of_another_decision_has_another_hash(tmp_path: Path) -> None:
    driver = driver_of(tmp_path, [False] * 4, [False] * 4, 2)
    hashes = []
    for dropped in ((1,), (3,), (1,)):
        decided = decide(driver, [Duplicate((1, *dropped))], [])
        names = driver.shard_ids
        hashes.append(decision_hashes(driver.workspace, decided.resolved, names))
    first, other, again = hashes
    assert first == again
    assert first["s-0"] == other["s-0"]
    assert first["s-1"] != other["s-1"]


@pytest.mark.parametrize("shards", [0, 1, 3])
def test_no_documents(tmp_path: Path, shards: int) -> None:
    nothing = survey([], [])
    driver = by_hand(tmp_path, {f"s-{number}": nothing for number in range(shards)})
    decided = decide(driver, [Erased(), Duplicate()], [])
    assert decided.resolved.counts == {"records_in": 0, "kept": 0}
    assert len(decided.resolved.outputs) == shards
    if shards:
        assert decisions(driver)["outcome"] == []


def test_a_stage_from_outside_uses_reasons_of_its_own(tmp_path: Path) -> None:
    """`Quiet` is not one of ours, so its reasons have its name before them."""

    class Loud(Quiet):
        def decide(self, driver: Driver, standing: Standing) -> Verdict:
            del standing
            return Verdict(np.zeros(driver.documents, np.int8), ("exact_duplicate",))

    driver = driver_of(tmp_path, [False], [False])
    with pytest.raises(ConfigError, match="must begin with quiet"):
        decide(driver, [Loud()], [])

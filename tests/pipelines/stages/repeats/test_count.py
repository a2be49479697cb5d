"""The repeat passes over a finished run: exact shares, any split, what is redone."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from isinglass.pipelines.engine.commits import read_commit
from isinglass.pipelines.engine.mapped_tables import (
    decisions_path,
    extents,
    read_mapped,
)
from isinglass.pipelines.engine.passes import Session
from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.engine.workspace import Workspace
from isinglass.pipelines.plan import plan
from isinglass.pipelines.run import Request, execute
from isinglass.pipelines.seam import Driver
from isinglass.pipelines.stages.repeats.count import measure_repeats
from isinglass.pipelines.stages.repeats.measure import repeat_statistics, shares_path
from isinglass.pipelines.stages.repeats.stage import Repeats
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import ReconcileError
from tests.corpora import write_jsonl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import DedupConfig
    from isinglass.schemas.statistic import Statistic

CODE = "code"


def words(prefix: str, count: int) -> str:
    return " ".join(f"{prefix}{number}" for number in range(count))


LEGAL = words("legal", 60)
"""A stretch that documents share; each is otherwise its own."""

LONG = words("long", 80)

ROWS = {
    "a": [
        {"text": f"{LEGAL} {words('a', 300)}"},
        {"text": LONG},
        {"text": LONG.upper()},
        {"text": words("short", 10)},
    ],
    "b": [
        {"text": f"{words('b', 300)}\n\n{LEGAL}"},
        {"text": f"{LONG.title()}."},
        {"text": f"{words('c', 55)} - {words('c', 55)}"},
        {"text": " "},
    ],
}


@dataclass(frozen=True)
class Finished:
    """A cleaned corpus, to measure repeats in."""

    config: RunConfig
    base: Path

    @property
    def workspace(self) -> Workspace:
        return Workspace(str(self.base / "run"))

    def dedup(self, **repeats: int) -> DedupConfig:
        values = {"words": 50, "documents": 1000} | repeats
        assert self.config.dedup is not None
        section = self.config.dedup.model_dump() | {"repeats": values}
        return type(self.config.dedup).model_validate(section)

    def measure(self, **changes: Any) -> tuple[Session, list[Commit]]:
        """Measure; `seed`, `code` and `execution` may differ, all else is `repeats`."""
        execution = changes.pop("execution", Execution(self.config.beam))
        seed, code = changes.pop("seed", 0), changes.pop("code", CODE)
        quiet = Console(file=io.StringIO(), quiet=True)
        session = Session(self.workspace, execution, quiet)
        made = plan(self.config, self.base)
        surveys = {}
        for shard in made.shards:
            commit = read_commit(self.workspace, "survey", shard.shard_id)
            assert commit is not None
            surveys[shard.shard_id] = commit
        driver = Driver(
            session,
            made,
            self.config.model_copy(update={"seed": seed}),
            "clean",
            code,
            surveys,
            tuple(extents(list(surveys), surveys)),
            read_commit(self.workspace, "resolve", "all"),
        )
        return session, measure_repeats(driver, self.dedup(**changes))

    def statistics(self) -> list[Statistic]:
        return repeat_statistics(self.workspace)


def finish(
    base: Path, rows: dict[str, list[dict[str, str]]], **changes: Any
) -> Finished:
    """Clean a corpus of one input a key of `rows`."""
    inputs = []
    for name, documents in rows.items():
        (base / "corpus" / name).mkdir(parents=True)
        write_jsonl(base / "corpus" / name / "rows.jsonl", documents)
        inputs.append({"path": str(base / "corpus" / name), "source": name})
    values = {
        "name": "repeats",
        "inputs": inputs,
        "output": str(base / "run"),
        "seed": 1,
        "dedup": {},
        "limits": {"max_quarantine_rate": 1.0},
        "survey": {"detect_languages": False, "count_mentions": False},
    } | changes
    config = RunConfig.model_validate(values)
    request = Request(config, "clean", base, Execution(config.beam))
    execute(request, Console(file=io.StringIO(), quiet=True))
    return Finished(config, base)


@pytest.fixture
def finished(tmp_path: Path) -> Finished:
    return finish(tmp_path, ROWS)


def shares(rows: list[Statistic]) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Numerators and denominators by stage, source and kind."""
    return {
        (r.when, r.source or "", str(r.position)): (
            int(r.numerator or 0),
            int(r.denominator or 0),
        )
        for r in rows
        if r.metric == "repeats.share"
    }


def test_shares_before_and_after_are_exact(finished: Finished) -> None:
    finished.measure()
    found = shares(finished.statistics())
    texts = {name: [row["text"].strip(" .") for row in ROWS[name]] for name in ROWS}
    total = {name: sum(map(len, texts[name])) for name in texts}
    # Line breaks are one space each once normalised, as they are here but for one.
    total["b"] -= 1
    legal, long, half = len(LEGAL), len(LONG), len(words("c", 55))
    both = sum(total.values())
    assert found["input", "a", "across"] == (legal + 2 * long, total["a"])
    assert found["input", "b", "across"] == (legal + long, total["b"])
    assert found["input", "b", "within"] == (2 * half, total["b"])
    assert found["input", "b", "any"] == (legal + long + 2 * half, total["b"])
    assert found["input", "", "across"] == (2 * legal + 3 * long, both)
    # One of the three long texts is kept, and repeats nothing that is.
    left = both - 2 * long
    assert found["output", "", "across"] == (2 * legal, left)
    assert found["output", "", "within"] == (2 * half, left)
    assert found["output", "", "any"] == (2 * legal + 2 * half, left)


def test_without_sampling_there_is_no_sampling_error(finished: Finished) -> None:
    finished.measure()
    rows = [r for r in finished.statistics() if r.metric == "repeats.share"]
    assert all(r.low == r.value == r.high for r in rows)
    sampled = [r for r in finished.statistics() if r.metric == "repeats.sampled"]
    counts = {(r.when, r.source): (r.numerator, r.denominator) for r in sampled}
    assert counts == {
        ("input", None): (8, 8),
        ("input", "a"): (4, 4),
        ("input", "b"): (4, 4),
        ("output", None): (5, 5),
        ("output", "a"): (2, 2),
        ("output", "b"): (3, 3),
    }


def many(count: int) -> list[dict[str, str]]:
    return [
        {"text": f"{LEGAL if i % 3 == 0 else ''} {words(f'x{i}y', 60 + i % 7)}"}
        for i in range(count)
    ]


@pytest.mark.parametrize("documents", [1000, 40])
def test_any_split_into_shards_gives_the_same(tmp_path: Path, documents: int) -> None:
    rows = {"a": many(120)}
    whole = finish(tmp_path / "whole", rows)
    parts = finish(tmp_path / "parts", rows, limits={"shard_bytes": 8_000})
    found = []
    for run in (whole, parts):
        run.measure(documents=documents)
        found.append(run.statistics())
    assert len(plan(parts.config, parts.base).shards) > 3
    assert found[0] == found[1]
    share = shares(found[0])["input", "", "across"]
    if documents == 1000:
        assert share[0] == 40 * len(LEGAL)
    else:
        assert share[0] % len(LEGAL) == 0
        row = next(r for r in found[0] if r.position == "across" and not r.source)
        assert row.low is not None
        assert row.high is not None
        assert row.low < row.value < row.high


@pytest.mark.parametrize(
    "beam", [{"mode": "multi_threading", "workers": 2}, {"mode": "in_memory"}]
)
def test_workers_and_order_do_not_matter(
    finished: Finished, beam: dict[str, Any]
) -> None:
    finished.measure()
    before = shares_path(finished.workspace).read_bytes()
    config = finished.config.beam.model_copy(update=beam)
    execution = Execution(config, reverse=True)
    finished.measure(code="other", execution=execution)
    assert shares_path(finished.workspace).read_bytes() == before


def test_nothing_is_measured_without_the_section(finished: Finished) -> None:
    given = finished.config
    for dedup, on in ((None, False), (given.dedup, False), (finished.dedup(), True)):
        config = given.model_copy(update={"dedup": dedup})
        assert (Repeats.of(config) is not None) is on
    assert not shares_path(finished.workspace).exists()


def test_what_is_finished_is_reused(finished: Finished) -> None:
    first, commits = finished.measure()
    names = ["repeat_sample", "repeat_windows", "repeats", "repeat_shares"]
    assert [record.name for record in first.records] == names
    assert len(commits) == 2 + 1 + 2 + 1
    again, same = finished.measure()
    assert [record.reused for record in again.records] == [2, 1, 2, 1]
    assert same == commits


@pytest.mark.parametrize(
    ("change", "reused"),
    [
        ({"words": 40}, [0, 0, 0, 0]),
        ({"code": "other"}, [0, 0, 0, 0]),
        # Another seed or size samples anew; all documents of so few are sampled still.
        ({"seed": 5}, [0, 1, 2, 1]),
        ({"documents": 2000}, [2, 1, 2, 1]),
    ],
)
def test_what_depends_on_a_change_is_redone(
    finished: Finished, change: dict[str, Any], reused: list[int]
) -> None:
    finished.measure()
    again, _ = finished.measure(**change)
    assert [record.reused for record in again.records] == reused


def test_other_decisions_count_again_and_sample_no_more(tmp_path: Path) -> None:
    first = finish(tmp_path, ROWS)
    first.measure()
    values = first.config.model_dump(exclude_unset=True)
    config = RunConfig.model_validate(values | {"dedup": {"keep": "first"}})
    request = Request(config, "clean", tmp_path, Execution(config.beam), replace=True)
    execute(request, Console(file=io.StringIO(), quiet=True))
    second = Finished(config, tmp_path)
    session, _ = second.measure()
    assert [record.reused for record in session.records] == [2, 1, 0, 0]
    found = {
        (r.when, r.source): r.denominator
        for r in second.statistics()
        if r.metric == "repeats.sampled"
    }
    # The long text that stays is now the first, which is in the other source.
    assert (found["output", "a"], found["output", "b"]) == (3, 2)


def test_an_empty_corpus_has_nothing_to_measure(tmp_path: Path) -> None:
    rows = {"a": [{"text": " "}, {"text": "..."}]}
    blank = finish(tmp_path, rows)
    blank.measure()
    assert shares(blank.statistics()) == {}


def shrink(documents: list[dict[str, str]]) -> list[dict[str, str]]:
    return documents[:-1]


def swap(documents: list[dict[str, str]]) -> list[dict[str, str]]:
    return [*documents, {"text": "one more"}]


@pytest.mark.parametrize("change", [shrink, swap])
def test_an_input_that_changed_meanwhile_is_found(
    finished: Finished, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]
) -> None:
    path = finished.base / "corpus" / "a" / "rows.jsonl"
    made = plan(finished.config, finished.base)
    names = [s.shard_id for s in made.shards if s.source == "a"]
    decided = read_mapped(decisions_path(finished.workspace, names[0])).num_rows
    assert decided == 4
    write_jsonl(path, change(ROWS["a"]))
    with pytest.raises(ReconcileError):
        finished.measure()


def test_no_text_is_left_in_the_work_folder(finished: Finished) -> None:
    _, commits = finished.measure()
    for commit in commits:
        for output in commit.outputs:
            data = (finished.workspace.path / output.path).read_bytes()
            assert b"legal1" not in data
    population = shares_path(finished.workspace).with_name("population.json")
    assert json.loads(population.read_text()) == {
        "input": {"a": 4, "b": 4},
        "output": {"a": 2, "b": 3},
    }

"""The survey pass: columns of the corridor and of each stage, counts, statistics."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
import pytest
import xxhash

from isinglass.pipelines.engine.mapped_tables import SURVEY, read_mapped, survey_path
from isinglass.pipelines.seam import Site
from isinglass.pipelines.stage import Stage
from isinglass.pipelines.stages.boilerplate.stage import Boilerplate
from isinglass.pipelines.stages.decontaminate.stage import Decontaminate
from isinglass.pipelines.stages.dedup.stage import Dedup
from isinglass.pipelines.stages.demographics.stage import Demographics
from isinglass.pipelines.survey import SurveyWork, survey_units
from isinglass.schemas.commit import Commit, OutputFile
from isinglass.schemas.config import NormaliseConfig
from isinglass.transforms.survey import SURVEY as OWN
from tests.corpora import write_jsonl
from tests.drivers import planned, surveyed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Literal

    from isinglass.pipelines.seam import Driver, Phase
    from isinglass.transforms.seen import Seen

ITEM = " ".join(f"item{number}" for number in range(15))
FOOTER = "This paragraph is at the end of every page."

# One record of source `a` has no text, and is no document.
ROWS: dict[str, list[dict[str, Any]]] = {
    "a": [
        {"text": f"She said that he knew her.\n\n{FOOTER}", "language": "en"},
        {"text": None},
        {"text": f"SHE  said that he knew her.\n\n{FOOTER}", "language": "de"},
        {"text": " "},
    ],
    "b": [{"text": f"See {ITEM}.\n\n{FOOTER}", "id": "7"}],
}
SECTIONS: dict[str, Any] = {
    "dedup": {"bands": 2, "containment": 0.9, "paragraphs": {}},
    "decontaminate": {"files": ["sets.jsonl"]},
    "survey": {"detect_languages": False},
}
LENGTHS = [26 + 2 + len(FOOTER), 27 + 2 + len(FOOTER), 1, len(ITEM) + 7 + len(FOOTER)]


@pytest.fixture
def driver(tmp_path: Path) -> Driver:
    write_jsonl(tmp_path / "sets.jsonl", [{"text": "too short"}, {"text": ITEM}])
    return planned(tmp_path, ROWS, **SECTIONS)


def stage(driver: Driver, base: Path, kind: type[Stage]) -> Stage:
    found = kind.of(driver.config)
    assert found is not None
    return found.prepare(Site(driver.config, "clean", base, driver.workspace))


def columns(driver: Driver) -> dict[str, list[Any]]:
    """Columns of all shards, one shard after the other."""
    tables = [
        read_mapped(survey_path(driver.workspace, name)) for name in driver.shard_ids
    ]
    found: dict[str, list[Any]] = pa.concat_tables(tables).to_pydict()
    return found


def test_columns_of_the_corridor(driver: Driver) -> None:
    driver = surveyed(driver)
    found = columns(driver)
    assert list(found) == [*OWN.names, "piece"]
    assert found["row"] == [0, 2, 3, 0]
    assert found["characters"] == LENGTHS
    assert found["text_words"] == [15, 15, 0, 25]
    assert found["blank"] == [False, False, True, False]
    assert found["language"] == ["en", "de", "und", "und"]
    assert found["source"] == ["a", "a", "a", "b"]
    assert found["piece"] == [0, 0, 0, 0]
    assert [key > 0 for key in found["id_key"]] == [False, False, False, True]
    hashes = list(zip(found["hash_high"], found["hash_low"], strict=True))
    normal = f"she said that he knew her. {FOOTER}".lower()
    digest = xxhash.xxh3_128_intdigest(normal.encode())
    assert hashes[:2] == [(digest >> 64, digest & (2**64 - 1))] * 2
    assert len(set(hashes)) == 3
    assert [(place.start, place.stop) for place in driver.places] == [(0, 3), (3, 4)]


def test_texts_are_equal_as_the_corridor_is_told(driver: Driver) -> None:
    strict = {"lower_case": False, "white_space": False}
    config = driver.config
    assert config.dedup is not None
    dedup = config.dedup.model_copy(update={"normalise": NormaliseConfig(**strict)})
    config = config.model_copy(update={"dedup": dedup})
    found = columns(surveyed(replace(driver, config=config)))
    assert len(set(found["hash_low"])) == 4


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Dedup, ["unit", "fingerprints", "band_000", "band_001"]),
        (Boilerplate, ["paragraphs", "only_long"]),
        (Decontaminate, ["evaluation_item", "evaluation_share"]),
        (Demographics, ["covered", "words", "mentions", "judged", "vetoed"]),
    ],
)
def test_a_stage_adds_its_columns_and_changes_no_other(
    driver: Driver, tmp_path: Path, kind: type[Stage], expected: list[str]
) -> None:
    before = columns(surveyed(driver))
    found = columns(surveyed(driver, stage(driver, tmp_path, kind)))
    assert list(found) == [*OWN.names, *expected, "piece"]
    assert {name: found[name] for name in before} == before


def test_columns_of_deduplication(driver: Driver, tmp_path: Path) -> None:
    found = columns(surveyed(driver, stage(driver, tmp_path, Dedup)))
    # Words, words, too short for a shingle of anything, words.
    assert found["unit"] == [1, 1, 0, 1]
    for band in ("band_000", "band_001"):
        one, copy, nothing, other = found[band]
        assert one == copy != other
        assert nothing == 0
    prints = found["fingerprints"]
    assert prints[0] == prints[1] != prints[3]
    assert [len(set(listed)) > 0 for listed in prints] == [True, True, False, True]


def test_columns_of_boilerplate(driver: Driver, tmp_path: Path) -> None:
    found = columns(surveyed(driver, stage(driver, tmp_path, Boilerplate)))
    paragraphs = found["paragraphs"]
    assert [len(listed) for listed in paragraphs] == [2, 2, 0, 2]
    assert paragraphs[0] == paragraphs[1]
    # The same words are another paragraph in another source.
    assert not set(paragraphs[0]) & set(paragraphs[3])
    assert found["only_long"] == [True, True, False, True]


def test_columns_of_decontamination(driver: Driver, tmp_path: Path) -> None:
    found = columns(surveyed(driver, stage(driver, tmp_path, Decontaminate)))
    assert found["evaluation_item"] == [-1, -1, -1, 1]
    assert found["evaluation_share"] == [0, 0, 0, 1]


def test_columns_of_demographics(driver: Driver, tmp_path: Path) -> None:
    found = columns(surveyed(driver, stage(driver, tmp_path, Demographics)))
    assert found["covered"][0::2] == [True, False]
    assert found["words"] == [15, 15, 0, 25]
    # "She" and "her" of the one group, "he" of the other.
    counts = [(cell["count"], cell["firm"]) for cell in found["mentions"][0]]
    assert sorted(counts) == [(1, 1), (2, 2)]
    assert found["mentions"][2:] == [[], []]


def test_counts_of_each_shard(driver: Driver, tmp_path: Path) -> None:
    stages = [stage(driver, tmp_path, kind) for kind in (Boilerplate, Dedup)]
    driver = surveyed(driver, *stages)
    prints = columns(driver)["fingerprints"]
    a, b = (driver.surveys[name].counts for name in driver.shard_ids)
    assert a == {
        "records_in": 4,
        "documents": 3,
        "rejected": 1,
        "characters": sum(LENGTHS[:3]),
        "paragraphs": 4,
        "fingerprints": sum(map(len, prints[:3])),
    }
    assert b == {
        "records_in": 1,
        "documents": 1,
        "rejected": 0,
        "characters": LENGTHS[3],
        "paragraphs": 2,
        "fingerprints": len(prints[3]),
    }


def test_statistics_of_each_shard(driver: Driver) -> None:
    driver = surveyed(driver)
    paths = [survey_path(driver.workspace, name) for name in driver.shard_ids]
    texts = [
        json.loads(path.with_suffix(".stats.json").read_text())["texts"]
        for path in paths
    ]
    totals = [
        {name: part["all"][name] for name in ("documents", "characters", "words")}
        for part in texts
    ]
    assert totals == [
        {"documents": 3, "characters": sum(LENGTHS[:3]), "words": 30},
        {"documents": 1, "characters": LENGTHS[3], "words": 25},
    ]
    slices = [(sorted(part["source"]), sorted(part["language"])) for part in texts]
    assert slices == [(["a"], ["de", "en", "und"]), (["b"], ["und"])]
    assert texts[0]["language"]["de"]["characters"] == LENGTHS[1]


def test_a_piece_is_that_which_holds_the_document(tmp_path: Path) -> None:
    for name in ("x", "y", "z"):
        (tmp_path / "corpus" / "a").mkdir(parents=True, exist_ok=True)
        path = tmp_path / "corpus" / "a" / f"{name}.jsonl"
        write_jsonl(path, [{"text": name}] * (2 if name == "y" else 1))
    driver = surveyed(planned(tmp_path, {"a": [{"text": None}]}))
    (shard,) = driver.plan.shards
    names = [piece.relative for piece in shard.pieces]
    assert names == ["rows.jsonl", "x.jsonl", "y.jsonl", "z.jsonl"]
    assert columns(driver)["piece"] == [1, 2, 2, 3]


@dataclass(frozen=True)
class Mark(Stage):
    """Surveys by a number that it loads once a worker."""

    number: int = 1
    name: ClassVar[str] = "mark"

    def fields(self, table: Literal["survey", "data"]) -> tuple[pa.Field, ...]:
        return (pa.field("mark", pa.int64()),) if table == "survey" else ()

    def identity(self, phase: Phase) -> Any:
        return self.number if phase == "survey" else f"{phase} {self.number}"

    def open(self, phase: Literal["survey", "clean"], workspace: Any) -> Any:
        del workspace
        assert phase == "survey"
        return self.number

    def survey(self, state: Any, seen: Seen) -> Mapping[str, pa.Array]:
        return {"mark": pa.array([state] * len(seen.texts), pa.int64())}


class Silent(Stage):
    """Has nothing to survey, so that it must not be opened for it."""

    name: ClassVar[str] = "silent"

    def open(self, phase: Literal["survey", "clean"], workspace: Any) -> Any:
        raise AssertionError(f"opened for {phase} of {workspace}")


def test_what_a_stage_opens_it_gets(driver: Driver) -> None:
    driver = surveyed(driver, Silent(), Mark(5))
    assert columns(driver)["mark"] == [5] * 4


def prints(driver: Driver, *stages: Stage, **changes: Any) -> list[str]:
    layout, upstream = driver.plan.layout, changes.pop("upstream", [])
    values = {"normalise": NormaliseConfig(), "detect": False, **changes}
    work = SurveyWork(layout, stages, driver.workspace, **values)
    assert work.name == SURVEY
    return [unit.fingerprint for unit in survey_units(driver, work, upstream)]


def made(sha256: str) -> Commit:
    output = OutputFile(path="work/index/a.npy", rows=1, bytes=1, sha256=sha256)
    return Commit(pass_name="index", unit="all", fingerprint="f", outputs=(output,))


@pytest.mark.parametrize(
    ("stages", "changes", "same"),
    [
        ((Mark(1),), {}, True),
        ((Mark(2),), {}, False),
        ((), {}, False),
        ((Mark(1), Silent()), {}, False),
        ((Mark(1),), {"detect": True}, False),
        ((Mark(1),), {"normalise": NormaliseConfig(numbers=True)}, False),
        ((Mark(1),), {"upstream": [made("a")]}, False),
    ],
)
def test_a_survey_is_made_again_only_if_it_may_differ(
    driver: Driver, stages: tuple[Stage, ...], changes: dict[str, Any], *, same: bool
) -> None:
    before, after = prints(driver, Mark(1)), prints(driver, *stages, **changes)
    assert [one == other for one, other in zip(before, after, strict=True)] == [
        same
    ] * 2


def test_what_a_survey_depends_on_besides(driver: Driver, tmp_path: Path) -> None:
    before = prints(driver)
    assert prints(replace(driver, code="other")) != before
    # Where the files lie does not matter, what is in them does.
    elsewhere = planned(tmp_path / "elsewhere", ROWS, **SECTIONS)
    assert prints(elsewhere) == before
    changed = planned(tmp_path / "changed", ROWS | {"b": [{"text": "x"}]}, **SECTIONS)
    assert prints(changed)[0] == before[0]
    assert prints(changed)[1] != before[1]
    one, other = (prints(driver, upstream=[made(name)]) for name in ("a", "b"))
    assert one != other

"""Whom an axis is counted in: a corpus of some languages, and what verify proves."""

from __future__ import annotations

import json
import random
import shutil
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.proof.prove import open_run, prove
from isinglass.pipelines.stages.demographics.stage import Demographics
from isinglass.pipelines.stages.retention.stage import Retention
from tests.corpora import write_jsonl
from tests.end_to_end.test_retention import STAGE
from tests.end_to_end.test_verbs import start
from tests.forgeries import reseal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Forge = Callable[[Path], None]

ENGLISH = [
    "river",
    "stone",
    "lamp",
    "window",
    "garden",
    "paper",
    "cloud",
    "bridge",
    "market",
    "song",
]
HINDI = ["नदी", "पत्थर", "दीपक", "खिड़की", "बगीचा", "कागज", "बादल", "पुल", "बाजार", "गीत"]
FRENCH = [
    "rivière",
    "pierre",
    "lampe",
    "fenêtre",
    "jardin",
    "papier",
    "nuage",
    "pont",
    "marché",
]
CHINESE = list("河石灯窗园纸云桥市歌")

KINDS: list[tuple[str, list[str], str, int, int]] = [
    # language, words, what is added, documents, and how many of these go
    ("en", ENGLISH, "christians came", 120, 48),
    ("en", ENGLISH, "nobody came", 120, 48),
    ("en", ENGLISH, "gay people came", 40, 20),
    ("hi", HINDI, "वह आया", 200, 0),
    ("fr", FRENCH, "une femme est venue", 100, 0),
    ("zh", CHINESE, "佛教徒", 50, 0),
    ("zh", CHINESE, "人", 50, 0),
    ("tlh", ENGLISH, "ghaH", 20, 0),
]
"""Religion and sexual orientation are axes of English and Chinese alone; what goes
is half of some and two fifths of other English documents, of no other ones."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("denominators")
    chance, rows = random.Random(5), []  # noqa: S311 - test data
    for language, words, tail, count, bad in KINDS:
        between = "" if language == "zh" else " "
        for number in range(count):
            text = between.join(chance.choice(words) for _ in range(20 + number % 7))
            ends = "unliked" if number < bad else "liked"
            rows.append({"text": f"{text} {tail} {ends}", "language": language})
    chance.shuffle(rows)
    (folder / "corpus").mkdir()
    for part in range(2):
        write_jsonl(folder / f"corpus/{part}.jsonl", rows[part::2])
    (folder / "marking.py").write_text(STAGE)
    off: dict[str, Any] = dict.fromkeys(("dedup", "pii", "balance", "encode"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        start(folder, "clean", **off, stages=[{"use": "marking:Marked"}])
    return folder / "run"


def statistics(folder: Path) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = pq.read_table(folder / "audit/statistics.parquet").to_pylist()
    place = ("metric", "stage", "axis", "group", "language")
    whole = [row for row in rows if row["source"] is None]
    return {tuple(row[name] for name in place): row for row in whole}


@pytest.mark.parametrize(
    ("metric", "stage", "axis", "group", "language", "counts"),
    [
        ("lexicon.coverage", "input", None, None, None, (680, 700)),
        ("lexicon.coverage", "input", "religion", None, None, (380, 700)),
        ("lexicon.coverage", "output", "religion", None, None, (264, 584)),
        ("lexicon.coverage", "input", "religion", None, "hi", (0, 200)),
        ("lexicon.coverage", "input", "gender", None, "hi", (200, 200)),
        ("axis.coverage", "input", "religion", None, None, (170, 380)),
        ("axis.coverage", "input", "religion", None, "fr", None),
        ("axis.coverage", "output", "religion", None, None, (122, 264)),
        ("axis.coverage", "input", "gender", None, "fr", (100, 100)),
        ("group.document_share", "input", "religion", "christian", None, (120, 380)),
        ("group.document_share", "input", "religion", "buddhist", "zh", (50, 100)),
        ("group.document_share", "input", "religion", "christian", "hi", None),
        ("group.retention", "output", None, None, None, (564, 680)),
        ("group.retention", "output", "religion", None, None, (264, 380)),
        ("group.retention", "output", "gender", None, None, (564, 680)),
        ("group.retention", "output", "religion", "christian", None, (72, 120)),
        ("group.removed_share", "output", "religion", None, None, (116, 380)),
        ("group.removed_share", "output", "religion", "christian", None, (48, 120)),
    ],
)
def test_what_a_share_is_of(
    run: Path,
    metric: str,
    stage: str,
    axis: str | None,
    group: str | None,
    language: str | None,
    counts: tuple[int, int] | None,
) -> None:
    row = statistics(run).get((metric, stage, axis, group, language))
    assert (row and (row["numerator"], row["denominator"])) == counts


def test_a_mix_of_languages_flags_nobody(run: Path) -> None:
    told = statistics(run)
    crude, adjusted = (
        told[f"group.{name}", "output", "religion", "christian", None]
        for name in ("removal_ratio", "adjusted_removal_ratio")
    )
    # 48 of 120 against 68 of 260, where 100 are Chinese; in English 68 of 160.
    assert crude["value"] == pytest.approx((48 / 120) / (68 / 260))
    assert adjusted["value"] == pytest.approx((48 / 120) / (68 / 160), rel=0.1)
    assert adjusted["low"] < 1 < adjusted["high"]
    page = (run / "report.html").read_text()
    assert "No group is flagged" in page
    assert "all in languages with the axis religion" in page
    assert "no lexicon of their language has it: " in page
    assert "religion: 320" in page


def test_parity_is_told_of_what_can_be_compared(run: Path) -> None:
    rows = {key[2:4]: row for key, row in statistics(run).items() if "parity" in key[0]}
    assert {*rows} == {("religion", "christian"), ("religion", "buddhist")}
    gates = json.loads((run / "manifest.json").read_text())["gates"]
    (gate,) = [one for one in gates if one["metric"] == "group.retention_parity"]
    assert gate["where"] == {"axis": "religion", "group": "christian"}
    assert gate["passed"] == (gate["actual"] >= 0.8)


def in_statistics(metric: str, column: str, **at: str) -> Forge:
    """One more in a column of the first row of a metric."""

    def forge(folder: Path) -> None:
        path = folder / "audit/statistics.parquet"
        table = pq.read_table(path)
        chosen = pc.equal(table["metric"], metric)
        for name, value in at.items():
            same = pc.fill_null(pc.equal(table[name], value), fill_value=False)
            chosen = pc.and_(chosen, same)
        place = pc.index(chosen, value=True).as_py()
        assert place >= 0
        column_of = table[column].to_pylist()
        column_of[place] = (column_of[place] or 0) + 1
        made = pa.array(column_of, table.schema.field(column).type)
        index = table.schema.get_field_index(column)
        pq.write_table(table.set_column(index, table.schema.field(column), made), path)

    return forge


def without(metric: str) -> Forge:
    def forge(folder: Path) -> None:
        path = folder / "audit/statistics.parquet"
        table = pq.read_table(path)
        pq.write_table(table.filter(pc.not_equal(table["metric"], metric)), path)

    return forge


def in_manifest(part: str, **changes: Any) -> Forge:
    """Keys of the first entry of a list of the manifest's part on mentions."""

    def forge(folder: Path) -> None:
        path = folder / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest["demographics"][part][0] |= changes
        path.write_text(json.dumps(manifest))

    return forge


FORGERIES: dict[str, tuple[Forge, str]] = {
    "coverage": (
        in_statistics("axis.coverage", "numerator", axis="religion"),
        "axis.coverage (input, axis religion) is told as",
    ),
    "a denominator": (
        in_statistics("group.document_share", "denominator", group="christian"),
        "group.document_share (input, axis religion, group christian) is told as",
    ),
    "an interval": (
        in_statistics("group.mention_share", "high", language="fr"),
        "group.mention_share (input, language fr, axis gender, group female) is",
    ),
    "a ratio": (
        in_statistics("group.adjusted_removal_ratio", "low", group="christian"),
        "group.adjusted_removal_ratio (output, axis religion, group christian, reason",
    ),
    "a missing row": (without("group.concentration"), "group.concentration (input, "),
    "a missing gate": (without("group.retention_parity"), "is not told"),
    "matches": (in_manifest("terms", matches=7), "demographics.terms: matches of en/"),
    "marks": (in_manifest("terms", right=50), "demographics.terms: right of en/"),
    "another term": (in_manifest("terms", term="x"), "/x is told"),
    "a share": (in_manifest("shares", documents=1), "demographics.shares does not fol"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_an_edited_number_is_found_and_named(
    run: Path, tmp_path: Path, name: str
) -> None:
    forge, said = FORGERIES[name]
    folder = tmp_path / "forged"
    shutil.copytree(run, folder)
    forge(folder)
    again = open_run(folder)
    checks = [*Demographics.prove(again), *Retention.prove(again)]
    assert any(said in fault for one in checks for fault in one.faults)


def test_verify_says_what_it_could_not_count(run: Path, tmp_path: Path) -> None:
    names = ("demographics", "retention")

    def status(folder: Path) -> list[tuple[str, str]]:
        told = {one.name: one for one in prove(folder)}
        return [(told[name].status, told[name].detail) for name in names]

    assert {one for one, _ in status(run)} == {"passed"}
    folder = tmp_path / "bare"
    shutil.copytree(run, folder)
    in_manifest("terms", accepted=3)(folder)
    reseal(folder)
    (failed, detail), (passed, _) = status(folder)
    assert (failed, passed) == ("failed", "passed")
    assert "accepted of en/religion/christian/christian is 72, not 3" in detail
    # The work tables may be removed; what they prove is gone with them.
    shutil.rmtree(folder / "work")
    assert {one for one, _ in status(folder)} == {"skipped"}
    assert all("was removed" in why for _, why in status(folder))

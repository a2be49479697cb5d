"""What marks say of ambiguous terms, and what the report says of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.report.blocks import Fold, Table
from isinglass.pipelines.report.model import ReportData, Slices
from isinglass.pipelines.report.text import MISSING
from isinglass.pipelines.stages.demographics.report_terms import term_blocks
from isinglass.pipelines.stages.demographics.stage import Demographics
from isinglass.pipelines.stages.demographics.terms import TermMarks
from isinglass.schemas.config import RunConfig
from isinglass.schemas.config.demographics import DemographicsConfig
from isinglass.schemas.demographics import DemographicsSummary, TermSummary
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.marks import Mark
from isinglass.transforms.demographics.lexicon import load_lexicons
from isinglass.transforms.statistics.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from isinglass.schemas.manifest import Manifest

GAY = "en/sexual_orientation/gay/gay"
LEXICONS = load_lexicons()


def lines(said: Sequence[str], **values: Any) -> str:
    """Marks on places of one term, in other documents each; the first of a sample."""
    told = {
        "kind": "mention",
        "label": GAY,
        "source": "web",
        "path": "a.jsonl",
        "file_sha256": "ab" * 32,
        "start": 3,
        "end": 6,
        "drawn": [0],
        **values,
    }
    seed = max(told["drawn"], default=9)
    # `ranks` are of the seed; none is known if it is empty.
    ranks = values.get("ranks", range(1, len(said) + 1) if told["drawn"] else ())
    made = []
    for row, one in enumerate(said):
        own = {"doc_id": f"{seed:016x}{row:016x}", "row": row, "mark": one}
        place = {seed: ranks[row]} if ranks else {}
        mark = Mark.model_validate({**told, **own, "ranks": place})
        made.append(mark.model_dump_json() + "\n")
    return "".join(made)


def read(folder: Path, content: str) -> TermMarks:
    path = folder / "m.jsonl"
    path.write_text(content)
    return TermMarks.read(path)


RIGHT = ["right"]


@pytest.mark.parametrize(
    ("content", "said", "sure"),
    [
        ("", None, False),
        (lines(RIGHT * 19), (19, 0), False),
        (lines(RIGHT * 20), (20, 0), True),
        (lines(RIGHT * 19 + ["unsure"]), (19, 0), False),
        # The lower end is .764, .833, .797 and .801.
        (lines(RIGHT * 19 + ["wrong"]), (19, 1), False),
        (lines(RIGHT * 29 + ["wrong"]), (29, 1), True),
        (lines(RIGHT * 48 + ["wrong"] * 5), (48, 5), False),
        (lines(RIGHT * 49 + ["wrong"] * 5), (49, 5), True),
        # Not drawn at random, of rejected ones, or of a draw before the latest.
        (lines(RIGHT * 30, drawn=[]), None, False),
        (lines(RIGHT * 30, kind="rejected"), None, False),
        (lines(RIGHT * 30) + lines(RIGHT * 3, drawn=[1]), (3, 0), False),
        # Of another term, or one that is not ambiguous.
        (lines(RIGHT * 30, label=GAY.replace("en/", "fr/")), None, False),
    ],
)
def test_a_term_is_sure_by_enough_marks(
    tmp_path: Path, content: str, said: tuple[int, int] | None, *, sure: bool
) -> None:
    marks = read(tmp_path, content)
    assert marks.said.get(GAY) == said
    assert marks.sure(LEXICONS) == (frozenset({GAY}) if sure else frozenset())


@pytest.mark.parametrize(
    ("content", "said", "left"),
    [
        ("", None, None),
        (lines(RIGHT * 3), (3, 0), {}),
        # Places that were passed over, wherever they stand.
        (lines(RIGHT * 30, ranks=range(2, 32)), None, {"behind": 30}),
        (lines(RIGHT * 3, ranks=(1, 2, 4)), (2, 0), {"behind": 1}),
        (lines(["right", "wrong", "right"], ranks=(5, 2, 1)), (1, 1), {"behind": 1}),
        (lines(["unsure", "wrong"], ranks=(1, 2)), (0, 1), {}),
        # Of an earlier version of the file, of another draw, and picked by hand.
        (lines(RIGHT * 30, ranks=()), None, {"unknown": 30}),
        (lines(RIGHT * 30, drawn=[]), None, {"earlier": 30}),
        (lines(RIGHT * 30) + lines(RIGHT * 3, drawn=[1]), (3, 0), {"earlier": 30}),
        (
            lines(RIGHT * 2, drawn=[1], ranks=(1, 3)) + lines(RIGHT * 4, drawn=[0]),
            (1, 0),
            {"behind": 1, "earlier": 4},
        ),
        # The places of two corpora.
        (lines(RIGHT * 2) + lines(RIGHT * 2, start=4), (4, 0), {}),
        # Of what does not count as a mention nothing is asked.
        (lines(RIGHT * 3, kind="rejected"), None, None),
    ],
)
def test_marks_count_up_to_the_first_place_without_one(
    tmp_path: Path,
    content: str,
    said: tuple[int, int] | None,
    left: dict[str, int] | None,
) -> None:
    marks = read(tmp_path, content)
    assert (marks.said.get(GAY), marks.not_counted.get(GAY)) == (said, left)


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ({}, []),
        ({"earlier": 30}, []),
        ({"behind": 2, "unknown": 3, "earlier": 1}, ["5 marks of demographics.marks"]),
    ],
)
def test_marks_that_do_not_count_are_told(
    manifest: Manifest, left: dict[str, int], said: list[str]
) -> None:
    one = term(3, 0, not_counted=left)
    told = DemographicsSummary(documents=0, words=[], terms=[one])
    config = RunConfig.model_validate({"inputs": [{"path": "-"}], "output": "-"})
    found = Demographics.warns(config, {"demographics": told}, [])
    assert [
        warning[: len(begin)] for warning, begin in zip(found, said, strict=True)
    ] == said
    ((*_, share, _, _),) = rows(manifest, one)
    number = sum(left.values())
    assert share.endswith(f"of 3; {number} marks not counted" if number else "of 3")


def test_a_term_that_is_not_ambiguous_is_none_that_marks_make_sure(
    tmp_path: Path,
) -> None:
    label = "en/gender/female/woman"
    assert label in LEXICONS.labels
    marks = read(tmp_path, lines(RIGHT * 30, label=label))
    assert marks.sure(LEXICONS) == frozenset()


def test_a_line_that_is_no_mark_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"demographics\.marks: .*, line 2 is not J"):
        read(tmp_path, lines(RIGHT) + "{\n")
    with pytest.raises(ConfigError, match=r"demographics\.marks: .* cannot be read"):
        TermMarks.read(tmp_path / "none.jsonl")


def test_the_survey_depends_on_lexicons_and_on_which_terms_are_sure(
    tmp_path: Path,
) -> None:
    config = DemographicsConfig(axes=("sexual_orientation",))
    some = [
        Demographics(config, read(tmp_path, content))
        for content in ("", lines(RIGHT * 5), lines(RIGHT * 30), lines(RIGHT * 40))
    ]
    none, few, enough, more = (one.identity("survey") for one in some)
    hashes = [entry.sha256 for entry in load_lexicons(config).entries]
    assert len(hashes) > 1
    without = [config.axes, hashes, []]
    assert none == few == Demographics(config).identity("survey") == without
    assert enough == more == [config.axes, hashes, [GAY]]
    # What the report tells of them is about the run as a whole.
    assert len({one.identity("run") for one in some}) == len(some)
    assert {one.identity("clean") for one in some} == {None}


def term(right: int, wrong: int, **values: Any) -> TermSummary:
    low, high = wilson(right, right + wrong)
    told = {
        "language": "en",
        "axis": "race_ethnicity",
        "group": "black",
        "term": "black",
        "status": "reviewed",
        "matches": 1_200,
        "accepted": 300,
        "sure": False,
    }
    given = {"right": right, "wrong": wrong, "low": low, "high": high}
    return TermSummary.model_validate({**told, **given, **values})


def rows(manifest: Manifest, *terms: TermSummary, **balance: bool) -> list[list[str]]:
    config = {**manifest.config, "balance": {**manifest.config["balance"], **balance}}
    told = DemographicsSummary(documents=0, words=[], terms=list(terms))
    changed = manifest.model_copy(update={"demographics": told, "config": config})
    blocks = term_blocks(ReportData(changed, Slices(())))
    found = [block.rows for block in blocks if isinstance(block, Table)]
    return [[cell.text for cell in row] for rows in found for row in rows]


def folds(manifest: Manifest, told: DemographicsSummary) -> list[list[list[str]]]:
    changed = manifest.model_copy(update={"demographics": told})
    blocks = term_blocks(ReportData(changed, Slices(())))
    tables = [block.table for block in blocks if isinstance(block, Fold)]
    return [
        [[cell.text for cell in row] for row in table.rows]
        for table in tables
        if isinstance(table, Table)
    ]


def test_the_report_says_how_often_a_rule_is_right(manifest: Manifest) -> None:
    rules = [
        {"rule": "qualifies", "accepted": 90, "right": 19, "wrong": 1},
        {"rule": "nation", "accepted": 40, "right": 19, "wrong": 0},
        {"rule": "place", "accepted": 1, "right": 0, "wrong": 0},
    ]
    told = DemographicsSummary.model_validate(
        {"documents": 0, "words": [], "rules": rules}
    )
    (shown,) = folds(manifest, told)
    assert shown == [
        ["qualifies", "90", "19 of 20", "95.0\u202f%", "76.4\u202f% to 99.1\u202f%"],
        ["nation", "40", "19 of 19", "too few to say", MISSING],
        ["place", "1", MISSING, MISSING, MISSING],
    ]


def test_the_report_says_by_term_what_a_veto_kept_back(manifest: Manifest) -> None:
    man, black = "gender/male/man", "race_ethnicity/black/black"
    vetoes = [
        {"language": "en", "phrase": phrase, "terms": terms, "places": places}
        for phrase, terms, places in (
            ("man page", [man], 1),
            ("black market", [black], 7),
            ("black man page", [black, man], 2),
            ("black hole", [black], 5),
            ("black box", [black], 1),
            ("nobody", [], 9),
        )
    ]
    told = DemographicsSummary.model_validate(
        {"documents": 0, "words": [], "vetoes": vetoes}
    )
    (shown,) = folds(manifest, told)
    most = "black market (7), black hole (5), black man page (2) and 1 more"
    assert shown == [
        ["en", "race ethnicity: black", "black", "15", most],
        ["en", "gender: male", "man", "3", "black man page (2), man page (1)"],
    ]


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (term(0, 0), [MISSING, MISSING, "not used for balancing: not measured"]),
        (
            term(5, 0),
            ["100.0\u202f% of 5", "56.6", "not used for balancing: 5 of 20 marks"],
        ),
        (
            term(15, 9),
            ["62.5\u202f% of 24", "42.7", "not used for balancing: below 0.8"],
        ),
        (term(30, 0, sure=True), ["100.0\u202f% of 30", "88.6", "yes"]),
        (
            term(30, 0, status="polarizing"),
            ["100.0\u202f% of 30", "88.6", "not used for balancing: polarizing"],
        ),
    ],
)
def test_the_report_says_what_a_term_is_used_for(
    manifest: Manifest, told: TermSummary, shown: list[str]
) -> None:
    ((*who, matches, accepted, share, between, used),) = rows(manifest, told)
    assert who == ["en", "race ethnicity: black", "black"]
    assert [matches, accepted] == ["1\u202f200", "300"]
    assert [share, used] == [shown[0], shown[2]]
    assert between.startswith(shown[1])


def test_the_report_says_what_the_configuration_insists_on(manifest: Manifest) -> None:
    given = rows(manifest, term(0, 0), term(30, 0, sure=True), ambiguous=True)
    used = [row[-1] for row in given]
    assert used == ["yes, by balance.ambiguous: not measured", "yes"]
    assert rows(manifest) == []
    none = manifest.model_copy(update={"demographics": None})
    assert term_blocks(ReportData(none, Slices(()))) == []

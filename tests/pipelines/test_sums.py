"""Every sum holds for balanced counts, and for no count that is off by one."""

from __future__ import annotations

import pytest

from isinglass.pipelines.seam import After, Sum
from isinglass.pipelines.stages.encode.stage import Encode
from isinglass.pipelines.sums import (
    clean_rows,
    clean_sums,
    conserved,
    parts,
    survey_sums,
    unequal,
)
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import EncodeConfig
from tests.books import CLEAN as BALANCED
from tests.books import SURVEY, found_of

CLEAN = {**BALANCED, **found_of("mine.NAME")}
RECORDS = "records in = kept + dropped + quarantined"
CHARACTERS = "characters in = kept + dropped + quarantined"
OUT = "characters out = kept - cut - redacted + inserted"
FOUND = "mine.NAME found = changed + kept"


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        (
            "records_in",
            [
                "records in = records surveyed: 11 is not 10",
                f"{RECORDS}: 11 is not 10",
            ],
        ),
        ("kept", [f"{RECORDS}: 10 is not 11"]),
        ("dropped.near_duplicate", [f"{RECORDS}: 10 is not 11"]),
        ("quarantined.nul_character", [f"{RECORDS}: 10 is not 11"]),
        (
            "characters_in",
            [
                "characters in = characters surveyed: 101 is not 100",
                f"{CHARACTERS}: 101 is not 100",
            ],
        ),
        (
            "characters_kept",
            [f"{CHARACTERS}: 100 is not 101", f"{OUT}: 48 is not 49"],
        ),
        ("characters_dropped", [f"{CHARACTERS}: 100 is not 101"]),
        ("characters_quarantined", [f"{CHARACTERS}: 100 is not 101"]),
        ("characters_cut", [f"{OUT}: 48 is not 47"]),
        ("characters_redacted", [f"{OUT}: 48 is not 47"]),
        ("characters_inserted", [f"{OUT}: 48 is not 49"]),
        ("characters_out", [f"{OUT}: 49 is not 48"]),
        ("finding.mine.NAME.found", [f"{FOUND}: 4 is not 3"]),
        ("finding.mine.NAME.changed", [f"{FOUND}: 3 is not 4"]),
        ("finding.mine.NAME.kept", [f"{FOUND}: 3 is not 4"]),
    ],
)
def test_one_more_breaks_its_sums_and_no_others(name: str, broken: list[str]) -> None:
    assert unequal(clean_sums(CLEAN, SURVEY)) == []
    assert unequal(clean_sums(CLEAN | {name: CLEAN[name] + 1}, SURVEY)) == broken


def test_sums_of_a_run_are_those_of_its_shards_added_up() -> None:
    both = {name: 2 * count for name, count in CLEAN.items()}
    assert [s.what for s in conserved(both)] == [RECORDS, CHARACTERS, OUT]
    assert unequal(conserved(both)) == []


@pytest.mark.parametrize(
    ("planned", "documents", "broken"),
    [
        (None, 9, []),
        (10, 9, []),
        (11, 9, ["records planned = read: 11 is not 10"]),
        (None, 8, ["records in = documents + rejected: 10 is not 9"]),
    ],
)
def test_survey(planned: int | None, documents: int, broken: list[str]) -> None:
    assert unequal(survey_sums(SURVEY | {"documents": documents}, planned)) == broken


def test_rows_of_tables() -> None:
    expected = {"ledger": 10, "quarantine": 1, "data": 6, "findings": 3}
    assert clean_rows(CLEAN) == expected
    assert clean_rows({}) == dict.fromkeys(expected, 0)


def test_every_kept_document_is_encoded() -> None:
    stage, counts = Encode(EncodeConfig()), {"records_in": 6, "rows": 8}

    def sums(records: int) -> list[Sum]:
        made = {"records_in": records, "rows": 8}
        commit = Commit(pass_name="encode", unit="a", fingerprint="", counts=made)
        return stage.sums("a", CLEAN, After({"a": commit}))

    assert sums(6) == [Sum("records in = records kept", 6, 6)]
    assert unequal(sums(5)) == ["records in = records kept: 5 is not 6"]
    assert stage.sums("b", CLEAN, After()) == []
    of_documents = {"tokens": 8, "embeddings": 8, "hidden_states": 8}
    assert stage.rows(counts | {"packed_rows": 2}) == {**of_documents, "packed": 2}
    assert stage.rows(counts) == {**of_documents, "packed": 0}
    assert stage.rows(CLEAN) == {}


def test_parts_are_those_after_the_dot() -> None:
    counts = {"dropped": 1, "dropped.a": 2, "dropped.a.b": 3, "droppeda.c": 4}
    assert parts(counts, "dropped") == {"a": 2, "a.b": 3}

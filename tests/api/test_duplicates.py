"""Duplicates in memory: as a run finds them, on plain texts."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import isinglass
from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.run import Request, execute
from isinglass.schemas.answers import DEDUPLICATED
from isinglass.schemas.config import NormaliseConfig, RunConfig
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.dedup.shared import compare
from tests.corpora import make_rows, write_jsonl
from tests.properties import examples

if TYPE_CHECKING:
    from pathlib import Path

LINE = "seven quiet rivers ran past the old stone mill to the harbor"


@pytest.mark.parametrize(
    ("texts", "options", "expected"),
    [
        ([LINE, "other"], {}, [None, None]),
        ([LINE, LINE.upper()], {}, [None, (0, "exact_duplicate")]),
        ([LINE, LINE + " town"], {}, [(1, "near_duplicate"), None]),
        ([LINE, LINE + " town"], {"keep": "first"}, [None, (0, "near_duplicate")]),
        ([LINE, LINE + " town"], {"threshold": 0.9}, [None, None]),
        ([LINE, LINE + " of a far town"], {"threshold": 0.7}, [None, None]),
        (
            [LINE, LINE + " of a far town"],
            {"threshold": 2 / 3},
            [(1, "near_duplicate"), None],
        ),
        ([LINE, None, LINE + " town"], {"ngram": 13}, [None, None, None]),
        ([LINE, (LINE + " town ") * 9], {"containment": 0.9}, [(1, "contained"), None]),
        (["No 1", "no 22"], {}, [None, None]),
        (
            ["No 1", "no 22"],
            {"normalise": NormaliseConfig(numbers=True)},
            [(1, "exact_duplicate"), None],
        ),
    ],
)
def test_decisions(
    texts: list[Any], options: dict[str, Any], expected: list[Any]
) -> None:
    decided = isinglass.deduplicate(texts, **options)
    assert decided.schema == DEDUPLICATED
    told = [
        (row["kept_row"], row["reason"]) if row["reason"] else None
        for row in decided.to_pylist()
    ]
    assert told == expected
    kept = [
        None if text is None else not one for text, one in zip(texts, told, strict=True)
    ]
    assert decided["kept"].to_pylist() == kept


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"threshold": 0}, "threshold: 0 is refused; it must be greater than 0"),
        ({"threshold": 1.5}, "threshold"),
        ({"ngram": 0}, "ngram"),
        ({"keep": "newest"}, "keep: texts have no dates"),
        ({"keep": "shortest"}, "keep: shortest is none of"),
        ({"containment": 2}, "containment"),
    ],
)
def test_what_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        isinglass.deduplicate(["a"], **options)


def test_a_run_decides_the_same(tmp_path: Path) -> None:
    texts = [row["text"] for row in make_rows(150)]
    texts += [
        texts[0][: len(texts[0]) // 3],
        "short",
        "Short ",
        texts[3] + " " + texts[4],
    ]
    write_jsonl(tmp_path / "a.jsonl", [{"text": text} for text in texts])
    settings = {"keep": "first", "containment": 0.9}
    config = RunConfig.model_validate(
        {
            "inputs": [{"path": str(tmp_path / "a.jsonl")}],
            "output": str(tmp_path / "run"),
            "dedup": settings,
            "pii": None,
        }
    )
    request = Request(config, "clean", tmp_path, Execution(config.beam, ()))
    execute(request, Console(stderr=True, quiet=True))
    files = sorted((tmp_path / "run" / "ledger").glob("*.parquet"))
    ledger = pa.concat_tables([pq.read_table(file) for file in files]).sort_by("row")
    rows = {name: row for row, name in enumerate(ledger["doc_id"].to_pylist())}
    kept_rows = [rows.get(name) for name in ledger["kept_doc_id"].to_pylist()]
    decided = isinglass.deduplicate(texts, keep="first", containment=0.9)
    assert decided["kept_row"].to_pylist() == kept_rows
    for name in ("reason", "similarity"):
        assert decided[name].to_pylist() == ledger[name].to_pylist()
    assert len(set(decided["reason"].to_pylist())) == 4


WORDS = st.lists(st.sampled_from("abc"), min_size=4, max_size=14).map(" ".join)


@given(st.lists(st.none() | WORDS, max_size=14), st.sampled_from([0.5, 0.75]))
@examples(100)
def test_what_goes_is_verified_and_what_stays_is_unlike(
    texts: list[str | None], threshold: float
) -> None:
    rows = isinglass.deduplicate(texts, threshold, ngram=2).to_pylist()

    def similarity(one: int, other: int) -> float:
        left, right = texts[one], texts[other]
        assert left is not None
        assert right is not None
        return compare(left, right, 2, NormaliseConfig()).jaccard

    for row, decided in enumerate(rows):
        if decided["kept"] is False:
            assert rows[decided["kept_row"]]["kept"] is True
            found = similarity(row, decided["kept_row"])
            assert found == pytest.approx(decided["similarity"])
            assert found >= threshold
    stays = [row for row, decided in enumerate(rows) if decided["kept"]]
    # From 0.98 on, hardly a pair in 10**22 is no candidate.
    for one, other in combinations(stays, 2):
        assert similarity(one, other) < 0.98

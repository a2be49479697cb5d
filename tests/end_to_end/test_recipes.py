"""Every recipe of `docs/recipes.md` answers its question, in both ways alike."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.run import Request, execute
from isinglass.schemas.config import RunConfig
from tests.corpora import make_rows, write_jsonl

if TYPE_CHECKING:
    from collections.abc import Callable

    Row = dict[str, Any]
    Told = list[tuple[Any, ...]]

PAGE = (Path(__file__).parents[2] / "docs/recipes.md").read_text()
HEAD, *RECIPES = re.split(r"^## \d+\. ", PAGE, flags=re.MULTILINE)
GERMAN = "Der Hund läuft durch den Wald und sieht {} Bäume am Fluss, die im Winter kahl"
BIDI = "\x1b[31m=cmd \u202edesrever\u202c and <script>x</script> stand in this text"


def code(text: str, language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return str(found)


def finish(folder: Path, name: str, **sections: Any) -> Path:
    inputs = [{"path": str(folder / s), "source": s} for s in ("web", "books")]
    values = {"inputs": inputs, "output": str(folder / name), "dedup": {}, **sections}
    config = RunConfig.model_validate(values)
    request = Request(config, "run", folder, Execution(config.beam))
    execute(request, Console(stderr=True, quiet=True))
    return folder / name


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run with all that is asked about, and one of the same inputs before."""
    folder = tmp_path_factory.mktemp("recipes")
    for source, seed, name in (("web", 1, "a.jsonl"), ("books", 2, "b.jsonl")):
        rows = make_rows(50, seed)
        for row in rows[1::4]:
            row["text"] += " He knew. His own."
        rows[9]["text"] = f"{BIDI} {rows[4]['text']}"
        rows[4]["text"] = f"{BIDI} {rows[4]['text']} And so on."
        rows += [{"text": f"{GERMAN.format(number)} sind."} for number in range(9)]
        (folder / source).mkdir()
        write_jsonl(folder / source / name, rows)
    write_jsonl(folder / "web" / "bad.jsonl", [{"text": None}])
    limits = {"max_quarantine_rate": 1.0, "shard_bytes": 6_000}
    before = finish(folder, "before", limits=limits)
    run = finish(
        folder,
        "run",
        limits=limits,
        pii={"mode": "identifiers"},
        balance={"within": "source"},
        encode={"embeddings": "none"},
    )
    return run, before


def rows_of(run: Path, table: str) -> list[Row]:
    paths = sorted((run / table).iterdir())
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def statistics(run: Path) -> dict[tuple[Any, ...], float]:
    names = ("source", "language", "axis", "group", "entity", "reason", "position")
    told = pq.read_table(run / "audit/statistics.parquet").to_pylist()
    found = {
        (r["metric"], r["unit"], r["stage"], *(r[n] for n in names)): r["value"]
        for r in told
    }
    assert len(found) == len(told)
    return found


def removed(run: Path, _: Path) -> Told:
    """A file belongs to one source here."""
    sources = {"a.jsonl": "web", "bad.jsonl": "web", "b.jsonl": "books"}
    count: Counter[Any] = Counter()
    characters: Counter[Any] = Counter()
    for row in rows_of(run, "ledger"):
        if row["outcome"] != "kept":
            key = (sources[row["path"]], row["outcome"], row["reason"])
            count[key] += 1
            characters[key] += row["chars_in"] or 0
    assert {key[2] for key in count} >= {"near_duplicate", "exact_duplicate"}
    found = [(*key, number, characters[key]) for key, number in count.items()]
    return sorted(found, key=lambda r: (-r[3], r[0], r[2]))


def near_duplicates(run: Path, _: Path) -> Told:
    texts = {row["doc_id"]: row["text"] for row in rows_of(run, "data")}
    found = [
        (
            row["doc_id"],
            row["path"],
            row["row"],
            row["similarity"],
            row["kept_doc_id"],
            texts[row["kept_doc_id"]][:60],
        )
        for row in rows_of(run, "ledger")
        if row["reason"] == "near_duplicate"
    ]
    assert len(found) >= 5
    assert any("\x1b" in row[5] for row in found)
    seen = str.maketrans(dict.fromkeys("\x1b\u202e\u202c\n", "�"))
    told = [(*row[:5], row[5].translate(seen)) for row in found]
    return sorted(told, key=lambda row: (row[3], row[0]))[:20]


def most_findings(run: Path, _: Path) -> Told:
    values = defaultdict(list)
    for row in rows_of(run, "findings"):
        values[row["doc_id"], row["entity"]].append(row["value_key"])
    assert values
    told = [(*key, len(found), len({*found})) for key, found in values.items()]
    return sorted(told, key=lambda row: (-row[2], row[0], row[1]))[:20]


def one_record(run: Path, _: Path) -> Told:
    (row,) = [
        row
        for row in rows_of(run, "ledger")
        if (row["path"], row["row"]) == ("a.jsonl", 4)
    ]
    names = "doc_id outcome reason rule kept_doc_id similarity chars_in chars_out"
    found = [f for f in rows_of(run, "findings") if f["doc_id"] == row["doc_id"]]
    return [(*(row[name] for name in names.split()), len(found))]


def lengths(run: Path, _: Path) -> Told:
    by = defaultdict(list)
    for row in rows_of(run, "ledger"):
        if row["chars_in"] is not None:
            by[row["outcome"]].append((row["chars_in"], row["chars_out"]))
    assert {"kept", "dropped"} <= by.keys()
    told = []
    for outcome, pairs in sorted(by.items()):
        before, after = (sorted(side) for side in zip(*pairs, strict=True))
        place = 0.95 * (len(before) - 1)
        low, high = before[math.floor(place)], before[math.ceil(place)]
        long = low + (high - low) * (place % 1)
        less = sum(before) - sum(after)
        told.append((outcome, len(pairs), median(before), long, median(after), less))
    return told


def differences(run: Path, before: Path) -> Told:
    now, then = statistics(run), statistics(before)
    keys = [k for k in now.keys() | then.keys() if now.get(k) != then.get(k)]
    assert any(key in now and key in then for key in keys)
    assert len(keys) < len(now)
    return [(*key, then.get(key), now.get(key)) for key in keys]


def samples(run: Path, _: Path) -> Told:
    told = [(r["language"], r["doc_id"], r["text"]) for r in rows_of(run, "data")]
    assert {row[0] for row in told} >= {"en", "de"}
    return sorted(told)


def tokens(run: Path, _: Path) -> Told:
    sources = {row["doc_id"]: row["source"] for row in rows_of(run, "data")}
    by = defaultdict(list)
    for row in rows_of(run, "tokens"):
        by[sources[row["doc_id"]]].append(len(row["input_ids"]))
    told = [(source, len(n), sum(n), max(n)) for source, n in by.items()]
    assert len(told) == 2
    return sorted(told, key=lambda row: -row[2])


def weights(run: Path, _: Path) -> Told:
    by = defaultdict(list)
    for row in rows_of(run, "data"):
        by[row["source"]].append(row["balance_weight"])
    assert max(map(len, by.values())) < len(rows_of(run, "data"))
    assert all(len({*some}) > 1 for some in by.values())
    return [
        (s, len(w), sum(w), sum(w) ** 2 / sum(x * x for x in w), max(w))
        for s, w in sorted(by.items())
    ]


def most_lost(run: Path, _: Path) -> Told:
    data = rows_of(run, "data")
    told = []
    for (metric, _unit, stage, source, *rest), value in statistics(run).items():
        if (metric, stage) == ("characters", "input") and source and not any(rest):
            left = sum(len(row["text"]) for row in data if row["source"] == source)
            told.append((source, value, left, 1 - left / value))
    assert len(told) == 2
    return sorted(told, key=lambda row: (-row[3], row[0]))


ANSWERS: list[Callable[[Path, Path], Told]] = [
    removed,
    near_duplicates,
    most_findings,
    one_record,
    lengths,
    differences,
    samples,
    tokens,
    weights,
    most_lost,
]


def compared(rows: Told, *, ordered: bool) -> Told:
    """Rows as they are compared: none for NaN and NA, numbers to some digits."""

    def plain(value: Any) -> Any:
        if value is None or value != value:  # noqa: PLR0124 - NaN
            return None
        return value if isinstance(value, str) else round(float(value), 6)

    told = [tuple(map(plain, row)) for row in rows]
    return told if ordered else sorted(told, key=repr)


def test_there_are_ten() -> None:
    assert len(RECIPES) == len(ANSWERS) == 10


@pytest.mark.parametrize("number", range(10))
def test_both_ways_tell_what_is_so(runs: tuple[Path, Path], number: int) -> None:
    run, before = runs
    expected = ANSWERS[number](run, before)
    assert expected
    recipe = RECIPES[number]
    sql, python = code(recipe, "sql"), code(HEAD, "python") + code(recipe, "python")
    for name, path in (("BEFORE", before), ("RUN", run)):
        sql, python = sql.replace(name, str(path)), python.replace(name, str(path))
    # Nulls of a key come first in one way and last in the other.
    ordered = ANSWERS[number] is not differences
    wanted = compared(expected, ordered=ordered)
    with duckdb.connect(config={"threads": 1}) as database:
        found = database.execute(sql).fetchall()
    assert compared(found, ordered=ordered) == wanted
    names: dict[str, Any] = {}
    exec(python, names)  # noqa: S102 - it is ours
    frame = names["answer"].astype(object)
    found = list(frame.itertuples(index=False, name=None))
    assert compared(found, ordered=ordered) == wanted

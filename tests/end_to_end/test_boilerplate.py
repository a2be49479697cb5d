"""Boilerplate from the input to the proof: what is cut, listed, dropped and refused."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.proof.prove import prove
from isinglass.pipelines.run import Request, execute
from isinglass.schemas.config import RunConfig
from tests.corpora import document, sentence, write_jsonl
from tests.forgeries import both, in_cell, in_manifest, in_table, reseal

if TYPE_CHECKING:
    from tests.forgeries import Change

Row = dict[str, Any]

MOST = 4
NOTICE = "Seldom copied, this notice ends with desk@mailbox.io for complaints."
HEADER = "  Welcome to the page of all pages"
CHANCE = random.Random(7)  # noqa: S311 - test data
BODIES = [document(CHANCE) for _ in range(24)]
ONLY_WEB, RARE = sentence(CHANCE, 9), sentence(CHANCE, 9)


def body(number: int) -> str:
    return BODIES[number] + f"\n\nWrite to reader{number}@mailbox.io or not."


def web(number: int) -> str:
    """A document with header and notice; some have a sentence that few have."""
    extra = [ONLY_WEB] if number <= MOST else []
    extra += [RARE] if number < MOST else []
    notice = NOTICE.upper() if number % 2 else NOTICE
    return "\n\n".join([HEADER, body(number), *extra, notice]) + "\n"


WEB = [
    *(web(number) for number in range(10)),
    # Copies of one text, which make nothing boilerplate.
    *([body(20)] * 9),
    # Nothing else than boilerplate; and something short besides.
    f"{HEADER}\r\n\r\n{NOTICE}",
    f"{NOTICE}\n\nHello.",
]
BOOKS = [
    *(body(number) + "\n\n" + NOTICE for number in range(10, 10 + MOST)),
    body(19) + "\n\n" + HEADER,
]


def write(folder: Path) -> None:
    for name, texts in (("web", WEB), ("books", BOOKS)):
        (folder / name).mkdir(parents=True)
        write_jsonl(folder / name / "a.jsonl", [{"text": text} for text in texts])


def finish(folder: Path, name: str, verb: Any = "clean", **paragraphs: Any) -> Path:
    section = {"max_documents": MOST, **paragraphs}
    config = RunConfig.model_validate(
        {
            "inputs": [
                {"path": str(folder / source), "source": source}
                for source in ("web", "books")
            ],
            "output": str(folder / name),
            "dedup": {"paragraphs": section},
            "pii": {"mode": "identifiers"},
            "limits": {"shard_bytes": 3_000},
        }
    )
    request = Request(config, verb, folder, Execution(config.beam))
    execute(request, Console(stderr=True, quiet=True))
    return folder / name


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("boilerplate")
    write(folder)
    return folder


@pytest.fixture(scope="module")
def removed(corpus: Path) -> Path:
    return finish(corpus, "removed", remove=True)


@pytest.fixture(scope="module")
def listed(corpus: Path) -> Path:
    return finish(corpus, "listed")


def rows(run: Path, table: str) -> list[Row]:
    paths = sorted((run / table).glob("*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def sources(run: Path) -> dict[str, tuple[str, int]]:
    """Source and row of each doc_id."""
    return {
        row["doc_id"]: (row["shard"].split("-")[0], row["row"])
        for row in rows(run, "ledger")
    }


def source_text(place: tuple[str, int]) -> str:
    return (WEB if place[0] == "web" else BOOKS)[place[1]]


def paragraph_list(run: Path) -> list[Row]:
    return pq.read_table(run / "audit" / "paragraphs.parquet").to_pylist()


@pytest.mark.parametrize("name", ["removed", "listed"])
def test_the_run_is_proved(name: str, request: pytest.FixtureRequest) -> None:
    checks = {check.name: check for check in prove(request.getfixturevalue(name))}
    assert {n: c.detail for n, c in checks.items() if c.status == "failed"} == {}
    assert checks["paragraphs"].status == checks["source texts"].status == "passed"


def test_more_than_so_many_documents_of_a_source(listed: Path) -> None:
    found = paragraph_list(listed)
    places = sources(listed)
    shown = [
        source_text(places[row["example_doc_id"]])[
            row["example_start"] : row["example_end"]
        ].lower()
        for row in found
    ]
    # The notice is in one document more than the header: the one with a short rest.
    # ONLY_WEB is in five documents, RARE in four; in books the notice is in four.
    counts = [(text, row["documents"]) for text, row in zip(shown, found, strict=True)]
    assert counts == [
        (NOTICE.lower(), 12),
        (HEADER.strip().lower(), 11),
        (ONLY_WEB.lower(), 5),
    ]
    assert [row["paragraph"] for row in found] == [0, 1, 2]
    assert {row["source"] for row in found} == {"web"}
    assert [row["characters"] for row in found] == [len(text) for text in shown]
    assert not any(row["removed"] for row in found)


def test_a_list_changes_no_text(listed: Path) -> None:
    manifest = json.loads((listed / "manifest.json").read_text())
    assert manifest["characters"]["cut"] == 0
    places = sources(listed)
    for row in rows(listed, "paragraphs"):
        text = source_text(places[row["doc_id"]])[row["start"] : row["end"]]
        assert text.lower() in {
            NOTICE.lower(),
            HEADER.strip().lower(),
            ONLY_WEB.lower(),
        }
    kept = {places[row["doc_id"]] for row in rows(listed, "data")}
    assert ("web", 19) in kept


def test_boilerplate_is_cut_before_the_scan(removed: Path) -> None:
    places = sources(removed)
    texts = {places[row["doc_id"]]: row["text"] for row in rows(removed, "data")}
    for number in range(10):
        rare = "\n\n" + RARE if number < MOST else ""
        clean = f"{BODIES[number]}\n\nWrite to <EMAIL_ADDRESS> or not.{rare}\n"
        assert texts["web", number] == clean
    assert texts["web", 20] == "Hello."
    for number in range(MOST):
        assert texts["books", number].endswith("with <EMAIL_ADDRESS> for complaints.")
    assert texts["books", MOST].endswith(HEADER)


def test_a_document_of_boilerplate_alone_is_dropped_for_it(removed: Path) -> None:
    reasons = Counter(row["reason"] for row in rows(removed, "ledger"))
    assert reasons == {None: 17, "exact_duplicate": 8, "only_boilerplate": 1}
    gone = next(r for r in rows(removed, "ledger") if r["reason"] == "only_boilerplate")
    assert sources(removed)[gone["doc_id"]] == ("web", 19)
    assert gone["kept_doc_id"] is None


def test_findings_keep_their_place_in_the_source(removed: Path) -> None:
    places = sources(removed)
    found = rows(removed, "findings")
    assert len(found) == 20
    for row in found:
        value = source_text(places[row["doc_id"]])[row["start"] : row["end"]]
        assert value.endswith("@mailbox.io")
        assert " " not in value


def test_characters_are_accounted_for(removed: Path) -> None:
    told = json.loads((removed / "manifest.json").read_text())["characters"]
    spans = rows(removed, "paragraphs")
    assert all(row["removed"] for row in spans)
    assert told["cut"] == sum(row["end"] - row["start"] for row in spans) > 0
    whole = told["in"] - told["dropped"] - told["quarantined"]
    assert told["kept"] == whole - told["cut"] - told["redacted"] + told["inserted"]
    assert told["kept"] == sum(len(row["text"]) for row in rows(removed, "data"))


def test_an_audit_tells_the_same_without_texts(corpus: Path, removed: Path) -> None:
    audit = finish(corpus, "audit", "audit", remove=True)
    assert all(check.status != "failed" for check in prove(audit))
    assert not (audit / "data").exists()
    assert rows(audit, "paragraphs") == rows(removed, "paragraphs")
    # Each run has a key of its own for the values that it found.
    both_found = [rows(run, "findings") for run in (audit, removed)]
    for own in both_found:
        for row in own:
            del row["value_key"]
    assert both_found[0] == both_found[1]
    assert paragraph_list(audit) == paragraph_list(removed)


def test_no_table_holds_a_word_of_it(removed: Path) -> None:
    paths = [removed / "audit" / "paragraphs.parquet"]
    paths += (removed / "paragraphs").glob("*.parquet")
    for path in paths:
        assert b"Welcome" not in path.read_bytes()
        assert b"notice" not in path.read_bytes()


def _without_one(table: pa.Table) -> pa.Table:
    return table.slice(1)


def _other_number(table: pa.Table) -> pa.Table:
    """Two paragraphs of a document get each other's number."""
    found = table.to_pylist()
    found[0]["paragraph"], found[1]["paragraph"] = (
        found[1]["paragraph"],
        found[0]["paragraph"],
    )
    return pa.Table.from_pylist(found, table.schema)


def in_list(**new: Any) -> Change:
    """A forgery of the first paragraph of the list."""

    def forge(run: Path) -> None:
        path = run / "audit" / "paragraphs.parquet"
        table = pq.read_table(path)
        found = table.to_pylist()
        for name, value in new.items():
            assert found[0][name] != value
            found[0][name] = value
        pq.write_table(pa.Table.from_pylist(found, table.schema), path)

    return forge


def more_cut(run: Path) -> None:
    """Cut one more whole paragraph out of a text, and account for it everywhere."""
    places = sources(run)
    path = min((run / "data").glob("web*.parquet"))
    data = pq.read_table(path)
    found = data.to_pylist()
    row = next(row for row in found if RARE in row["text"])
    piece = "\n\n" + RARE
    row["text"] = row["text"].replace(piece, "")
    start = source_text(places[row["doc_id"]]).index(RARE)
    pq.write_table(pa.Table.from_pylist(found, data.schema), path)
    spans = run / "paragraphs" / path.name
    table = pq.read_table(spans)
    told = table.to_pylist()
    told.append(
        {
            "doc_id": row["doc_id"],
            "start": start,
            "end": start + len(piece),
            "paragraph": 0,
            "removed": True,
        }
    )
    pq.write_table(pa.Table.from_pylist(told, table.schema), spans)
    path = run / "ledger" / path.name
    ledger = pq.read_table(path)
    entries = ledger.to_pylist()
    entry = next(e for e in entries if e["doc_id"] == row["doc_id"])
    entry["chars_out"] -= len(piece)
    pq.write_table(pa.Table.from_pylist(entries, ledger.schema), path)
    for name, change in (("cut", len(piece)), ("kept", -len(piece))):
        in_manifest("characters", name, value=lambda old, by=change: old + by)(run)


FORGERIES: dict[str, tuple[Change, str]] = {
    "a longer cut": (in_cell("paragraphs", "end", lambda end: end + 1), "source texts"),
    "a moved cut": (
        both(
            in_cell("paragraphs", "start", lambda start: start + 1),
            in_cell("paragraphs", "end", lambda end: end + 1),
        ),
        "source texts",
    ),
    "a lost cut": (in_table("paragraphs", _without_one), "conservation"),
    "numbers exchanged": (in_table("paragraphs", _other_number), "source texts"),
    "a cut that was none": (in_cell("paragraphs", "removed", False), "paragraphs"),  # noqa: FBT003
    "a cut nowhere": (in_cell("paragraphs", "doc_id", "0" * 32), "paragraphs"),
    "a paragraph not listed": (in_cell("paragraphs", "paragraph", 3), "paragraphs"),
    "one paragraph more": (more_cut, "source texts"),
    "characters cut": (
        in_manifest("characters", "cut", value=lambda cut: cut + 1),
        "conservation",
    ),
    "cut for redacted": (
        both(
            in_manifest("characters", "cut", value=lambda n: n + 1),
            in_manifest("characters", "redacted", value=lambda n: n - 1),
        ),
        "conservation",
    ),
    "too few documents": (in_list(documents=MOST), "paragraphs"),
    "fewer documents than hold it": (in_list(documents=10), "paragraphs"),
    "another source": (in_list(source="books"), "source texts"),
    "another example": (in_list(example_doc_id="f" * 32), "paragraphs"),
    "another length": (in_list(characters=1), "paragraphs"),
    "listed as not removed": (in_list(removed=False), "paragraphs"),
    "no list": (lambda run: (run / "audit/paragraphs.parquet").unlink(), "tables"),
    "boilerplate not asked for": (
        in_manifest("config", "dedup", "paragraphs", value=None),
        "tables",
    ),
    "a higher limit": (
        in_manifest("config", "dedup", "paragraphs", "max_documents", value=20),
        "paragraphs",
    ),
}


@pytest.mark.parametrize("name", sorted(FORGERIES))
def test_a_resealed_forgery_is_found(removed: Path, tmp_path: Path, name: str) -> None:
    run = tmp_path / "run"
    shutil.copytree(removed, run)
    forge, caught_by = FORGERIES[name]
    forge(run)
    reseal(run)
    failed = {check.name for check in prove(run) if check.status == "failed"}
    assert caught_by in failed
    assert not failed & {"seal", "hashes"}


def test_equal_bytes_whatever_the_shards(corpus: Path, removed: Path) -> None:
    """The second time nothing is taken over from the first; the rows are equal."""
    again = finish(corpus, "again", remove=True)
    for path in sorted((removed / "paragraphs").glob("*.parquet")):
        assert (again / "paragraphs" / path.name).read_bytes() == path.read_bytes()
    name = Path("audit") / "paragraphs.parquet"
    assert (again / name).read_bytes() == (removed / name).read_bytes()

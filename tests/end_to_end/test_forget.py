"""Forgetting as a person meets it: found in every spelling, gone, and proved."""

from __future__ import annotations

import json
import logging
import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from isinglass.pipelines.engine.progress import Progress
from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.explain.build import explain
from isinglass.pipelines.proof.prove import prove
from isinglass.pipelines.run import Request, execute
from isinglass.pipelines.stages.erase.forget.job import ForgetRequest, forget
from isinglass.pipelines.stages.erase.forget.values import Requested
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import ConfigError, InputError, OutputError
from tests.corpora import document, sentence, write_jsonl
from tests.forgeries import in_manifest, reseal

if TYPE_CHECKING:
    from isinglass.pipelines.stages.erase.forget.job import Forgotten
    from tests.forgeries import Change

CHANCE = random.Random(11)  # noqa: S311 - test data
BODIES = [document(CHANCE) for _ in range(24)]
NOTICE = sentence(CHANCE, 14)
MAIL, NAME, PHONE = "zed.quill@mailbox.io", "Zedbrook Quillfeather", "+1 415 555 2671"
VALUES = (Requested(MAIL), Requested(NAME, "PERSON"), Requested(PHONE))
MARKS = (b"zed.quill", b"quillfeather", b"555 2671", b"555-2671", b"5552671")
"""Lower-case pieces of the values, in the spellings that the corpus has."""

WEB = [
    # 0 to 2: a group of near-duplicates; the kept one has the address, one has not.
    f"{BODIES[0]} {BODIES[1]} Write to {MAIL} about all of it.",
    f"{BODIES[0]} {BODIES[1]} Write to {MAIL} about it.",
    f"{BODIES[0]} {BODIES[1]} Write to them.",
    # 3 and 4: an exact duplicate once normalised, both with a name that no model finds.
    f"{BODIES[2]} So said Zedbrook  Quillfeather.",
    f"{BODIES[2]} so said ZEDBROOK QUILLFEATHER.",
    # 5: the telephone number in another spelling, twice, and the address.
    f"{BODIES[3]} Call (415) 555-2671 or 415.555.2671, write Zed.Quill@Mailbox.io.",
    # 6 to 8: near misses.
    f"{BODIES[4]} Write to joezed.quill@mailbox.iot and 1415 555 26711.",
    f"{BODIES[5]} So said Zedbrook Quillfeathers.",
    f"{BODIES[6]} Nothing else.",
    # 9: a value beside a finding that it overlaps in part.
    f"{BODIES[7]} See 10.{MAIL} for it.",
]
AUTHORS: dict[int, Any] = {8: {"names": ["x", NAME.upper()]}}
BROKEN = f'{{"text": "by {NAME}'


def write(folder: Path, texts: list[str]) -> None:
    (folder / "web").mkdir(parents=True)
    rows = [
        {"text": text, "author": AUTHORS.get(n) or {"names": ["y"]}}
        for n, text in enumerate(texts)
    ]
    path = folder / "web" / "a.jsonl"
    write_jsonl(path, rows)
    path.write_text(path.read_text() + BROKEN + "\n")


def finish(folder: Path, **sections: Any) -> Path:
    config = RunConfig.model_validate(
        {
            "inputs": [{"path": "web", "source": "web"}],
            "output": "run",
            "dedup": {},
            "pii": {"mode": "identifiers", "canaries": {"documents": 5}},
            "limits": {"max_quarantine_rate": 0.5, "shard_bytes": 4_000},
            **sections,
        }
    )
    request = Request(config, "clean", folder, Execution(config.beam))
    execute(request, quiet())
    return folder / "run"


def quiet() -> Progress:
    return Progress(Console(stderr=True), quiet=True)


def ask(
    run: Path,
    *values: Requested,
    remove: Literal["documents", "spans"] = "documents",
    **more: Any,
) -> Forgotten:
    return forget(ForgetRequest(run, values or VALUES, remove, **more), quiet())


def rows(run: Path, table: str) -> list[dict[str, Any]]:
    paths = sorted((run / table).glob("*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def fates(run: Path) -> dict[int, str]:
    return {r["row"]: r["reason"] or r["outcome"] for r in rows(run, "ledger")}


def texts(run: Path) -> dict[int, str]:
    places = {r["doc_id"]: r["row"] for r in rows(run, "ledger")}
    return {places[r["doc_id"]]: r["text"] for r in rows(run, "data")}


def faults(run: Path) -> dict[str, str]:
    checks = prove(run)
    assert any(check.name == "erasure" for check in checks)
    return {c.name: c.detail for c in checks if c.status == "failed"}


def told(folder: Path) -> list[str]:
    """Files that hold a piece of a value, also inside of compressed tables."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += json.dumps(pq.read_table(path).to_pylist(), default=str).encode()
        if any(mark in content.lower() for mark in MARKS):
            found.append(path.relative_to(folder).as_posix())
    return found


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forget")
    write(folder, WEB)
    finish(folder)
    return folder


@pytest.fixture(scope="module")
def without_documents(corpus: Path) -> Forgotten:
    return ask(corpus / "run")


@pytest.fixture(scope="module")
def without_spans(corpus: Path) -> Forgotten:
    return ask(corpus / "run", remove="spans", output=corpus / "spans")


def test_counts_by_way(without_documents: Forgotten) -> None:
    found = without_documents.found
    # 0, 1, 3, 4, 5, 8 (its author), 9 and the record that cannot be read.
    assert (found.values, found.documents, found.elsewhere) == (3, 8, 2)
    assert found.spans == found.by("text") == 8
    assert found.by("finding") > 0


def test_documents_go_before_duplicates_are_told_apart(
    corpus: Path, without_documents: Forgotten
) -> None:
    assert without_documents.folder == corpus / "run-forgotten-1"
    assert fates(corpus / "run")[2] == "near_duplicate"
    assert fates(corpus / "run-forgotten-1") == {
        0: "erased",
        1: "erased",
        2: "kept",
        3: "erased",
        4: "erased",
        5: "erased",
        6: "kept",
        7: "kept",
        8: "erased",
        9: "erased",
        10: "malformed_record",
    }
    assert faults(corpus / "run-forgotten-1") == {}


def test_values_are_nowhere(
    without_documents: Forgotten, without_spans: Forgotten
) -> None:
    # The near misses are documents of their own, and hold pieces of the values.
    for done in (without_documents, without_spans):
        assert done.folder is not None
        assert done.remains.doc_ids == ()
        assert [p for p in told(done.folder) if not p.startswith("data/")] == []
        for row, text in texts(done.folder).items():
            left = any(mark.decode() in text.lower() for mark in MARKS)
            assert left == (row in {6, 7}), row


def test_the_old_run_stays_as_it_was(
    corpus: Path, without_documents: Forgotten, without_spans: Forgotten
) -> None:
    del without_documents, without_spans
    assert {c.status for c in prove(corpus / "run")} <= {"passed", "skipped"}
    assert not (corpus / "run" / "work" / "forget").exists()
    assert fates(corpus / "run")[0] == "kept"


def test_only_the_places_go(without_spans: Forgotten) -> None:
    run = without_spans.folder
    assert run is not None
    clean = texts(run)
    # A document with a value outside of its text cannot stay.
    assert fates(run)[8] == "erased"
    assert clean[0].endswith("Write to  about all of it.")
    assert clean[3].endswith("So said .") or clean[4].endswith("so said .")
    assert clean[5].endswith("Call  or , write .")
    assert f"said {NAME}s." in clean[7]
    erased = [f for f in rows(run, "findings") if f["entity"] == "ERASED"]
    assert {(f["detector"], f["rule"], f["operator"]) for f in erased} == {
        ("erasure", "forget", "redact")
    }
    assert without_spans.manifest is not None
    assert without_spans.manifest.erasure is not None
    assert without_spans.manifest.erasure.spans == len(erased)
    assert faults(run) == {}


def test_a_run_with_a_new_key_forgets_too(corpus: Path, tmp_path: Path) -> None:
    first = ask(corpus / "run", texts_only=True, remove="spans", output=tmp_path / "a")
    assert first.folder is not None
    again = ask(first.folder, Requested("Nothing else"), output=tmp_path / "b")
    assert again.manifest is not None
    assert again.manifest.erasure is not None
    assert len(again.manifest.erasure.requests) == 2


def test_what_was_asked_is_in_the_manifest(without_documents: Forgotten) -> None:
    manifest = without_documents.manifest
    assert manifest is not None
    assert manifest.erasure is not None
    (request,) = manifest.erasure.requests
    assert (request.values, request.remove, request.documents) == (3, "documents", 8)
    assert manifest.records.dropped["erased"] == manifest.erasure.documents == 7


def test_explained(without_documents: Forgotten) -> None:
    run = without_documents.folder
    assert run is not None
    doc_id = next(r["doc_id"] for r in rows(run, "ledger") if r["row"] == 0)
    record = explain(run, doc_id).facts["record"]
    assert (record["outcome"], record["reason"]) == ("dropped", "erased")
    assert "erasure" in record["sentence"]


def test_the_new_run_is_an_ordinary_one(
    corpus: Path, without_documents: Forgotten
) -> None:
    run = without_documents.folder
    assert run is not None
    text = (run / "work" / "forget" / "config.yaml").read_text()
    config = RunConfig.model_validate(__import__("yaml").safe_load(text))
    request = Request(config, "clean", corpus, Execution(config.beam))
    assert execute(request, quiet()).nothing_to_do
    (run / "_SUCCESS").unlink()
    shutil.rmtree(run / "data")
    again = execute(request, quiet())
    assert not again.nothing_to_do
    assert faults(run) == {}
    assert again.manifest.run_id == without_documents.manifest.run_id  # type: ignore[union-attr]


def test_a_second_request_keeps_the_first(corpus: Path, tmp_path: Path) -> None:
    first = ask(corpus / "run", Requested(MAIL), output=tmp_path / "one")
    assert first.folder is not None
    second = ask(first.folder, Requested(NAME), remove="spans", output=tmp_path / "two")
    run = second.folder
    assert run is not None
    reasons = fates(run)
    assert [n for n, reason in reasons.items() if reason == "erased"] == [0, 1, 5, 8, 9]
    assert {reasons[3], reasons[4]} == {"kept", "exact_duplicate"}
    assert not any("quillfeather." in text.lower() for text in texts(run).values())
    assert second.manifest is not None
    assert second.manifest.erasure is not None
    asked = [(r.values, r.remove) for r in second.manifest.erasure.requests]
    assert asked == [(1, "documents"), (1, "spans")]
    assert faults(run) == {}


def test_the_same_request_goes_on_and_another_is_refused(
    corpus: Path, without_spans: Forgotten
) -> None:
    run = without_spans.folder
    assert run is not None
    (run / "_SUCCESS").unlink()
    again = ask(corpus / "run", remove="spans", output=run)
    assert again.manifest is not None
    assert again.manifest.run_id == without_spans.manifest.run_id  # type: ignore[union-attr]
    assert (run / "_SUCCESS").exists()
    for other in ({"remove": "documents"}, {"remove": "spans"}):
        with pytest.raises(OutputError, match="another request"):
            ask(corpus / "run", Requested(MAIL), output=run, **other)  # type: ignore[arg-type]


def test_searching_writes_nothing(corpus: Path) -> None:
    before = sorted(path.name for path in corpus.iterdir())
    assert ask(corpus / "run", dry_run=True).found.documents == 8
    missing = ask(corpus / "run", Requested("Nobody Atall"))
    assert (missing.found.documents, missing.folder) == (0, None)
    assert sorted(path.name for path in corpus.iterdir()) == before


def test_nothing_is_logged(
    corpus: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ask(corpus / "run", output=tmp_path / "new")
    assert not any(mark.decode() in caplog.text.lower() for mark in MARKS)


# Joined by what is cut out of it: no source text holds the value.
CUT = [
    *(f"{body}\n\n{NOTICE}\n\nGood bye." for body in BODIES[10:16]),
    f"{BODIES[16]}\n\nZedbrook\n\n{NOTICE}\n\nQuillfeather wrote this.",
    f"{BODIES[17]}\n\n{NOTICE} {NAME}\n\nNothing.",
]


@pytest.mark.parametrize("remove", ["documents", "spans"])
def test_a_value_that_comes_about_by_a_cut(
    tmp_path: Path, remove: Literal["documents", "spans"]
) -> None:
    write(tmp_path, CUT)
    dedup = {"paragraphs": {"max_documents": 5, "remove": True}}
    run = finish(tmp_path, dedup=dedup)
    assert "Zedbrook\n\nQuillfeather" in texts(run)[6]
    done = ask(run, Requested(NAME), remove=remove)
    assert done.folder is not None
    assert done.remains.doc_ids == ()
    listed = {r["found_by"] for r in rows(done.folder, "audit") if "found_by" in r}
    assert "result" in listed
    assert fates(done.folder)[6] == "erased"
    assert faults(done.folder) == {}


def test_without_a_detector(tmp_path: Path) -> None:
    write(tmp_path, WEB)
    run = finish(tmp_path, pii=None)
    done = ask(run, remove="spans")
    assert done.folder is not None
    assert done.found.by("finding") == 0
    assert faults(done.folder) == {}
    assert f"said {NAME}s." in texts(done.folder)[7]
    keys = {r["value_key"] for r in rows(done.folder, "findings")}
    assert len(keys) > 1
    # The key that hides the values is a secret of the run.
    assert len((done.folder / "work" / "key").read_bytes()) == 64


def test_the_wrong_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, WEB[:6])
    monkeypatch.setenv("FORGET_KEY", "a secret of the tests")
    pii = {"mode": "identifiers", "key_env": "FORGET_KEY"}
    run = finish(tmp_path, pii=pii)
    monkeypatch.setenv("FORGET_KEY", "another secret of the tests")
    with pytest.raises(ConfigError, match="not the one"):
        ask(run, dry_run=True)
    assert ask(run, dry_run=True, texts_only=True).found.by("finding") == 0
    monkeypatch.delenv("FORGET_KEY")
    with pytest.raises(ConfigError, match="FORGET_KEY is not set") as caught:
        ask(run, dry_run=True)
    assert "set FORGET_KEY to any new secret of at least 16 char" in str(caught.value)
    assert ask(run, dry_run=True, texts_only=True).found.documents > 0
    for short, state in (("", "not set"), ("short", "too short")):
        monkeypatch.setenv("FORGET_KEY", short)
        with pytest.raises(ConfigError, match=f"FORGET_KEY is {state}") as caught:
            ask(run, texts_only=True, output=tmp_path / "new")
        assert "set FORGET_KEY to any new secret" in str(caught.value)
        assert not (tmp_path / "new").exists()
    # What both messages say helps.
    monkeypatch.setenv("FORGET_KEY", "a new secret of the tests")
    done = ask(run, texts_only=True, output=tmp_path / "new")
    assert done.folder == tmp_path / "new"
    assert done.remains.doc_ids == ()


def test_entities_that_the_run_knows(tmp_path: Path) -> None:
    write(tmp_path, [WEB[0], f"{BODIES[8]} The code is ZQ-4711-ZQ."])
    own = {"entity": "BADGE", "name": "badge", "regex": "ZQ-[0-9]{4}-ZQ"}
    rare = {"entity": "RARE_CODE", "name": "rare", "regex": "XX-[0-9]{9}-XX"}
    pii = {
        "mode": "identifiers",
        "entities": {"EMAIL_ADDRESS": {}},
        "recognizers": {"patterns": [own, rare]},
        "canaries": {"documents": 0},
    }
    run = finish(tmp_path, pii=pii)
    for entity in ("EMAIL_ADDRESS", "BADGE", "RARE_CODE"):
        done = ask(run, Requested("ZQ-4711-ZQ", entity), dry_run=True)
        assert done.found.by("finding") == (entity == "BADGE")
    for wrong, nearest in (("EMAIL", "EMAIL_ADDRESS"), ("RARECODE", "RARE_CODE")):
        item = Requested("Zed Quill", wrong, "values, line 3")
        with pytest.raises(InputError, match=rf"line 3: .* is {nearest}\.") as caught:
            ask(run, item, dry_run=True)
        assert "Quill" not in str(caught.value)


def test_escaped_values_go_with_their_escapes(tmp_path: Path) -> None:
    mail = MAIL.replace("@", "%40"), MAIL.replace("@", "&#64;")
    write(tmp_path, [f"{BODIES[9]} See mailto:{mail[0]}?cc and {mail[1]}, both."])
    run = finish(tmp_path, pii=None, dedup=None)
    done = ask(run, Requested(MAIL), remove="spans")
    assert done.folder is not None
    assert done.found.spans == 2
    assert texts(done.folder)[0].endswith(" See mailto:?cc and , both.")


def test_refusals(corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus / "web", tmp_path / "web")
    run = finish(tmp_path)
    path = tmp_path / "web" / "a.jsonl"
    content = path.read_text()
    path.write_text(content.replace("Nothing else", "Something else"))
    with pytest.raises(InputError, match=r"Inputs are not as they were.*a\.jsonl"):
        ask(run)
    path.unlink()
    with pytest.raises(InputError, match="put them back"):
        ask(run)
    path.write_text(content)
    (run / "work" / "key").unlink()
    with pytest.raises(ConfigError, match="work/key is gone"):
        ask(run)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    for output in (tmp_path / "full", run, run / "new", tmp_path):
        with pytest.raises(OutputError, match="output"):
            ask(run, texts_only=True, output=output)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["full", "run", "web"]
    (run / "work" / "run.json").unlink()
    with pytest.raises(InputError, match="Run the job again"):
        ask(run)
    with pytest.raises(InputError, match="not a finished run"):
        ask(tmp_path / "full")


def _shorten(run: Path) -> None:
    path = run / "audit" / "erasure.parquet"
    pq.write_table(pq.read_table(path).slice(1), path)


def _is_erased(row: dict[str, Any]) -> bool:
    return "ERASED" in (row.get("entity"), (row.get("reason") or "").upper())


def in_rows(name: str, wanted: Any, new: dict[str, Any]) -> Change:
    """A forgery of all rows of a table that are wanted; there must be some."""

    def forge(run: Path) -> None:
        count = 0
        for path in sorted((run / name).glob("*.parquet")):
            table = pq.read_table(path)
            found = table.to_pylist()
            for row in filter(wanted, found):
                row.update(new)
                count += 1
            pq.write_table(pa.Table.from_pylist(found, table.schema), path)
        assert count

    return forge


FORGERIES: dict[str, tuple[Change, str]] = {
    "a document that stays": (
        in_rows("ledger", _is_erased, {"outcome": "kept", "reason": None}),
        "erasure",
    ),
    "a document too many": (
        in_rows("ledger", lambda r: r["outcome"] == "kept", {"reason": "erased"}),
        "erasure",
    ),
    "a place of another kind": (
        in_rows("findings", _is_erased, {"entity": "EMAIL_ADDRESS"}),
        "erasure",
    ),
    "a longer place": (in_rows("findings", _is_erased, {"end": 9_999}), "erasure"),
    "bytes in quarantine": (
        in_rows("quarantine", lambda _: True, {"raw": b"x"}),
        "erasure",
    ),
    "fewer documents": (in_manifest("erasure", "documents", value=7), "erasure"),
    "no request": (in_manifest("erasure", "requests", value=[]), "erasure"),
    "no summary": (in_manifest("erasure", value=None), "erasure"),
    "not asked for": (in_manifest("config", "erase", value=None), "tables"),
    "a shorter list": (_shorten, "erasure"),
}


@pytest.mark.parametrize("name", sorted(FORGERIES))
def test_a_resealed_forgery_is_found(
    without_spans: Forgotten, tmp_path: Path, name: str
) -> None:
    assert without_spans.folder is not None
    run = tmp_path / "run"
    shutil.copytree(without_spans.folder, run)
    forge, caught_by = FORGERIES[name]
    forge(run)
    reseal(run)
    failed = {check.name for check in prove(run) if check.status == "failed"}
    assert caught_by in failed

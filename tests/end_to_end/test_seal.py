"""`verify` finds a broken seal, and a damaged note of where the inputs are."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from isinglass.pipelines.proof.prove import prove
from tests.forgeries import (
    append,
    finish,
    in_manifest,
    in_note,
    reseal,
    sha256,
    unlink,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.forgeries import Change


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sections = {"pii": {"mode": "identifiers"}}
    return finish(tmp_path_factory.mktemp("seal"), "run", sections, "clean")


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def _replace_hash(run: Path) -> None:
    """The sums with a wrong hash of a table, and a seal that agrees with them."""
    path = run / "SHA256SUMS"
    first, *others = path.read_text().splitlines()
    path.write_text("\n".join(["0" * 64 + first[64:], *others]) + "\n")
    (run / "_SUCCESS").write_text(sha256(path))


def _lose_a_line(run: Path) -> None:
    path = run / "SHA256SUMS"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    (run / "_SUCCESS").write_text(sha256(path))


def _of_a_failed_run(run: Path) -> None:
    """Without `_SUCCESS` the sums are all that guards the report."""
    in_manifest("verdict", value="failed")(run)
    reseal(run)
    append("report.html", "<p>Better.</p>")(run)


def _seal_a_failed_run(run: Path) -> None:
    in_manifest("verdict", value="failed")(run)
    reseal(run)
    (run / "_SUCCESS").write_text(sha256(run / "SHA256SUMS"))


def _false_bytes(run: Path) -> None:
    path = min((run / "data").iterdir())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


BROKEN_SEALS: dict[str, tuple[Change, str, str]] = {
    "another report": (append("report.html", "<p>"), "seal", "report.html is not as"),
    "no report": (unlink("report.html"), "seal", "report.html is not as"),
    "another manifest": (
        append("manifest.json", "\n"),
        "seal",
        "manifest.json is not",
    ),
    "no sums": (unlink("SHA256SUMS"), "seal", "SHA256SUMS is missing"),
    "other sums": (append("SHA256SUMS", "\n"), "seal", "does not hold the hash"),
    "a wrong sum": (_replace_hash, "seal", "is not as SHA256SUMS has it"),
    "a sum less": (_lose_a_line, "seal", "does not list"),
    "a sum more": (append("SHA256SUMS", "0" * 64 + "  x\n"), "seal", "lists x"),
    "no seal": (unlink("_SUCCESS"), "seal", "_SUCCESS is missing"),
    "another seal": (append("_SUCCESS", "0"), "seal", "does not hold the hash"),
    "a report of a failed run": (_of_a_failed_run, "seal", "report.html is not as"),
    "a sealed failed run": (_seal_a_failed_run, "seal", "although the verdict"),
    "a flipped bit": (_false_bytes, "hashes", "is not as recorded"),
    "a file in data": (append("data/x.parquet", "PAR1"), "hashes", "data/x.parquet"),
    "a file in the root": (append("notes.txt", "x"), "hashes", "notes.txt is not"),
    "a hidden file": (append(".hidden", "x"), "hashes", ".hidden is not part"),
    "a folder in the root": (
        lambda run: (run / "more").mkdir(),
        "hashes",
        "more is not part of a run",
    ),
    "a folder in a table": (
        lambda run: (run / "data" / "more").mkdir(),
        "hashes",
        "data/more is not in the manifest",
    ),
    "a path out of the run": (
        in_manifest("outputs", 0, "path", value="../corpus/b.jsonl"),
        "hashes",
        "../corpus/b.jsonl is not a name",
    ),
}


@pytest.mark.parametrize("name", sorted(BROKEN_SEALS))
def test_a_broken_seal_is_found(run: Path, name: str) -> None:
    forge, caught_by, detail = BROKEN_SEALS[name]
    forge(run)
    found = next(check for check in prove(run) if check.name == caught_by)
    assert found.status == "failed"
    assert detail in found.detail


def test_a_file_that_is_no_table_is_found(run: Path) -> None:
    reseal(run)
    manifest = json.loads((run / "manifest.json").read_text())
    output = next(o for o in manifest["outputs"] if o["path"].startswith("data/"))
    path = run / output["path"]
    path.write_bytes(b"PAR1 and no more PAR1")
    output["sha256"], output["bytes"] = sha256(path), path.stat().st_size
    (run / "manifest.json").write_text(json.dumps(manifest))
    schemas = next(check for check in prove(run) if check.name == "schemas")
    assert "is not a Parquet file" in schemas.detail


WITH_INPUTS = {"recount", "source texts"}
NOT_THERE = {"similarity", "tokens", "embeddings"}
COUNTED_BY_THE_SURVEY = {"demographics", "retention"}
"""Checks of what the run was not asked to do."""


def _not_passed(run: Path) -> dict[str, str]:
    return {c.name: c.status for c in prove(run) if c.status != "passed"}


@pytest.mark.parametrize(
    "note",
    ["", "[]", "1", '{"base": 1}', '{"base": ".", "config": {}}', "{", "null"],
)
def test_a_damaged_note_skips_the_sources(run: Path, note: str) -> None:
    (run / "work" / "run.json").write_text(note)
    assert _not_passed(run) == dict.fromkeys(NOT_THERE | WITH_INPUTS, "skipped")


@pytest.mark.parametrize("change", [{"given": {}}, {"given": {"inputs": 1}}])
def test_a_note_that_cannot_be_read_skips_the_sources(
    run: Path, change: dict[str, Any]
) -> None:
    in_note(**change)(run)
    assert _not_passed(run) == dict.fromkeys(NOT_THERE | WITH_INPUTS, "skipped")


def test_another_place_of_the_run_is_no_other_configuration(run: Path) -> None:
    config = json.loads((run / "work" / "run.json").read_text())["config"]
    in_note(config=config | {"output": "elsewhere"})(run)
    assert _not_passed(run) == dict.fromkeys(NOT_THERE, "skipped")


def test_without_work_the_sources_are_skipped_not_passed(run: Path) -> None:
    shutil.rmtree(run / "work")
    skipped = NOT_THERE | WITH_INPUTS | COUNTED_BY_THE_SURVEY
    assert _not_passed(run) == dict.fromkeys(skipped, "skipped")

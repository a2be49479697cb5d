"""A run is released, handed on and proved; what is damaged is named."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from datasets import load_dataset
from typer.testing import CliRunner

from isinglass.cli.app import app
from isinglass.pipelines.engine.workspace import (
    PAPERS,
    Workspace,
    remove_leftovers,
    write_atomically,
)
from isinglass.pipelines.proof.prove import prove
from isinglass.pipelines.release import job
from isinglass.pipelines.release.job import release
from isinglass.schemas.config.release import ReleaseConfig
from isinglass.schemas.errors import IsinglassError, OutputError, RefuseError
from tests.forgeries import append, finish, in_manifest, reseal, sha256

Change = Callable[[Path], None]

SECTIONS: dict[str, Any] = {
    "name": "letters",
    "pii": {"mode": "identifiers"},
    "release": {"title": "Letters", "licence": "CC-BY-4.0"},
}
TABLES = ["audit/statistics.parquet", "data/"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finish(tmp_path_factory.mktemp("release"), "run", SECTIONS, "clean")


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    private = Ed25519PrivateKey.generate()
    none = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (tmp_path / "key.pem").write_bytes(private.private_bytes(pem, form, none))
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    (tmp_path / "key.pub").write_bytes(private.public_key().public_bytes(pem, public))
    return tmp_path / "key.pem"


def call(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and output of the command."""
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    code = done.exit_code
    if isinstance(done.exception, IsinglassError):
        code = done.exception.exit_code
        return code, str(done.exception)
    return code, done.output


def faults(folder: Path) -> dict[str, str]:
    return {c.name: c.detail for c in prove(folder) if c.status == "failed"}


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "work" not in path.parts
    }


def test_a_run_is_released_and_proved(run: Path) -> None:
    before = contents(run)
    code, said = call("release", run)
    assert code == 0
    assert "Still open, 11 (marked MISSING in the papers):" in said
    assert "release.licence" not in said
    assert "Not to publish: quarantine/, work/, findings/" in said
    assert "that nobody searched are in data/: source_id, source, url," in said
    after = contents(run)
    assert after.keys() - before.keys() == {*PAPERS[:-1]}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"SHA256SUMS", "_SUCCESS"}
    assert faults(run) == {}
    assert "papers" in {check.name for check in prove(run)}
    sums = subprocess.run(
        ["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=run, check=False
    )
    assert sums.returncode == 0


def test_a_release_may_be_repeated(run: Path) -> None:
    call("release", run)
    once = contents(run)
    assert call("release", run)[0] == 0
    assert contents(run) == once


def test_words_can_be_changed_without_a_run(run: Path, tmp_path: Path) -> None:
    manifest = sha256(run / "manifest.json")
    file = tmp_path / "words.yaml"
    file.write_text(
        "release: {title: Epistles, licence: MIT, contact: x@example.org}\n"
    )
    code, said = call("release", run, "--config", file, "--format", "json")
    assert code == 0
    assert "release.contact" not in {one["path"] for one in json.loads(said)["open"]}
    card = (run / "README.md").read_text()
    assert "# Epistles" in card
    assert "license: mit" in card
    # What was said once holds until something else is said.
    assert call("release", run, "--set", "release.version=2.0.0")[0] == 0
    card = (run / "README.md").read_text()
    assert "# Epistles" in card
    assert "**Version:** 2.0.0" in card
    assert sha256(run / "manifest.json") == manifest
    assert faults(run) == {}


def test_the_same_run_is_still_complete(finished: Path, tmp_path: Path) -> None:
    """Neither papers nor other words make passes run again."""
    folder = tmp_path / "again"
    sections = {**SECTIONS, "dedup": {}}
    run = finish(folder, "run", sections, "clean")
    call("release", run)
    before = {p: p.stat().st_mtime_ns for p in run.rglob("*.parquet")}
    finish(folder, "run", {**sections, "release": {"licence": "MIT"}}, "clean")
    assert (run / "README.md").exists()
    assert {p: p.stat().st_mtime_ns for p in run.rglob("*.parquet")} == before
    # Another run in the same folder takes the papers of the first one away.
    remove_leftovers(Workspace(str(run)))
    assert not [name for name in PAPERS if (run / name).exists()]


def test_a_required_answer_stops_a_release(run: Path) -> None:
    before = contents(run)
    code, said = call("release", run, "--set", "release.require=[licence, purpose]")
    assert code == 3
    assert "release.purpose: What was it made for" in said
    assert "release.licence" not in said
    assert contents(run) == before


def test_a_source_that_is_not_there_is_refused(run: Path) -> None:
    code, said = call("release", run, "--set", "release.sources.wep.kind=public")
    assert code == 2
    assert "no document is of wep; did you mean web?" in said


def test_a_run_that_failed_its_gates_gets_no_release(tmp_path: Path) -> None:
    gate = {"metric": "records.kept", "op": ">=", "value": 100_000}
    run = finish(tmp_path, "run", {**SECTIONS, "gates": [gate]}, "clean")
    code, said = call("release", run)
    assert code == 3
    assert "failed its gates and is not released: records.kept >= 100000" in said
    assert not [name for name in PAPERS if (run / name).exists()]


def test_an_audit_has_nothing_to_release(tmp_path: Path) -> None:
    run = finish(tmp_path, "run", SECTIONS, "audit")
    code, said = call("release", run)
    assert code == 2
    assert "holds no documents (`isinglass audit` wrote no data/)" in said


def _flip(run: Path) -> None:
    path = min((run / "data").iterdir())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def _grow(folder: str) -> Change:
    """A byte more in the first file of a folder."""

    def grow(run: Path) -> None:
        with min((run / folder).iterdir()).open("ab") as file:
            file.write(b"x")

    return grow


def _gone(name: str) -> Change:
    return lambda run: (run / name).unlink()


DAMAGED: dict[str, tuple[Change, str]] = {
    "a shard": (_flip, "data/web-"),
    "the ledger": (_grow("ledger"), "ledger/web-"),
    "the manifest": (append("manifest.json", " "), "manifest.json is not as"),
    "the report": (append("report.html", "x"), "report.html is not as SHA256SUMS"),
    "the statistics": (_grow("audit"), "audit/statistics.parquet is not"),
    "no seal": (_gone("_SUCCESS"), "_SUCCESS is missing"),
    "no sums": (_gone("SHA256SUMS"), "SHA256SUMS is missing"),
    "no report": (_gone("report.html"), "report.html is missing"),
    "another seal": (append("_SUCCESS", "0"), "_SUCCESS does not hold the hash"),
    "a stranger": (append("data/more.parquet", "x"), "data/more.parquet is not in"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_run_is_not_released(run: Path, name: str) -> None:
    change, said = DAMAGED[name]
    change(run)
    with pytest.raises(RefuseError, match="is not as it was sealed") as refused:
        release(run, ReleaseConfig())
    assert said in str(refused.value)
    assert not [name for name in PAPERS if (run / name).exists()]


def test_a_forged_verdict_is_not_released(run: Path) -> None:
    in_manifest("gates", 0, "actual", value=-1.0)(run)
    reseal(run)
    (run / "_SUCCESS").write_text(sha256(run / "SHA256SUMS"))
    with pytest.raises(RefuseError, match="does not follow from the statistics"):
        release(run, ReleaseConfig())


@pytest.mark.parametrize(
    "name", ["README.md", "provenance.intoto.json", "report.html", "manifest.json"]
)
def test_an_edited_file_of_a_release_is_named(run: Path, name: str) -> None:
    call("release", run)
    append(name, " ")(run)
    assert f"{name} is not as SHA256SUMS has it" in faults(run)["seal"]


@pytest.mark.parametrize(
    "name", ["README.md", "privacy.json", "test-result.intoto.json"]
)
def test_a_paper_that_was_edited_and_sealed_again_is_named(
    run: Path, name: str
) -> None:
    call("release", run)
    old = sha256(run / name)
    append(name, " ")(run)
    sums = (run / "SHA256SUMS").read_text().replace(old, sha256(run / name))
    (run / "SHA256SUMS").write_text(sums)
    (run / "_SUCCESS").write_text(sha256(run / "SHA256SUMS") + "\n")
    assert f"{name} does not follow from the manifest" in faults(run)["papers"]


def test_edits_of_a_person_are_not_written_over(run: Path) -> None:
    (run / "README.md").write_text("Mine.")
    with pytest.raises(OutputError, match=r"README.md is in the way"):
        release(run, ReleaseConfig())
    (run / "README.md").unlink()
    release(run, ReleaseConfig())
    append("README.md", "More.")(run)
    with pytest.raises(OutputError, match=r"README.md was changed after"):
        release(run, ReleaseConfig())
    (run / "README.md").unlink()
    release(run, ReleaseConfig())
    assert faults(run) == {}


@pytest.mark.parametrize("written", [0, 1, 3, 8, 9])
def test_a_release_that_was_cut_off_is_finished_by_the_next(
    run: Path, written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(run, ReleaseConfig(title="First"))
    left = [written]

    def cut_off(path: Path, content: str | bytes) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        write_atomically(path, content)

    monkeypatch.setattr(job, "write_atomically", cut_off)
    second = ReleaseConfig(title="Second")
    with pytest.raises(KeyboardInterrupt):
        release(run, second)
    assert bool(faults(run)) == bool(written)
    monkeypatch.undo()
    release(run, second)
    assert "# Second" in (run / "README.md").read_text()
    assert faults(run) == {}


def test_what_is_handed_on(run: Path, tmp_path: Path, key: Path) -> None:
    to = tmp_path / "public"
    code, said = call("release", run, "--to", to, "--sign", key)
    assert code == 0
    assert said.splitlines()[-2:] == [
        "Signed.",
        "Words: those of the configuration of the run",
    ]
    files = contents(to)
    data = [p for p in contents(run) if p.startswith("data/")]
    own = ["SHA256SUMS", "manifest.json", "report.html"]
    assert sorted(files) == sorted([*data, TABLES[0], *PAPERS, *own])
    assert faults(to) == {}
    assert {check.name for check in prove(to)} == {"published", "gates", "papers"}
    assert call("verify", to, "--signature", key.with_suffix(".pub"))[0] == 0
    assert call("verify", run, "--signature", key.with_suffix(".pub"))[0] == 0
    for name in data:
        assert (to / name).samefile(run / name)
    assert not (to / "README.md").samefile(run / "README.md")
    loaded = load_dataset(str(to), cache_dir=str(tmp_path / "cache"))["train"]
    manifest = json.loads((run / "manifest.json").read_text())
    assert loaded.num_rows == manifest["records"]["kept"]
    whole = load_dataset(str(run), cache_dir=str(tmp_path / "cache"))["train"]
    assert whole.column_names == loaded.column_names


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_library_of_croissant_reads_what_is_handed_on(
    run: Path, tmp_path: Path
) -> None:
    library = pytest.importorskip("mlcroissant", reason="of the extra `dev`")
    call("release", run, "--to", tmp_path / "public")
    read = library.Dataset(str(tmp_path / "public" / "croissant.json"))
    texts = [row["documents/text"].decode() for row in read.records("documents")]
    loaded = load_dataset(str(tmp_path / "public"), cache_dir=str(tmp_path / "cache"))
    assert texts == loaded["train"]["text"][:]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (append("README.md", " "), "README.md is not as SHA256SUMS has it"),
        (append("manifest.json", " "), "manifest.json is not as SHA256SUMS has it"),
        (_flip, "is not as SHA256SUMS has it"),
        (_gone("privacy.json"), "privacy.json is missing"),
        (append("notes.txt", "x"), "notes.txt is not in SHA256SUMS"),
        (append("SHA256SUMS", "0" * 64 + "  work/key\n"), "which is not handed on"),
        (append(".gitattributes", "x"), ""),
    ],
)
def test_a_damaged_publication_is_named(
    run: Path, tmp_path: Path, change: Change, said: str
) -> None:
    to = tmp_path / "public"
    call("release", run, "--to", to)
    for path in (to / "data").iterdir():
        # Of a folder that was copied elsewhere.
        whole = path.read_bytes()
        path.unlink()
        path.write_bytes(whole)
    change(to)
    found = faults(to).get("published", "")
    assert said in found
    assert bool(found) == bool(said)


def test_nothing_outside_of_a_publication_is_opened(run: Path, tmp_path: Path) -> None:
    to = tmp_path / "public"
    call("release", run, "--to", to)
    in_manifest("outputs", 1, "path", value="data/../../secret")(to)
    assert "data/../../secret is not a name of a table" in faults(to)["published"]


def test_tables_are_copied_where_they_cannot_be_linked(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert call("release", run, "--to", tmp_path / "public")[0] == 0
    assert faults(tmp_path / "public") == {}


def test_folders_that_cannot_be_published_to(run: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").write_text("")
    (tmp_path / "file").write_text("")
    for folder, said in [
        (tmp_path / "full", "is not empty"),
        (tmp_path / "file", "is a file"),
        (run / "public", "is in the run or holds it"),
        (run, "is in the run or holds it"),
        (tmp_path, "is in the run or holds it"),
    ]:
        code, told = call("release", run, "--to", folder)
        assert code == 2
        assert said in told
    assert not (run / "README.md").exists()
    (tmp_path / "empty").mkdir()
    assert call("release", run, "--to", tmp_path / "empty")[0] == 0
    assert faults(tmp_path / "empty") == {}


def test_a_signature_is_of_these_files(run: Path, tmp_path: Path, key: Path) -> None:
    public = key.with_suffix(".pub")
    code, said = call("verify", run, "--signature", public)
    assert code == 1
    assert "attestations.intoto.jsonl is missing: not signed" in said
    call("release", run, "--sign", key)
    assert call("release", run)[1].splitlines()[-2] == "Signed."
    assert call("verify", run, "--signature", public)[0] == 0
    other = Ed25519PrivateKey.generate().public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = other.public_bytes(serialization.Encoding.PEM, form)
    (tmp_path / "other.pub").write_bytes(pem)
    code, said = call("verify", run, "--signature", tmp_path / "other.pub")
    assert code == 1
    assert "is not signed by this key" in said
    # Words that nobody signed take the signature away.
    said = call("release", run, "--set", "release.title=Else")[1]
    assert said.endswith(
        "Not signed.\nWords: those of the release before and of --set\n"
    )
    assert not (run / "attestations.intoto.jsonl").exists()
    assert faults(run) == {}


def test_a_clever_forger_does_not_have_the_key(
    run: Path, tmp_path: Path, key: Path
) -> None:
    """All hashes are made to agree, and the papers are made again."""
    call("release", run, "--sign", key)
    signed = (run / "attestations.intoto.jsonl").read_bytes()
    call("release", run, "--set", "release.licence=MIT")
    (run / "attestations.intoto.jsonl").write_bytes(signed)
    name = "attestations.intoto.jsonl"
    with (run / "SHA256SUMS").open("a") as sums:
        sums.write(f"{sha256(run / name)}  {name}\n")
    (run / "_SUCCESS").write_text(sha256(run / "SHA256SUMS") + "\n")
    assert faults(run) == {}
    code, said = call("verify", run, "--signature", key.with_suffix(".pub"))
    assert code == 1
    assert "is a signature of other statements" in said


NAMES = [
    "<script>alert(1)<",
    "=cmd|' -C calc'!A0",
    "e\u202evil{{ 7*191 }}",
    "C:\\con",
    "-rf",
]


def test_hostile_names_of_a_real_run_are_inert(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, name in enumerate(NAMES):
        rows = [
            {"text": f"{name} wrote line {row} of file {number}.", "source": name}
            | {name: "x", "url": f"javascript:alert({row})"}
            for row in range(3)
        ]
        lines = [json.dumps(row) for row in rows]
        (corpus / f"{name} .jsonl").write_text("\n".join(lines))
    sections = {
        "inputs": [{"path": str(corpus), "source": NAMES[0]}],
        "release": {"title": NAMES[2], "citation": "```\n# Owned"},
    }
    finish(tmp_path, "run", sections, "clean")
    code, said = call("release", tmp_path / "run", "--to", tmp_path / "public")
    assert code == 0
    assert "\u202e" not in said
    assert faults(tmp_path / "run") == {}
    assert faults(tmp_path / "public") == {}
    for name in PAPERS[:-1]:
        paper = (tmp_path / "public" / name).read_text()
        assert "\u202e" not in paper
        assert "<script" not in paper
        assert "1337" not in paper
        told = paper.split("\n---\n", 1)[-1]
        assert "{{" not in told
    loaded = load_dataset(str(tmp_path / "public"), cache_dir=str(tmp_path / "cache"))
    assert {*loaded["train"]["source"]} == {*NAMES}


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    code, said = call("release", tmp_path)
    assert code == 2
    assert "holds no manifest.json: it is not a finished run" in said

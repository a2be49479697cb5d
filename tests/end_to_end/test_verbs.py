"""Verbs in one folder, what is reused between them, and who can read the tables."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.run import Request, Result, execute
from isinglass.schemas.config import RunConfig
from isinglass.schemas.manifest import Model
from isinglass.transforms.pii.detector import check_models
from tests.corpora import make_rows, write_corpus

if TYPE_CHECKING:
    from isinglass.pipelines.seam import Verb

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
SECTIONS: dict[str, Any] = {
    "dedup": {},
    "pii": {"mode": "identifiers", "canaries": {"documents": 20}},
    "balance": {},
    "encode": {},
}


def start(folder: Path, verb: Verb, *, replace: bool = False, **changes: Any) -> Result:
    values = {
        "inputs": [{"path": str(folder / "corpus"), "source": "web"}],
        "output": str(folder / "run"),
        **SECTIONS,
        **changes,
    }
    config = RunConfig.model_validate(values)
    request = Request(config, verb, Path.cwd(), Execution(config.beam), replace)
    return execute(request, Console(stderr=True, quiet=True))


def reused(result: Result) -> dict[str, tuple[int, int]]:
    return {p.name: (p.reused, p.units) for p in result.manifest.passes}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verbs")
    write_corpus(folder / "corpus", 90)
    # A record for quarantine: `datasets` does not load tables without rows.
    (folder / "corpus" / "bad.jsonl").write_text('{"text": "fine"}\n{"text": null}\n')
    limits = {"max_quarantine_rate": 1.0}
    start(folder, "clean", limits=limits)
    start(folder, "encode", limits=limits)
    return folder


def test_encode_takes_over_what_clean_did(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", 60)
    first = start(tmp_path, "clean")
    assert first.manifest.encode is None
    second = start(tmp_path, "encode")
    passes = reused(second)
    assert passes["clean"][0] == passes["clean"][1] > 0
    assert passes["encode"][0] == 0
    assert second.manifest.encode is not None
    assert second.manifest.encode.documents == second.manifest.records.kept
    assert second.manifest.encode.dimensions == 384


def test_an_audit_writes_no_text_and_says_what_would_change(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", 60)
    audit = start(tmp_path, "audit")
    assert not (tmp_path / "run" / "data").exists()
    for path in (tmp_path / "run").rglob("*"):
        if path.is_file():
            assert b"mailbox.io" not in path.read_bytes(), path
    assert audit.manifest.findings["EMAIL_ADDRESS"].found > 0
    after = start(tmp_path, "clean")
    assert after.manifest.records == audit.manifest.records
    assert after.manifest.findings == audit.manifest.findings


def test_a_changed_threshold_redoes_no_survey(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", 60)
    start(tmp_path, "clean")
    result = start(tmp_path, "clean", replace=True, dedup={"threshold": 0.99})
    passes = reused(result)
    assert passes["survey"][0] == passes["survey"][1]
    assert passes["resolve"][0] == 0
    assert result.manifest.dedup is not None


def test_a_new_file_redoes_only_what_it_touches(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", 60)
    limits = {"shard_bytes": 5_000}
    first = start(tmp_path, "clean", limits=limits)
    import json  # noqa: PLC0415

    rows = make_rows(20, seed=99)
    lines = "".join(json.dumps(row | {"id": f"new{row['id']}"}) + "\n" for row in rows)
    (tmp_path / "corpus" / "d.jsonl").write_text(lines)
    second = start(tmp_path, "clean", limits=limits)
    passes = reused(second)
    assert 0 < passes["survey"][0] < passes["survey"][1]
    assert second.manifest.records.total_in == first.manifest.records.total_in + 20
    assert second.manifest.run_id != first.manifest.run_id


def test_a_removed_file_leaves_nothing_behind(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", 60)
    limits = {"shard_bytes": 2_000}
    start(tmp_path, "clean", limits=limits)
    before = {path.name for path in (tmp_path / "run" / "data").iterdir()}
    (tmp_path / "corpus" / "b.jsonl").unlink()
    result = start(tmp_path, "clean", replace=True, limits=limits)
    after = {path.name for path in (tmp_path / "run" / "data").iterdir()}
    assert after < before
    assert result.manifest.records.total_in == 40


@pytest.mark.parametrize(
    "table",
    ["data", "findings", "ledger", "quarantine", "tokens", "embeddings", "audit"],
)
def test_the_datasets_library_loads_every_table(
    finished: Path, tmp_path: Path, table: str
) -> None:
    import datasets  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    files = sorted(str(path) for path in (finished / "run" / table).iterdir())
    loaded = datasets.load_dataset(
        "parquet", data_files=files, split="train", cache_dir=str(tmp_path)
    )
    rows = sum(pq.read_metadata(file).num_rows for file in files)
    assert len(loaded) == rows
    assert loaded.column_names == pq.read_schema(files[0]).names


@pytest.mark.parametrize("kind", ["dataset", "dictionary"])
def test_a_saved_dataset_is_an_input(tmp_path: Path, kind: str) -> None:
    import datasets  # noqa: PLC0415

    rows = make_rows(30)
    made = datasets.Dataset.from_list(rows)
    folder = tmp_path / "corpus"
    if kind == "dataset":
        made.save_to_disk(folder)
        split = None
    else:
        datasets.DatasetDict({"train": made}).save_to_disk(folder)
        split = "train"
    inputs = [{"path": str(folder), "source": "saved", "split": split}]
    result = start(tmp_path, "clean", inputs=inputs)
    assert result.manifest.records.total_in == 30


def test_one_document_and_none_kept(tmp_path: Path) -> None:
    """The smallest corpora go all the way through, report included."""
    (tmp_path / "corpus").mkdir()
    path = tmp_path / "corpus" / "a.jsonl"
    path.write_text('{"text": "One short document."}\n')
    assert start(tmp_path, "run").manifest.records.kept == 1
    path.write_text('{"text": " "}\n{"text": ""}\n')
    result = start(tmp_path, "run", replace=True)
    assert result.manifest.records.dropped == {"empty": 2}
    assert result.manifest.records.kept == 0
    assert (tmp_path / "run" / "report.html").exists()


@pytest.mark.parametrize("what", ["code", "model"])
def test_another_code_or_model_is_never_mixed_with_old_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    from isinglass.pipelines import identity  # noqa: PLC0415
    from isinglass.pipelines.stages.pii import plant  # noqa: PLC0415

    write_corpus(tmp_path / "corpus", 30)
    start(tmp_path, "clean")
    if what == "code":
        monkeypatch.setattr(identity, "code_fingerprint", lambda: "other code")
    else:
        other = Model(name="rules", role="pii", sha256="0" * 64)
        monkeypatch.setattr(
            plant, "check_models", lambda config: [*check_models(config), other]
        )
    again = start(tmp_path, "clean")
    assert not again.nothing_to_do
    passes = reused(again)
    assert passes["clean"][0] == 0
    untouched = passes["survey"][0] == passes["survey"][1]
    assert untouched is (what == "model")


def test_nothing_is_sent_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 8: the main job, models included, opens no connection to the world."""
    tried: list[object] = []
    whole = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family == socket.AF_UNIX or str(address[0]) in LOOPBACK:
            return whole(self, address)
        tried.append(address)
        raise OSError(101, "Network is unreachable")

    def look_up(host: Any, *_: Any, **__: Any) -> Any:
        tried.append(host)
        raise socket.gaierror(-3, "no names here")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    write_corpus(tmp_path / "corpus", 20)
    result = start(tmp_path, "run", pii={"canaries": {"documents": 5}})
    assert result.manifest.records.total_in == 20
    assert [host for host in tried if str(host) not in LOOPBACK] == []

"""`verify` finds what was tampered with; a proof that cannot fail proves nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from isinglass.pipelines.progress import Progress
from isinglass.pipelines.proof import prove
from isinglass.pipelines.run import Request, execute
from isinglass.pipelines.runner import Execution
from isinglass.schemas.config import RunConfig
from tests.corpora import write_corpus

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proof")
    write_corpus(folder / "corpus", 120)
    config = RunConfig.model_validate(
        {
            "inputs": [{"path": str(folder / "corpus"), "source": "web"}],
            "output": str(folder / "run"),
            "dedup": {},
            "pii": {"mode": "identifiers"},
            "encode": {},
        }
    )
    request = Request(config, "run", Path.cwd(), Execution(config.beam))
    execute(request, Progress(Console(stderr=True), quiet=True))
    return folder / "run"


def test_the_untouched_run_is_proved(finished: Path) -> None:
    checks = {check.name: check for check in prove(finished)}
    assert {check.status for check in checks.values()} == {"passed"}
    assert len(checks) == 9


def _rewrite(run: Path, table: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change a table and make the manifest agree, as a clever forger would."""
    paths = sorted((run / table).iterdir())
    path = next(p for p in paths if pq.read_metadata(p).num_rows > 2)
    pq.write_table(change(pq.read_table(path)), path)
    manifest = json.loads((run / "manifest.json").read_text())
    for output in manifest["outputs"]:
        if output["path"] == f"{table}/{path.name}":
            output["bytes"] = path.stat().st_size
            output["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (run / "manifest.json").write_text(json.dumps(manifest))
    seal = hashlib.sha256((run / "manifest.json").read_bytes()).hexdigest()
    (run / "_SUCCESS").write_text(seal)


def _set(table: pa.Table, name: str, values: Any) -> pa.Table:
    index = table.schema.get_field_index(name)
    field = table.schema.field(name)
    return table.set_column(index, field, pa.array(values, field.type))


def _lose_a_row(table: pa.Table) -> pa.Table:
    return table.slice(1)


def _shift_findings(table: pa.Table) -> pa.Table:
    moved = [x + 1 for x in table["clean_start"].to_pylist()]
    return _set(table, "clean_start", moved)


def _shift_source(table: pa.Table) -> pa.Table:
    return _set(table, "end", [x - 1 for x in table["end"].to_pylist()])


def _other_token(table: pa.Table) -> pa.Table:
    ids = table["input_ids"].to_pylist()
    ids[0][1] += 1
    return _set(table, "input_ids", ids)


def _change_text(table: pa.Table) -> pa.Table:
    texts = table["text"].to_pylist()
    texts[1] = texts[1][:-1] + "?"
    return _set(table, "text", texts)


def _stretch_vector(table: pa.Table) -> pa.Table:
    rows = table["embedding"].to_pylist()
    rows[0] = [2 * x for x in rows[0]]
    return _set(table, "embedding", rows)


def _false_evidence(table: pa.Table) -> pa.Table:
    kept = table["kept_doc_id"].to_pylist()
    wrong = [None if x is None else "0" * 32 for x in kept]
    return _set(table, "kept_doc_id", wrong)


def _weak_evidence(table: pa.Table) -> pa.Table:
    values = [None if x is None else 0.1 for x in table["similarity"].to_pylist()]
    return _set(table, "similarity", values)


def _other_type(table: pa.Table) -> pa.Table:
    index = table.schema.get_field_index("rule")
    return table.set_column(index, "rule", table["rule"].cast(pa.large_string()))


FORGERIES = {
    "a lost ledger row": ("ledger", _lose_a_row, "conservation"),
    "a lost document": ("data", _lose_a_row, "conservation"),
    "a moved finding": ("findings", _shift_findings, "findings"),
    "a shortened source span": ("findings", _shift_source, "source texts"),
    "a changed token": ("tokens", _other_token, "tokens"),
    "a changed text": ("data", _change_text, "source texts"),
    "a stretched vector": ("embeddings", _stretch_vector, "embeddings"),
    "false evidence": ("ledger", _false_evidence, "evidence"),
    "weak evidence": ("ledger", _weak_evidence, "evidence"),
    "another type": ("ledger", _other_type, "schemas"),
}


@pytest.mark.parametrize("name", sorted(FORGERIES))
def test_a_forgery_with_matching_hashes_is_found(
    finished: Path, tmp_path: Path, name: str
) -> None:
    table, change, caught_by = FORGERIES[name]
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    _rewrite(run, table, change)
    failed = {check.name for check in prove(run) if check.status == "failed"}
    assert caught_by in failed


def test_a_flipped_byte_is_found_by_its_hash(finished: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    path = min((run / "data").iterdir())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    hashes = next(check for check in prove(run) if check.name == "hashes")
    assert hashes.status == "failed"
    assert path.name in hashes.detail


def test_a_stranger_in_a_table_folder_is_found(finished: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    (run / "data" / "extra.parquet").write_bytes(b"PAR1")
    hashes = next(check for check in prove(run) if check.name == "hashes")
    assert "data/extra.parquet is not in the manifest" in hashes.detail


def test_without_work_the_sources_are_skipped_not_passed(
    finished: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    shutil.rmtree(run / "work")
    status = {check.name: check.status for check in prove(run)}
    assert status["source texts"] == "skipped"
    assert status["findings"] == "passed"

"""Invariant 1: a record lost on the way stops the run and is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import isinglass.pipelines.clean as clean_pass
from isinglass.schemas.errors import ReconcileError
from isinglass.transforms.read import read_shard
from isinglass.transforms.write import TableWriter
from tests.corpora import write_jsonl
from tests.end_to_end.test_bad_input import GOOD, clean, settings

if TYPE_CHECKING:
    import pyarrow as pa


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "corpus").mkdir()
    write_jsonl(tmp_path / "corpus" / "a.jsonl", GOOD)
    return tmp_path


def test_the_undisturbed_run_balances(corpus: Path) -> None:
    assert clean(settings(corpus)).records.kept == 3


def test_a_reader_that_loses_a_record_is_found(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The survey saw three documents; the clean pass is given two."""
    whole = read_shard

    def losing(*arguments: object) -> object:
        for batch in whole(*arguments):  # type: ignore[arg-type]
            documents, files = batch.documents.slice(1), batch.document_files.slice(1)
            yield replace(batch, documents=documents, document_files=files)

    monkeypatch.setattr(clean_pass, "read_shard", losing)
    with pytest.raises(ReconcileError, match="Pass clean, shard web-"):
        clean(settings(corpus))
    assert not (corpus / "run" / "_SUCCESS").exists()


@pytest.mark.parametrize("table", ["data", "ledger"])
def test_a_writer_that_loses_a_row_is_found(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    whole = TableWriter.write

    def losing(self: TableWriter, batch: pa.RecordBatch) -> None:
        name = (batch.schema.metadata or {}).get(b"isinglass.table", b"").decode()
        whole(self, batch.slice(1) if name == table else batch)

    monkeypatch.setattr(TableWriter, "write", losing)
    with pytest.raises(ReconcileError, match=rf"rows of {table}/"):
        clean(settings(corpus))
    assert not (corpus / "run" / "manifest.json").exists()

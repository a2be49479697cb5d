"""Windows, workers, the way back to the reference, and what is refused beforehand."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.engine.passes import run_pass
from isinglass.pipelines.explain.build import explain
from isinglass.pipelines.proof.prove import prove
from isinglass.pipelines.run import prepare
from isinglass.pipelines.stages.encode import drive
from isinglass.schemas.errors import ConfigError, RefuseError, RetryError, TooLargeError
from isinglass.transforms.encode.encoder.lane import Lane
from isinglass.transforms.encode.models.find import packaged_folder
from isinglass.transforms.encode.tokenizers.fast import FastLibrary
from tests.encoded import (
    EVERYTHING,
    hashes,
    library,
    request_of,
    start,
    table,
    write_texts,
    write_topics,
)
from tests.topics import make_topics

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.engine.passes import Session
    from isinglass.pipelines.engine.units import Unit

IDS_ALONE: dict[str, Any] = {"embeddings": "none", "max_tokens": 16}
FILES = ("tokens", "packed", "megatron", "embeddings", "hidden_states", "clusters")


def failed(run: Path) -> dict[str, str]:
    return {c.name: c.detail for c in prove(run) if c.status == "failed"}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_topics(tmp_path / "corpus", 12)
    return tmp_path


def test_truncated_rows_are_those_of_the_library(corpus: Path) -> None:
    encode = IDS_ALONE | {"windows": "truncate", "word_ids": True}
    result = start(corpus, encode)
    texts = table(result.folder, "data")["text"].to_pylist()
    expected = library(max_length=16).encode_batch(texts)
    tokens = table(result.folder, "tokens")
    assert tokens["input_ids"].to_pylist() == [one.ids for one in expected]
    assert tokens["word_ids"].to_pylist() == [one.word_ids for one in expected]
    assert result.manifest.encode is not None
    assert result.manifest.encode.truncated_documents == 12
    assert failed(result.folder) == {}


def test_windows_are_those_of_the_library(corpus: Path) -> None:
    encode = {
        "max_tokens": 16,
        "windows": "window",
        "stride": 4,
        "masks": True,
        "packed": {"length": 32},
        "semantic": {"clusters": 2},
    }
    result = start(corpus, encode)
    data = table(result.folder, "data")
    expected: list[tuple[str, int, list[int]]] = []
    for doc_id, text in zip(
        data["doc_id"].to_pylist(), data["text"].to_pylist(), strict=True
    ):
        whole = library(max_length=16, stride=4).encode(text)
        windows = [whole, *whole.overflowing]
        expected += [(doc_id, place, one.ids) for place, one in enumerate(windows)]
    tokens = table(result.folder, "tokens")
    names = ("doc_id", "window", "input_ids")
    found = zip(*(tokens[name].to_pylist() for name in names), strict=True)
    assert list(found) == expected
    assert len(expected) > data.num_rows
    vectors = table(result.folder, "embeddings")
    assert vectors["doc_id"].equals(tokens["doc_id"])
    assert vectors["window"].equals(tokens["window"])
    # Clusters and packed rows are of documents, not of windows.
    assert table(result.folder, "clusters")["doc_id"].equals(data["doc_id"])
    packed = table(result.folder, "packed")["seq_lens"].to_pylist()
    whole = library().encode_batch(data["text"].to_pylist())
    assert sum(map(sum, packed)) == sum(len(one.ids) for one in whole)
    assert result.manifest.encode is not None
    assert result.manifest.encode.rows == len(expected)
    assert failed(result.folder) == {}
    for doc_id in data["doc_id"].to_pylist():
        told = explain(result.folder, doc_id)
        own = [len(ids) for owner, _, ids in expected if owner == doc_id]
        assert told.facts["encode"]["windows"] == len(own)
        assert told.facts["encode"]["tokens"] == sum(own)
        assert dict(told.lines)["windows"] == str(len(own))


def test_without_special_tokens_an_empty_list_is_possible(tmp_path: Path) -> None:
    texts = ["\u0302", "a plain text", "\u0301"]
    write_texts(tmp_path / "corpus", [{"text": text} for text in texts])
    encode = {"special_tokens": False, "max_tokens": 8, "megatron": {}}
    result = start(tmp_path, encode)
    ids = table(result.folder, "tokens")["input_ids"].to_pylist()
    assert sorted(map(len, ids)) == [0, 0, 3]
    vectors = np.array(table(result.folder, "embeddings")["embedding"].to_pylist())
    assert sorted(np.round(np.linalg.norm(vectors, axis=1), 3)) == [0, 0, 1]
    assert {"embeddings", "tokens", "megatron"}.isdisjoint(failed(result.folder))


def test_a_corpus_of_nothing_and_of_one(tmp_path: Path) -> None:
    for name, rows in (("none", [{"text": ""}]), ("one", [{"text": "One text."}])):
        folder = tmp_path / name
        write_texts(folder / "corpus", rows)
        result = start(folder, EVERYTHING | {"semantic": {}}, dedup={})
        assert result.manifest.encode is not None
        assert result.manifest.encode.documents == (name == "one")
        assert result.manifest.semantic is not None
        assert result.manifest.semantic.clusters == (name == "one")
        assert failed(result.folder) == {}


@pytest.mark.slow
def test_same_bytes_by_any_number_of_workers_in_any_order(tmp_path: Path) -> None:
    made = []
    for name, mode, reverse in (
        ("one", "in_memory", False),
        ("back", "in_memory", True),
        ("two", "multi_processing", False),
    ):
        folder = tmp_path / name
        write_topics(folder / "corpus", 36)
        inputs = [{"path": str(tmp_path / "one" / "corpus"), "source": "web"}]
        beam = {"mode": mode, "workers": 2}
        encode = EVERYTHING | {"verify_tokenizer": 0.05}
        result = start(
            folder, encode, dedup={}, beam=beam, reverse=reverse, inputs=inputs
        )
        lists = {
            name: pq.read_table(result.folder / "audit" / f"{name}.parquet").to_pylist()
            for name in ("clusters", "cluster_shares")
        }
        manifest = json.loads((result.folder / "manifest.json").read_text())
        told = {part: manifest[part] for part in ("encode", "semantic")}
        made.append((hashes(result.folder, *FILES), lists, told))
    # The first document of each shard always is compared.
    for _, _, told in made:
        assert told["encode"]["tokenizer"]["documents_compared"] > 0
    assert made[0] == made[1] == made[2]


@pytest.fixture
def wrong_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fast libraries give other ids for some documents of the corpus."""
    honest = FastLibrary.encode

    def wrong(self: FastLibrary, texts: list[str]) -> tuple[Any, Any]:
        ids, offsets = honest(self, texts)
        # Only in this corpus: what is tried at the start must not show it.
        marks = [i for i, t in enumerate(texts) if "telescope" in t or "galaxy" in t]
        ids = ids.copy()
        for row in marks:
            ids[offsets[row] + 1] += 1
        return ids, offsets

    monkeypatch.setattr(FastLibrary, "encode", wrong)


def test_a_library_that_differs_is_given_up(corpus: Path, wrong_library: None) -> None:
    encode = IDS_ALONE | {"verify_tokenizer": 1, "packed": {"length": 32}}
    result = start(corpus, encode)
    used = result.manifest.encode
    assert used is not None
    assert used.tokenizer.fell_back
    assert [name.split()[0] for name in used.tokenizer.backends] == ["tokenizers"]
    texts = table(result.folder, "data")["text"].to_pylist()
    expected = [one.ids for one in library().encode_batch(texts)]
    assert table(result.folder, "tokens")["input_ids"].to_pylist() == expected
    assert failed(result.folder) == {}
    report = (result.folder / "report.html").read_text()
    assert "done again by the reference alone" in report


def test_a_run_that_is_killed_on_its_way_back_goes_on_by_the_reference(
    corpus: Path,
    wrong_library: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    encode = IDS_ALONE | {"verify_tokenizer": 1}
    limits = {"shard_bytes": 1_000}
    with monkeypatch.context() as patch:
        patch.setattr(drive, "run_pass", killed)
        with pytest.raises(KeyboardInterrupt):
            start(corpus, encode, limits=limits)
    caplog.clear()
    result = start(corpus, encode, limits=limits)
    assert "done again by the reference" not in caplog.text
    done = next(p for p in result.manifest.passes if p.name == "encode")
    assert (done.reused, done.units > 1) == (1, True)
    assert result.manifest.encode is not None
    assert result.manifest.encode.tokenizer.fell_back
    assert failed(result.folder) == {}


def test_what_was_found_out_of_another_tokenizer_is_not_heard(
    corpus: Path, wrong_library: None, caplog: pytest.LogCaptureFixture
) -> None:
    note = corpus / "run" / "work" / "encode" / "reference.json"
    encode = IDS_ALONE | {"verify_tokenizer": 1}
    start(corpus, encode, verb="clean")
    for content in ("", "1", json.dumps("0" * 64)):
        note.parent.mkdir(exist_ok=True)
        note.write_text(content)
        caplog.clear()
        start(corpus, encode, replace=True)
        assert "done again by the reference" in caplog.text
        (corpus / "run" / "_SUCCESS").unlink()


def killed(session: Session, work: Any, units: list[Unit], **options: Any) -> Any:
    """Do a pass; of the way back to the reference one unit alone."""
    if not getattr(work, "fell_back", False):
        return run_pass(session, work, units, **options)
    run_pass(session, work, units[:1], **options)
    raise KeyboardInterrupt


def test_the_reference_can_be_asked_for(corpus: Path) -> None:
    encode = IDS_ALONE | {"tokenizer_backend": "reference"}
    used = start(corpus, encode).manifest.encode
    assert used is not None
    assert [name.split()[0] for name in used.tokenizer.backends] == ["tokenizers"]
    assert not used.tokenizer.fell_back
    assert used.tokenizer.documents_compared == 0


@pytest.mark.parametrize("windows", ["all", "window"])
def test_a_document_that_is_too_large_is_named(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, windows: str
) -> None:
    rows = make_topics(12)
    rows[7]["text"] += " zebra" * 30
    if windows == "all":
        rows[7]["text"] = "zebra " + rows[7]["text"]
    write_texts(corpus / "corpus", rows)
    zebra = library().token_to_id("zebra")
    honest = Lane.submit

    def short(lane: Lane, ids: Any, lengths: Any) -> Any:
        if zebra in ids:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return honest(lane, ids, lengths)

    monkeypatch.setattr(Lane, "submit", short)
    encode = {"max_tokens": 16, "windows": windows}
    pattern = r"16 tokens does not fit .* Its doc_id is ([0-9a-f]{32})\.$"
    with pytest.raises(TooLargeError, match=pattern) as caught:
        start(corpus, encode)
    named = re.search(pattern, str(caught.value))
    assert named is not None
    kept = table(corpus / "run", "data").to_pylist()
    (guilty,) = [row["doc_id"] for row in kept if "zebra" in row["text"]]
    assert named[1] == guilty


def test_other_clusters_leave_tokens_and_vectors_alone(corpus: Path) -> None:
    encode = {"max_tokens": 16, "megatron": {}, "semantic": {"clusters": 2}}
    first = start(corpus, encode)
    before = hashes(first.folder, "tokens", "embeddings", "megatron")
    # As an attempt that was killed leaves them.
    (first.folder / "megatron" / ".web-00000000-00000.77.tmp.bin").write_bytes(b"x")
    encode["semantic"] = {"clusters": 3}
    second = start(corpus, encode, replace=True)
    reused = {p.name: (p.units, p.reused) for p in second.manifest.passes}
    assert reused["encode"][0] == reused["encode"][1]
    assert reused["semantic_fit"] == (1, 0)
    assert hashes(second.folder, "tokens", "embeddings", "megatron") == before
    assert second.manifest.semantic is not None
    assert second.manifest.semantic.clusters == 3
    assert failed(second.folder) == {}


def test_hidden_states_are_announced_and_need_room(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    free = "isinglass.pipelines.stages.encode.drive.free_bytes"
    monkeypatch.setattr(free, lambda _: 10_000)
    encode = {"max_tokens": 16, "hidden_states": True}
    with pytest.raises(
        RetryError, match=r"would take about 147\.5 kB.*has 10\.0 kB free"
    ):
        start(corpus, encode)
    said = [record.getMessage() for record in caplog.records]
    assert any(
        "12 documents, 192 tokens x 768 bytes = about 147.5 kB" in s for s in said
    )


PICKLE = b"cos\nsystem\n(S'true'\ntR."


def _model(folder: Path) -> Path:
    model = folder / "model"
    shutil.copytree(packaged_folder(), model)
    return model


@pytest.mark.parametrize(
    ("encode", "message"),
    [
        (
            {"packed": {"end_token": "<|endoftext|>"}},
            r"encode\.packed\.end_token: the tokenizer .* no token '<\|endoftext\|>'",
        ),
        ({"megatron": {"end_token": "[EOD]"}}, r"encode\.megatron\.end_token"),
        ({"max_tokens": 513}, "513 is more than the 512 tokens"),
        (
            {"windows": "window", "max_tokens": 8, "stride": 6},
            r"encode\.stride: 6 leaves no new token in a window of 8, 2 of them",
        ),
        ({"device": "cuda:7"}, "torch sees no CUDA device"),
        ({"model": "no/such model"}, r"encode\.model"),
        ({"tokenizer": "nowhere"}, r"encode\.tokenizer"),
    ],
)
def test_what_is_refused_before_anything_is_written(
    corpus: Path, encode: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        prepare(request_of(corpus, encode))
    assert not (corpus / "run").exists()


def test_bad_model_folders_are_refused_before_anything_is_written(
    corpus: Path,
) -> None:
    model = _model(corpus)
    weights = (model / "model.safetensors").read_bytes()
    encode = {"model": str(model), "tokenizer": str(model)}
    (model / "model.safetensors").write_bytes(weights[:-4096])
    with pytest.raises(RefuseError, match="cannot be read as safetensors"):
        prepare(request_of(corpus, encode))
    # Another name of the same length: a tensor that is missing.
    (model / "model.safetensors").write_bytes(
        weights.replace(b"layer.5.output.dense.bias", b"layer.5.output.dense.b1as")
    )
    with pytest.raises(RefuseError, match=r"no tensor .*layer\.5\.output\.dense\.bias"):
        prepare(request_of(corpus, encode))
    (model / "model.safetensors").unlink()
    with pytest.raises(RefuseError, match=r"has no model\.safetensors"):
        prepare(request_of(corpus, encode))
    (model / "pytorch_model.bin").write_bytes(PICKLE)
    with pytest.raises(RefuseError, match=r"pytorch_model\.bin, a pickle"):
        prepare(request_of(corpus, encode))
    encode = {"tokenizer": str(model)}
    content = json.loads((model / "tokenizer.json").read_text())
    content["normalizer"]["lowercase"] = False
    (model / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(RefuseError, match="do not belong together"):
        prepare(request_of(corpus, encode))
    assert not (corpus / "run").exists()


def test_a_dry_run_says_how_large_hidden_states_can_become(corpus: Path) -> None:
    config = corpus / "job.json"
    config.write_text(
        json.dumps(
            {
                "inputs": [{"path": "corpus"}],
                "output": "run",
                "encode": {"max_tokens": 8, "hidden_states": True},
            }
        )
    )
    command = ["run", "--config", str(config), "--dry-run", "--format", "json"]
    ran = subprocess.run(
        [sys.executable, "-m", "isinglass", *command],
        check=False,
        cwd=corpus,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["hidden_states"].startswith(("about ", "up to "))
    assert not (corpus / "run").exists()

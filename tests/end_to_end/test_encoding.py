"""Everything that the encode pass writes, read by other means than its own."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.explain.build import explain
from isinglass.pipelines.proof.prove import prove
from isinglass.transforms.encode.models.find import packaged_folder
from isinglass.transforms.encode.outputs.readers import (
    read_embeddings,
    read_hidden_states,
)
from tests.encoded import (
    EVERYTHING,
    embeddings_of,
    library,
    megatron_documents,
    start,
    table,
    write_topics,
)

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.run import Result
    from isinglass.schemas.encoding import EncodeSummary

PAD, SEP = 0, 102


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("encoding")
    write_topics(folder / "corpus")
    result = start(folder, EVERYTHING, dedup={})
    assert len(list((result.folder / "tokens").iterdir())) > 1
    return result


@pytest.fixture(scope="module")
def run(result: Result) -> Path:
    return result.folder


@pytest.fixture(scope="module")
def summary(result: Result) -> EncodeSummary:
    assert result.manifest.encode is not None
    return result.manifest.encode


@pytest.fixture(scope="module")
def expected(run: Path) -> list[Any]:
    """Every kept document by the tokenizers library."""
    encoded: list[Any] = library().encode_batch(table(run, "data")["text"].to_pylist())
    return encoded


def test_all_of_it_is_proved(run: Path) -> None:
    checks = {check.name: check.status for check in prove(run)}
    ours = {
        "tokens",
        "packed",
        "megatron",
        "embeddings",
        "hidden states",
        "clusters",
    }
    assert ours <= checks.keys()
    assert {checks[name] for name in ours} == {"passed"}
    assert "failed" not in checks.values()


def test_tokens_are_those_of_the_library(run: Path, expected: list[Any]) -> None:
    tokens = table(run, "tokens")
    assert tokens["doc_id"].equals(table(run, "data")["doc_id"])
    assert tokens["input_ids"].to_pylist() == [one.ids for one in expected]
    assert tokens["n_tokens"].to_pylist() == [len(one.ids) for one in expected]
    masks = [one.special_tokens_mask for one in expected]
    assert tokens["special_tokens_mask"].to_pylist() == masks
    assert tokens["word_ids"].to_pylist() == [one.word_ids for one in expected]
    assert min(tokens["n_tokens"].to_pylist()) > 32


def test_packed_rows_are_the_documents_in_pieces(
    run: Path, expected: list[Any], summary: EncodeSummary
) -> None:
    pieces: dict[str, dict[int, list[int]]] = defaultdict(dict)
    rows = 0
    for row in table(run, "packed").to_pylist():
        rows += 1
        assert len(row["input_ids"]) == sum(row["seq_lens"]) <= 64
        positions: list[int] = []
        place = 0
        for size, doc_id, first in zip(
            row["seq_lens"], row["doc_ids"], row["starts"], strict=True
        ):
            positions += range(size)
            assert first not in pieces[doc_id]
            pieces[doc_id][first] = row["input_ids"][place : place + size]
            place += size
        assert row["position_ids"] == positions
    joined = {}
    for doc_id, parts in pieces.items():
        ids: list[int] = []
        for first in sorted(parts):
            assert first == len(ids)
            ids += parts[first]
        joined[doc_id] = ids
    doc_ids = table(run, "data")["doc_id"].to_pylist()
    whole = [[*one.ids, PAD] for one in expected]
    assert joined == dict(zip(doc_ids, whole, strict=True))
    assert summary.packed is not None
    tokens = sum(map(len, whole))
    assert (summary.packed.rows, summary.packed.tokens) == (rows, tokens)
    assert summary.packed.fill == pytest.approx(tokens / (rows * 64))


def test_megatron_files_hold_the_documents_in_order(
    run: Path, expected: list[Any], summary: EncodeSummary
) -> None:
    shards = sorted({path.stem for path in (run / "megatron").iterdir()})
    assert shards == [path.stem for path in sorted((run / "data").iterdir())]
    found = [
        document
        for shard in shards
        for document in megatron_documents(run / "megatron" / shard)
    ]
    assert found == [[*one.ids, SEP] for one in expected]
    assert summary.megatron is not None
    assert summary.megatron.dtype == "uint16"
    assert summary.megatron.sequences == len(found)
    assert summary.megatron.tokens == sum(map(len, found))


def test_embeddings_are_those_of_sentence_transformers(run: Path) -> None:
    # Not at the top, because it takes seconds to import.
    import sentence_transformers  # noqa: PLC0415

    model = sentence_transformers.SentenceTransformer(
        str(packaged_folder()), device="cpu"
    )
    model.max_seq_length = 32
    data = table(run, "data")
    theirs = model.encode(data["text"].to_pylist(), normalize_embeddings=True)
    doc_ids, ours = read_embeddings(run / "embeddings")
    assert doc_ids.to_pylist() == data["doc_id"].to_pylist()
    assert ours.dtype == np.float16
    assert np.array_equal(ours, embeddings_of(run))
    assert np.abs(ours.astype(np.float32) - theirs).max() < 2.0**-11
    assert np.abs(theirs[1:] - theirs[:-1]).max(axis=1).min() > 2.0**-11


def test_the_mean_of_hidden_states_is_the_embedding(
    run: Path, expected: list[Any], summary: EncodeSummary
) -> None:
    _, vectors = read_embeddings(run / "embeddings")
    told = table(run, "hidden_states")["n_tokens"].to_pylist()
    assert told == [min(len(one.ids), 32) for one in expected]
    assert summary.hidden_states == sum(told)
    ids = []
    for number, (doc_id, states) in enumerate(
        read_hidden_states(run / "hidden_states")
    ):
        ids.append(doc_id)
        assert states.shape == (told[number], 384)
        mean = states.astype(np.float64).mean(axis=0)
        mean /= np.linalg.norm(mean)
        assert np.abs(mean - vectors[number]).max() < 1e-3
    assert ids == table(run, "data")["doc_id"].to_pylist()


def test_the_manifest_counts_what_is_there(
    result: Result, summary: EncodeSummary, expected: list[Any]
) -> None:
    documents = len(expected)
    assert documents == result.manifest.records.kept == summary.documents
    assert summary.rows == documents
    assert summary.tokens == sum(len(one.ids) for one in expected)
    assert summary.truncated_documents == sum(len(one.ids) > 32 for one in expected)
    assert summary.dimensions == 384
    assert summary.tokenizer.documents_compared == documents
    assert summary.tokenizer.documents_by_reference == 0
    assert not summary.tokenizer.fell_back
    assert summary.encoder is not None
    assert summary.encoder.pooling == ["mean"]
    assert len(summary.encoder.devices) == 1


def test_the_report_tells_the_same(run: Path, summary: EncodeSummary) -> None:
    html = (run / "report.html").read_text().replace("\u202f", "")
    assert {"encode", "clusters"} <= set(re.findall(r'<h2 id="(\w+)"', html))
    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html))
    assert summary.packed is not None
    assert summary.megatron is not None
    for row in (
        f"documents encoded {summary.documents} ",
        f" tokens {summary.tokens} by tokenizer minilm",
        f"packed rows {summary.packed.rows} ",
        f"Megatron sequences {summary.megatron.sequences} ",
        f"hidden states {summary.hidden_states} ",
        f"documents cut for the encoder {summary.truncated_documents} ",
        f"documents compared with the reference {summary.documents} ",
    ):
        assert row in text, row


@pytest.mark.parametrize("name", ["tokens", "packed", "embeddings", "clusters"])
def test_the_datasets_library_reads_it(run: Path, tmp_path: Path, name: str) -> None:
    import datasets  # noqa: PLC0415

    files = sorted(str(path) for path in (run / name).iterdir())
    loaded = datasets.load_dataset(
        "parquet", data_files=files, split="train", cache_dir=str(tmp_path)
    )
    assert loaded.column_names == pq.read_schema(files[0]).names
    assert loaded[0] == table(run, name).slice(0, 1).to_pylist()[0]
    assert len(loaded) == table(run, name).num_rows


def test_masked_language_modelling_takes_the_rows_as_they_are(run: Path) -> None:
    import transformers  # noqa: PLC0415

    tokenizer = transformers.AutoTokenizer.from_pretrained(str(packaged_folder()))
    collator = transformers.DataCollatorForLanguageModeling(tokenizer, seed=3)
    tokens = table(run, "tokens").select(["input_ids", "special_tokens_mask"])
    rows = tokens.slice(0, 4).to_pylist()
    batch = collator(rows)
    for row, labels in zip(rows, batch["labels"].tolist(), strict=True):
        masked = [place for place, label in enumerate(labels) if label != -100]
        assert masked
        assert all(row["special_tokens_mask"][place] == 0 for place in masked)
        assert all(labels[place] == row["input_ids"][place] for place in masked)


def test_explain_tells_tokens_and_packed_rows(run: Path, expected: list[Any]) -> None:
    data = table(run, "data")["doc_id"].to_pylist()
    packed = {
        path.stem: pq.read_table(path)["doc_ids"].to_pylist()
        for path in sorted((run / "packed").iterdir())
    }
    several = 0
    for doc_id, ids in list(zip(data, expected, strict=True))[::7]:
        told = explain(run, doc_id)
        rows = packed[told.facts["record"]["shard"]]
        holding = [number for number, pieces in enumerate(rows) if doc_id in pieces]
        assert told.facts["encode"] == {
            "tokens": len(ids.ids),
            "windows": None,
            "packed_rows": holding,
        }
        lines = dict(told.lines)
        assert lines["tokens"] == str(len(ids.ids))
        listed = ", ".join(map(str, holding))
        assert lines["packed in"] == f"row {listed} of its shard"
        assert "windows" not in lines
        several += len(holding) > 1
    assert several


def test_explain_tells_clusters(run: Path) -> None:
    near = 0
    for row in table(run, "clusters").to_pylist():
        near += row["near_duplicate_of"] is not None
        if near > 1 and row["near_duplicate_of"] is not None:
            continue
        told = explain(run, row.pop("doc_id"))
        assert told.facts["semantic"] == row
        lines = dict(told.lines)
        assert lines["cluster"].startswith(f"{row['cluster']}, similarity to its")
        assert lines["outlier score"] == f"{row['outlier_score']:.6f}"
        leader = row["near_duplicate_of"]
        assert ("near to" in lines) == (leader is not None)
        said = f"{leader} in meaning, cosine {row['near_duplicate_cosine'] or 0:.6f}"
        assert leader is None or lines["near to"] == said
    assert near
    json.dumps(told.facts)


def test_explain_tells_nothing_of_what_was_not_encoded(run: Path) -> None:
    rows = table(run, "ledger").to_pylist()
    dropped = next(row["doc_id"] for row in rows if row["outcome"] == "dropped")
    told = explain(run, dropped)
    assert {"encode", "semantic"}.isdisjoint(told.facts)
    assert {"tokens", "cluster"}.isdisjoint(dict(told.lines))

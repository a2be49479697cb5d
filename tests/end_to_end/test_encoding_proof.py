"""`verify` finds what was tampered with in the files of the encode pass."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.proof.prove import prove
from isinglass.pipelines.stages.encode import proof_vectors
from isinglass.schemas.manifest import Model
from isinglass.transforms.encode.models.check import check_models
from isinglass.transforms.encode.models.find import packaged_folder
from tests.encoded import EVERYTHING, start, write_topics
from tests.forgeries import (
    encode_nothing_again,
    in_cell,
    in_manifest,
    in_table,
    increase,
    lose_a_row,
    reseal,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.forgeries import Change


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoding-proof")
    write_topics(folder / "corpus")
    return start(folder, EVERYTHING, dedup={}).folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def _swap_rows(table: pa.Table) -> pa.Table:
    rows = list(range(table.num_rows))
    rows[0], rows[1] = 1, 0
    return table.take(pa.array(rows))


def _swap(column: str) -> Callable[[pa.Table], pa.Table]:
    """The first two values of one column change places."""

    def change(table: pa.Table) -> pa.Table:
        place = table.schema.get_field_index(column)
        values = table[column].to_pylist()
        values[0], values[1] = values[1], values[0]
        assert values != table[column].to_pylist()
        field = table.schema.field(column)
        return table.set_column(place, field, pa.array(values, field.type))

    return change


def _more(ids: list[int]) -> list[int]:
    """Another second value; the first is a special token."""
    return [ids[0], ids[1] + 1, *ids[2:]]


def _halved(vector: bytes) -> bytes:
    return (np.frombuffer(vector, "<f2") / 2).astype("<f2").tobytes()


def _unknown(states: list[bytes]) -> list[bytes]:
    values = np.frombuffer(states[0], "<f2").copy()
    values[3] = np.nan
    return [values.tobytes(), *states[1:]]


def in_bytes(folder: str, suffix: str, place: int) -> Change:
    """A forgery of one byte of the first file with a suffix."""

    def forge(run: Path) -> None:
        path = min((run / folder).glob(f"*{suffix}"))
        data = bytearray(path.read_bytes())
        data[place] ^= 1
        path.write_bytes(bytes(data))

    return forge


def _exchange(table: pa.Table, column: str, rows: list[int]) -> pa.Table:
    values = table[column].to_pylist()
    one, other = rows
    values[one], values[other] = values[other], values[one]
    place = table.schema.get_field_index(column)
    field = table.schema.field(column)
    return table.set_column(place, field, pa.array(values, field.type))


def _exchange_clusters(table: pa.Table) -> pa.Table:
    """Two documents of different clusters, so that all sizes stay as they are."""
    clusters = table["cluster"].to_pylist()
    other = next(row for row, c in enumerate(clusters) if c != clusters[0])
    return _exchange(table, "cluster", [0, other])


def _exchange_leaders(table: pa.Table) -> pa.Table:
    leaders = table["near_duplicate_of"].to_pylist()
    marked = [row for row, leader in enumerate(leaders) if leader is not None]
    return _exchange(table, "near_duplicate_of", marked[:2])


def _other_cluster(number: int) -> int:
    return (number + 1) % 4


FORGERIES: dict[str, tuple[Change, str]] = {
    # Ids.
    "another id": (in_cell("tokens", "input_ids", _more), "tokens"),
    "another count": (in_cell("tokens", "n_tokens", increase), "counts"),
    "ids of each other": (in_table("tokens", _swap("input_ids")), "tokens"),
    "exchanged rows of tokens": (in_table("tokens", _swap_rows), "tokens"),
    "another mask": (
        in_cell("tokens", "special_tokens_mask", lambda m: [0, *m[1:]]),
        "tokens",
    ),
    "another word": (
        in_cell("tokens", "word_ids", lambda w: [w[0], 7, *w[2:]]),
        "tokens",
    ),
    # Packed rows.
    "a packed id": (in_cell("packed", "input_ids", _more), "packed"),
    "a packed position": (in_cell("packed", "position_ids", _more), "packed"),
    "a packed length": (
        in_cell("packed", "seq_lens", lambda s: [s[0] - 1, *s[1:]]),
        "packed",
    ),
    "a packed document": (
        in_cell("packed", "doc_ids", lambda d: ["0" * 32, *d[1:]]),
        "packed",
    ),
    "a packed start": (in_cell("packed", "starts", lambda s: [s[0] + 1]), "packed"),
    "a lost packed row": (in_table("packed", lose_a_row), "packed"),
    "packed tokens more": (
        in_manifest("encode", "packed", "tokens", value=increase),
        "counts",
    ),
    # Megatron.
    "a byte of an id": (in_bytes("megatron", ".bin", 2), "megatron"),
    "another magic": (in_bytes("megatron", ".idx", 0), "megatron"),
    "another length of a sequence": (in_bytes("megatron", ".idx", 34), "megatron"),
    "another border": (in_bytes("megatron", ".idx", -8), "megatron"),
    "another start": (in_bytes("megatron", ".idx", -100), "megatron"),
    "sequences more": (
        in_manifest("encode", "megatron", "sequences", value=increase),
        "counts",
    ),
    # Vectors.
    "a short vector": (in_cell("embeddings", "embedding", _halved), "embeddings"),
    "exchanged rows of vectors": (in_table("embeddings", _swap_rows), "embeddings"),
    "vectors of each other": (in_table("embeddings", _swap("embedding")), "embeddings"),
    "a state of another token": (
        in_cell("hidden_states", "last_hidden_state", lambda s: [s[1], *s[1:]]),
        "hidden states",
    ),
    "a lost vector": (in_table("embeddings", lose_a_row), "embeddings"),
    "no number": (
        in_cell("hidden_states", "last_hidden_state", _unknown),
        "hidden states",
    ),
    "a lost state": (
        in_cell("hidden_states", "last_hidden_state", lambda states: states[1:]),
        "hidden states",
    ),
    "another count of states": (
        in_cell("hidden_states", "n_tokens", increase),
        "hidden states",
    ),
    # Clusters.
    "a lost document": (in_table("clusters", lose_a_row), "clusters"),
    "another cluster": (in_cell("clusters", "cluster", _other_cluster), "clusters"),
    "a cluster that is not there": (in_cell("clusters", "cluster", -1), "clusters"),
    "clusters of each other": (in_table("clusters", _exchange_clusters), "clusters"),
    "leaders of each other": (in_table("clusters", _exchange_leaders), "clusters"),
    "documents without a cluster": (
        in_manifest("semantic", "without_cluster", value={"empty": 3}),
        "clusters",
    ),
    "a higher cosine": (
        in_cell("clusters", "near_duplicate_cosine", lambda c: c + 0.001),
        "clusters",
    ),
    "near nothing": (
        in_cell("clusters", "near_duplicate_of", "0" * 32),
        "clusters",
    ),
    "fewer near ones": (
        in_manifest("semantic", "near_duplicates", value=lambda n: n - 1),
        "clusters",
    ),
    "another threshold": (in_manifest("semantic", "threshold", value=0.99), "clusters"),
}


@pytest.mark.parametrize("name", list(FORGERIES))
def test_a_forgery_is_found(
    run: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    forge, where = FORGERIES[name]
    if where not in {"embeddings", "hidden states"}:
        encode_nothing_again(monkeypatch)
    forge(run)
    reseal(run)
    failed = {check.name for check in prove(run) if check.status == "failed"}
    assert where in failed


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("clusters", "documents", 99),
        ("clusters", "near_duplicates", 99),
        ("clusters", "medoid_doc_id", "0" * 32),
        ("clusters", "medoid_similarity", 0.99),
        ("cluster_shares", "documents_before", 99),
        ("cluster_shares", "characters_after", 99),
        ("cluster_shares", "reason", "empty"),
    ],
)
def test_another_value_in_audit_is_found(
    run: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    column: str,
    value: object,
) -> None:
    encode_nothing_again(monkeypatch)
    path = run / "audit" / f"{name}.parquet"
    table = pq.read_table(path)
    values: list[Any] = table[column].to_pylist()
    values[0] = value
    place = table.schema.get_field_index(column)
    field = table.schema.field(column)
    pq.write_table(table.set_column(place, field, pa.array(values, field.type)), path)
    reseal(run)
    failed = {check.name for check in prove(run) if check.status == "failed"}
    assert failed == {"clusters"}


def test_the_untouched_run_is_proved_and_all_of_it_made_again(finished: Path) -> None:
    checks = {check.name: check for check in prove(finished)}
    assert "failed" not in {check.status for check in checks.values()}
    told = "55 vectors; 55 of them made again from their texts"
    assert checks["embeddings"].detail == told


def test_another_model_here_proves_no_vectors(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "isinglass.pipelines.stages.encode.proof_vectors.check_models",
        lambda _: [Model(name="other", role="encoder", sha256="0" * 64)],
    )
    checks = {check.name: check for check in prove(run)}
    assert checks["embeddings"].status == "passed"
    assert "the model here is another one" in checks["embeddings"].detail


def test_another_tokenizer_here_proves_no_tokens(tmp_path: Path) -> None:
    write_topics(tmp_path / "corpus", 6)
    file = tmp_path / "tokenizer.json"
    content = json.loads((packaged_folder() / "tokenizer.json").read_text())
    file.write_text(json.dumps(content))
    encode = {
        "tokenizer": str(file),
        "embeddings": "none",
        "packed": {"length": 64},
        "megatron": {},
    }
    folder = start(tmp_path, encode).folder
    names = ("tokens", "packed", "megatron")
    checks = {check.name: check for check in prove(folder)}
    assert {checks[name].status for name in names} == {"passed"}
    vocabulary = content["model"]["vocab"]
    words = ("telescope", "galaxy")
    one, other = (vocabulary[word] for word in words)
    vocabulary |= {words[0]: other, words[1]: one}
    # Ids that differ, and then the same ids from a file of other bytes.
    for indent in (None, 1):
        file.write_text(json.dumps(content, indent=indent))
        checks = {check.name: check for check in prove(folder)}
        assert {checks[name].status for name in names} == {"skipped"}
        told = {checks[name].detail for name in names}
        assert told == {"the tokenizer here is another one than the manifest's"}
        vocabulary |= {words[0]: one, words[1]: other}


def test_another_tokenizer_here_proves_no_vectors(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(settings: Any) -> list[Model]:
        tokenizer, *rest = check_models(settings)
        return [tokenizer.model_copy(update={"sha256": "0" * 64}), *rest]

    monkeypatch.setattr(proof_vectors, "check_models", other)
    checks = {check.name: check for check in prove(run)}
    assert "the tokenizer here is another one" in checks["embeddings"].detail

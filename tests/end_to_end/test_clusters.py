"""What is seen in the vectors of a run, held against a corpus that was planted."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks.soak import leaks
from isinglass.pipelines.proof.prove import prove
from isinglass.pipelines.stages.semantic import vectors
from tests.encoded import embeddings_of, hashes, start, table, write_texts, write_topics
from tests.topics import make_topics

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.run import Result

HOSTILE = "<script>alert(1)</script>"
ENCODE = {"max_tokens": 64, "semantic": {"clusters": 3, "duplicates": 0.96}}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return write_topics(tmp_path_factory.mktemp("topics") / "corpus", 72)


@pytest.fixture(scope="module")
def result(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> Result:
    folder = tmp_path_factory.mktemp("clusters")
    strange = [row | {"source": HOSTILE} for row in rows[:12]]
    unwanted = {"id": "q1", "text": "What is the capital of the planet Xanthia seven?"}
    write_texts(folder / "corpus", [*strange, *rows[12:], unwanted])
    (folder / "questions.jsonl").write_text(f'{{"text": "{unwanted["text"]}"}}\n')
    decontaminate = {
        "files": [str(folder / "questions.jsonl")],
        "ngram": 5,
        "min_words": 5,
    }
    columns = {"columns": {"source": "source"}}
    inputs = [{"path": str(folder / "corpus"), "source": "web", **columns}]
    return start(folder, ENCODE, dedup={}, decontaminate=decontaminate, inputs=inputs)


@pytest.fixture(scope="module")
def seen(result: Result) -> list[dict[str, Any]]:
    """Rows of `clusters/` beside those of `data/`."""
    both = zip(
        table(result.folder, "clusters").to_pylist(),
        table(result.folder, "data").to_pylist(),
        strict=True,
    )
    return [cluster | data for cluster, data in both]


def test_the_run_is_proved(result: Result) -> None:
    status = {check.name: check.status for check in prove(result.folder)}
    assert status["clusters"] == "passed"
    assert "failed" not in status.values()


def test_planted_topics_are_clusters(seen: list[dict[str, Any]]) -> None:
    by_topic: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for row in seen:
        by_topic[row["topic"]][row["cluster"]] += 1
    assert len(by_topic) == 3
    assert all(len(clusters) == 1 for clusters in by_topic.values())
    assert len({next(iter(clusters)) for clusters in by_topic.values()}) == 3


def test_near_duplicates_name_the_first_with_its_cosine(
    result: Result, seen: list[dict[str, Any]]
) -> None:
    matrix = embeddings_of(result.folder).astype(np.float64)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    places = {row["doc_id"]: number for number, row in enumerate(seen)}
    marked = [row for row in seen if row["near_duplicate_of"] is not None]
    assert len(marked) >= 10
    for row in marked:
        leader = row["near_duplicate_of"]
        cosine = matrix[places[row["doc_id"]]] @ matrix[places[leader]]
        assert leader < row["doc_id"]
        assert row["near_duplicate_cosine"] == pytest.approx(cosine, abs=2e-6)
        assert cosine >= 0.96 - 1e-6
    leaders = {row["near_duplicate_of"] for row in marked}
    assert leaders.isdisjoint(row["doc_id"] for row in marked)
    # Every pair that brute force finds is marked on one side at least.
    near = np.argwhere(np.triu(matrix @ matrix.T >= 0.96 + 1e-6, 1))
    ids = [row["doc_id"] for row in seen]
    known = {row["doc_id"] for row in marked}
    assert len(near)
    assert all(ids[a] in known or ids[b] in known for a, b in near)


def test_shares_add_up_and_say_where_the_rest_went(result: Result) -> None:
    manifest = result.manifest
    assert manifest.semantic is not None
    shares = pq.read_table(result.folder / "audit" / "cluster_shares.parquet")
    rows = shares.to_pylist()
    assert sum(row["documents_before"] for row in rows) == manifest.records.total_in
    assert sum(row["documents_after"] for row in rows) == manifest.records.kept
    assert manifest.semantic.without_cluster == {"contaminated": 1}
    inside = [row for row in rows if row["cluster"] is not None]
    removed = sum(row["documents_before"] - row["documents_after"] for row in inside)
    assert manifest.dedup is not None
    assert removed == manifest.dedup.exact_removed + manifest.dedup.near_removed > 0
    ledger = table(result.folder, "ledger").to_pylist()
    cluster = {
        row["doc_id"]: row["cluster"]
        for row in table(result.folder, "clusters").to_pylist()
    }
    counted = Counter(
        cluster.get(row["kept_doc_id"] or row["doc_id"]) for row in ledger
    )
    told: Counter[int | None] = Counter()
    for row in rows:
        told[row["cluster"]] += row["documents_before"]
    assert told == counted


def test_medoids_and_terms_are_of_their_cluster(
    result: Result, seen: list[dict[str, Any]]
) -> None:
    listed = pq.read_table(result.folder / "audit" / "clusters.parquet").to_pylist()
    topic = {row["cluster"]: row["topic"] for row in seen}
    known = {
        "baking": {"dough", "oven", "loaf", "baker", "flour", "crust"},
        "sailing": {"sail", "skipper", "harbour", "boat", "jib", "quay", "gale"},
        "astronomy": {"telescope", "galaxy", "nebula", "orbit", "sky", "moon", "light"},
    }
    for row in listed:
        members = [one for one in seen if one["cluster"] == row["cluster"]]
        assert row["documents"] == len(members)
        most = max(one["similarity"] for one in members)
        assert row["medoid_similarity"] == pytest.approx(most, abs=1e-6)
        assert row["medoid_doc_id"] in {one["doc_id"] for one in members}
        assert known[topic[row["cluster"]]] & set(row["terms"])


def test_the_report_shows_the_map_and_escapes_what_is_hostile(result: Result) -> None:
    html = (result.folder / "report.html").read_text()
    assert "What the corpus is about" in html
    assert html.count("<circle") >= 6
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_recall_is_when_all_documents(result: Result) -> None:
    assert result.manifest.semantic is not None
    recall = result.manifest.semantic.recall
    assert recall.documents == result.manifest.records.kept
    assert recall.with_pairs > 0
    assert recall.found == recall.with_pairs
    assert recall.recall == 1.0
    assert recall.low is not None
    assert 0.5 < recall.low < 1


@pytest.mark.parametrize("seed", [11, 12])
def test_buckets_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    made = []
    write_topics(tmp_path / "corpus", 36)
    inputs = [{"path": str(tmp_path / "corpus"), "source": "web"}]
    encode = ENCODE | {"semantic": {"clusters": 6, "largest": 100}}
    for name, size in (("whole", 2**28), ("parts", 4 * 384 * 4)):
        monkeypatch.setattr(vectors, "BUCKET_BYTES", size)
        result = start(tmp_path / name, encode, dedup={}, inputs=inputs, seed=seed)
        units = {p.name: p.units for p in result.manifest.passes}
        assert (units["semantic_neighbours"] > 1) == (name == "parts")
        lists = pq.read_table(result.folder / "audit" / "clusters.parquet")
        made.append((hashes(result.folder, "clusters"), lists.to_pylist()))
        assert any(lists["terms"].to_pylist())
    assert made[0] == made[1]


def test_words_can_be_left_out(tmp_path: Path) -> None:
    write_topics(tmp_path / "corpus", 36)
    encode = ENCODE | {"semantic": {"clusters": 3, "terms": False}}
    run = start(tmp_path, encode, dedup={}).folder
    listed = pq.read_table(run / "audit" / "clusters.parquet")
    assert listed["terms"].to_pylist() == [[], [], []]
    assert "telescope" not in (run / "report.html").read_text()
    assert {c.status for c in prove(run)} <= {"passed", "skipped"}


def test_words_are_gone_when_a_run_is_done_and_made_again_for_another(
    tmp_path: Path,
) -> None:
    write_topics(tmp_path / "corpus", 36)
    (tmp_path / "items.jsonl").write_text('{"text": "a question about xanthium ore"}\n')
    sections = {
        "dedup": {},
        "decontaminate": {
            "files": [str(tmp_path / "items.jsonl")],
            "ngram": 5,
            "min_words": 5,
        },
    }
    run = start(tmp_path, ENCODE, **sections).folder
    tables = ("clusters", "audit", "data", "ledger")
    made, words = hashes(run, *tables), ["telescope", "xanthium"]
    assert any(pq.read_table(run / "audit" / "clusters.parquet")["terms"].to_pylist())
    assert leaks(run / "work", words) == []
    # A word that was left by an attempt under another configuration goes, too.
    left = run / "work" / "semantic_table" / "other.words.arrow"
    left.write_text("telescope")
    metric = {"metric": "records.kept", "op": ">=", "value": 1}
    result = start(tmp_path, ENCODE, **sections, gates=[metric], replace=True)
    assert not result.nothing_to_do
    assert hashes(run, *tables) == made
    assert leaks(run / "work", words) == []
    assert {c.status for c in prove(run)} <= {"passed", "skipped"}
    assert start(tmp_path, ENCODE, **sections, gates=[metric]).nothing_to_do


def test_documents_without_a_token_are_near_nothing_and_place_no_centroid(
    tmp_path: Path,
) -> None:
    rows = make_topics(12)
    empty = [rows[0] | {"id": f"z{n}", "text": "\u0301" * n} for n in range(1, 7)]
    write_texts(tmp_path / "corpus", [*empty, *rows])
    semantic = {"clusters": 3, "duplicates": 0.96}
    encode = {"special_tokens": False, "max_tokens": 64, "semantic": semantic}
    folder = start(tmp_path, encode).folder
    counts = table(folder, "tokens")["n_tokens"].to_pylist()
    found = table(folder, "clusters").to_pylist()
    assert counts.count(0) == 6
    for count, row in zip(counts, found, strict=True):
        told = (row["cluster"], row["similarity"], row["outlier_score"])
        assert (count == 0) == (row["similarity"] == 0)
        assert count > 0 or told == (0, 0, 1)
        assert count > 0 or row["near_duplicate_of"] is None
    pairs = zip(counts, found, strict=True)
    assert {row["cluster"] for count, row in pairs if count} == {0, 1, 2}
    assert [c.detail for c in prove(folder) if c.status == "failed"] == []

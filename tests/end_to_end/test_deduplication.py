"""Deduplication as a user sees it: what goes, for what, by which evidence."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from rich.console import Console

import isinglass.pipelines.clean as clean_pass
import isinglass.pipelines.stages.dedup.match as match_pass
from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.proof.prove import prove
from isinglass.pipelines.run import Request, execute
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import ConfigError, GateError
from tests.corpora import document, make_rows, write_jsonl

if TYPE_CHECKING:
    from isinglass.schemas.manifest import Manifest

Row = dict[str, Any]


def run(
    folder: Path, rows: dict[str, list[Row]] | None = None, **over: Any
) -> Manifest:
    """Clean the corpus of `folder`; `rows` by source are written first."""
    for source, texts in (rows or {}).items():
        (folder / source).mkdir(parents=True, exist_ok=True)
        write_jsonl(folder / source / "a.jsonl", texts)
    sources = sorted(path.name for path in folder.iterdir() if path.name[:3] != "run")
    verb = over.pop("verb", "clean")
    replace = over.pop("replace", False)
    settings = {
        "inputs": [{"path": str(folder / name), "source": name} for name in sources],
        "output": str(folder / over.pop("output", "run")),
        "dedup": {},
        "limits": {"shard_bytes": 20_000},
        **over,
    }
    config = RunConfig.model_validate(settings)
    request = Request(config, verb, folder, Execution(config.beam, ()), replace)
    return execute(request, Console(stderr=True, quiet=True)).manifest


def ledger(folder: Path) -> dict[str, Row]:
    """Rows of the ledger by `source:row`."""
    found = {}
    for path in sorted((folder / "ledger").glob("*.parquet")):
        for row in pq.read_table(path).to_pylist():
            found[f"{row['shard'].split('-')[0]}:{row['row']}"] = row
    return found


def proved(folder: Path) -> bool:
    return all(check.status != "failed" for check in prove(folder))


def texts(*values: str) -> list[Row]:
    return [{"text": value} for value in values]


LONG = document(random.Random(5), 60)  # noqa: S311 - test data
LINES = [document(random.Random(n), 8) for n in range(20, 32)]  # noqa: S311


def test_each_document_says_what_it_was_compared_by(tmp_path: Path) -> None:
    han = "自然语言处理是人工智能领域中的一个重要方向它研究人与计算机之间的通信"
    run(
        tmp_path,
        {
            "web": texts(
                LINES[0],
                "Four words stand here",
                han,
                han + "呢",
                "Four WORDS stand here",
            )
        },
    )
    rows = ledger(tmp_path / "run")
    assert [rows[f"web:{n}"]["compared_by"] for n in range(5)] == [
        "words",
        "whole_text",
        "characters",
        "characters",
        "whole_text",
    ]
    assert rows["web:2"]["rule"] == "jaccard>=0.75 on character 5-grams"
    assert rows["web:2"]["reason"] == "near_duplicate"
    short = [rows["web:1"], rows["web:4"]]
    assert sorted(row["outcome"] for row in short) == ["dropped", "kept"]
    assert {row["rule"] for row in short} == {None, "content_hash"}


@pytest.mark.parametrize(
    ("normalise", "kept"),
    [
        ({}, 3),
        ({"numbers": True}, 2),
        ({"lower_case": False}, 4),
        ({"white_space": False, "lower_case": False}, 5),
    ],
)
def test_each_step_of_normalisation_is_a_setting(
    tmp_path: Path, normalise: Row, kept: int
) -> None:
    rows = texts(
        "Build 17 is out",
        "build 17 is out",
        "Build 9 is out",
        "Build  17 is out",
        "Other",
    )
    found = run(tmp_path, {"web": rows}, dedup={"normalise": normalise})
    assert found.records.kept == kept
    assert proved(tmp_path / "run")


def test_containment_drops_a_part_for_the_longer_document(tmp_path: Path) -> None:
    part = " ".join(LONG.split()[200:300])
    mixed = " ".join([*LONG.split()[200:240], *LINES[3].split()[:60]])
    corpus = {"web": texts(part, LONG, mixed, *LINES)}
    assert run(tmp_path, corpus, output="run-off").records.kept == 15
    found = run(tmp_path, dedup={"containment": 0.9})
    assert found.records.kept == 14
    assert found.dedup is not None
    assert found.dedup.contained_removed == 1
    rows = ledger(tmp_path / "run")
    assert rows["web:0"]["reason"] == "contained"
    assert rows["web:0"]["kept_doc_id"] == rows["web:1"]["doc_id"]
    assert rows["web:0"]["similarity"] == 1.0
    assert rows["web:0"]["rule"] == "containment>=0.9 on word 5-grams"
    assert rows["web:2"]["outcome"] == "kept"
    assert proved(tmp_path / "run")


def test_keep_newest_keeps_the_last_collected(tmp_path: Path) -> None:
    rows = [
        {"text": LONG, "collected_at": "2024-01-01"},
        {"text": LONG + " More words at the end.", "collected_at": "2023-01-01"},
        {"text": LONG.upper(), "collected_at": "2025-06-01"},
    ]
    run(tmp_path, {"web": rows}, dedup={"keep": "newest"})
    found = ledger(tmp_path / "run")
    assert [found[f"web:{n}"]["outcome"] for n in range(3)] == [
        "dropped",
        "dropped",
        "kept",
    ]


def test_a_run_that_would_lose_a_source_stops_before_it_writes(tmp_path: Path) -> None:
    corpus = {"good": texts(*LINES), "bad": texts(*[LONG] * 20)}
    limit = {"max_removed": {"source": 0.9}}
    with pytest.raises(GateError, match=r"a source loses 95.0% \(at most 90.0%\)") as e:
        run(tmp_path, corpus, dedup=limit)
    assert "bad 19 of 20; good" in str(e.value)
    assert not (tmp_path / "run" / "data").exists()
    assert not (tmp_path / "run" / "ledger").exists()
    # An audit shows everything, and fails the gate.
    found = run(tmp_path, dedup=limit, verb="audit", output="run-audit")
    assert found.verdict == "failed"
    gate = next(g for g in found.gates if g.metric == "dedup.most_removed")
    assert (gate.actual, gate.value, gate.passed) == (0.95, 0.9, False)
    assert all(
        c.status != "failed" or c.name == "seal" for c in prove(tmp_path / "run-audit")
    )


@pytest.mark.parametrize(
    ("limit", "stops"),
    [
        ({"source": 0.95}, False),
        ({"sources": {"bad": 0.5}}, True),
        ({"sources": {"good": 0.5}}, False),
        ({"language": 0.2}, True),
    ],
)
def test_limits_by_name_and_language(
    tmp_path: Path, limit: Row, *, stops: bool
) -> None:
    corpus = {"good": texts(*LINES), "bad": texts(*[LONG] * 20)}
    over = {"dedup": {"max_removed": limit}, "survey": {"detect_languages": False}}
    if stops:
        with pytest.raises(GateError, match="Deduplication would remove too much"):
            run(tmp_path, corpus, **over)
    else:
        assert run(tmp_path, corpus, **over).verdict != "failed"
        assert proved(tmp_path / "run")


def test_a_limit_for_an_unknown_source_is_a_mistake(tmp_path: Path) -> None:
    limit = {"max_removed": {"sources": {"goods": 0.5}}}
    with pytest.raises(ConfigError, match=r"names goods, but .* Known: good\."):
        run(tmp_path, {"good": texts(*LINES)}, dedup=limit)


def test_removals_are_told_by_source_language_and_cluster_size(tmp_path: Path) -> None:
    corpus = {"good": texts(*LINES, LINES[0]), "bad": texts(*[LONG] * 7)}
    run(tmp_path, corpus)
    path = tmp_path / "run" / "audit" / "statistics.parquet"
    found = {
        (row["metric"], row["source"] or row["language"] or row["group"]): row
        for row in pq.read_table(path).to_pylist()
        if row["metric"].startswith("dedup.")
    }
    assert found["dedup.removed", None]["numerator"] == 7
    assert found["dedup.removed", "bad"]["value"] == 6 / 7
    assert found["dedup.removed", "good"]["denominator"] == 13
    assert found["dedup.clusters", "2"]["value"] == 1
    assert found["dedup.clusters", "6-10"]["value"] == 1
    assert found["dedup.cluster_removed", "6-10"]["numerator"] == 6


def test_waves_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over: Row = {"dedup": {"containment": 0.8}}
    whole = run(tmp_path, {"web": make_rows(200)}, output="run-whole", **over)
    monkeypatch.setattr(match_pass, "WAVE_BYTES", 5_000)
    run(tmp_path, output="run-waves", **over)
    first, second = (ledger(tmp_path / f"run-{x}") for x in ("whole", "waves"))
    assert first == second
    assert whole.dedup is not None
    assert whole.dedup.near_removed >= 15


def test_a_plain_deduplication_can_leave_the_rest_out(tmp_path: Path) -> None:
    over: Row = {"survey": {"detect_languages": False, "count_mentions": False}}
    found = run(tmp_path, {"web": make_rows(60)}, **over)
    path = tmp_path / "run" / "audit" / "statistics.parquet"
    metrics = set(pq.read_table(path)["metric"].to_pylist())
    assert not any(name.startswith(("group.", "lexicon.")) for name in metrics)
    assert found.records.kept < 60
    assert proved(tmp_path / "run")
    sections: list[Row] = [{"balance": {}}, {"pii": {"mode": "fast"}}]
    for section in sections:
        with pytest.raises(ConfigError, match="needs survey"):
            run(tmp_path, output="run-no", **over, **section)


def again(folder: Path, **over: Any) -> Manifest:
    """Run in the same folder under another configuration, as `--replace` does."""
    return run(folder, replace=True, **over)


def test_another_order_of_preference_is_compared_anew(tmp_path: Path) -> None:
    """Both orders make the same pairs of ranks, of other documents."""
    words = LONG.split()
    pair = [" ".join(words[:150]), " ".join([*words[:120], *words[300:328]])]
    far = [" ".join(words[400:500]), " ".join([*words[400:490], *words[600:608]])]
    corpus = {"web": texts(*far, *pair)}
    run(tmp_path, corpus, dedup={"threshold": 0.6})
    changed = {"threshold": 0.6, "keep": "first"}
    again(tmp_path, dedup=changed)
    run(tmp_path, output="run-fresh", dedup=changed)
    assert ledger(tmp_path / "run") == ledger(tmp_path / "run-fresh")
    assert proved(tmp_path / "run")


def test_a_run_with_boilerplate_can_be_started_again(tmp_path: Path) -> None:
    paragraphs: Row = {"paragraphs": {"max_documents": 2, "remove": True}}
    common = "A paragraph that all of them have in common."
    corpus = {"web": texts(*[f"{line}\n\n{common}" for line in LINES])}
    first = run(tmp_path, corpus, dedup=paragraphs)
    assert run(tmp_path, dedup=paragraphs).created == first.created
    found = again(tmp_path, dedup={**paragraphs, "keep": "first"})
    assert found.characters.cut > 0
    assert again(tmp_path, dedup={}).characters.cut == 0
    assert not (tmp_path / "run" / "audit" / "paragraphs.parquet").exists()
    assert proved(tmp_path / "run")


def test_vowel_signs_tell_words_apart(tmp_path: Path) -> None:
    son = "मेरा बेटा रोज स्कूल जाता है और बहुत अच्छा गाता है"
    daughter = "मेरी बेटी रोज स्कूल जाती है और बहुत अच्छी गाती है"
    found = run(tmp_path, {"web": texts(son, daughter, son + "!")})
    assert found.records.kept == 2


def test_an_audit_without_texts_has_the_ledger_of_a_cleaning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is looked for in the texts, so they are not read a third time."""
    rows = [*make_rows(60), {"text": " "}, {"id": "n3", "text": "Another text."}]
    limits = {"max_quarantine_rate": 0.5, "shard_bytes": 20_000}
    cleaned = run(tmp_path, {"web": rows}, output="run-clean", limits=limits)
    with monkeypatch.context() as patch:
        patch.setattr(clean_pass, "read_shard", None)
        audited = run(tmp_path, verb="audit", limits=limits)
    assert ledger(tmp_path / "run") == ledger(tmp_path / "run-clean")
    assert audited.records == cleaned.records
    assert audited.records.quarantined == {"duplicate_id": 1}
    assert audited.characters == cleaned.characters
    tables = [
        pq.read_table(tmp_path / name / "audit" / "statistics.parquet").to_pylist()
        for name in ("run", "run-clean")
    ]
    assert tables[0] == tables[1]
    assert proved(tmp_path / "run")
    # A record that could not be read is in no survey: then the input is read again.
    with (tmp_path / "web" / "a.jsonl").open("a") as file:
        file.write("{broken\n")
    found = run(tmp_path, verb="audit", output="run-broken", limits=limits)
    assert found.records.quarantined == {"duplicate_id": 1, "malformed_record": 1}
    assert proved(tmp_path / "run-broken")


def test_of_an_empty_corpus_nothing_is_lost(tmp_path: Path) -> None:
    limit: Row = {"dedup": {"max_removed": {"source": 0.9, "language": 0.9}}}
    found = run(tmp_path, {"web": []}, **limit)
    assert found.verdict == "warned"
    assert all(gate.passed for gate in found.gates)
    assert proved(tmp_path / "run")


MISSES: dict[str, Any] = {"bands": 1, "rows": 10, "canaries": {"documents": 100}}
A_GATE = {
    "metric": "dedup.recall",
    "slice": {"axis": "edit", "group": "order"},
    "op": ">=",
    "value": 0.9,
    "severity": "warning",
}


def recall_of(folder: Path) -> list[Row]:
    table = pq.read_table(folder / "audit" / "statistics.parquet")
    return [row for row in table.to_pylist() if row["metric"] == "dedup.recall"]


def test_a_run_tells_what_it_misses(tmp_path: Path) -> None:
    rows = texts(*(document(random.Random(n), 16) for n in range(40)))  # noqa: S311
    manifest = run(tmp_path, {"web": rows}, dedup=MISSES, gates=[A_GATE])
    assert manifest.verdict == "warned"
    failed = [gate.metric for gate in manifest.gates if not gate.passed]
    assert failed == ["dedup.recall", "dedup.missed"]
    found = recall_of(tmp_path / "run")
    (whole,) = [row for row in found if row["axis"] is None]
    assert whole["denominator"] > 80
    assert whole["value"] < 0.6
    assert proved(tmp_path / "run")
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Edited copies that this run would remove" in report
    # An audit over other shards counts the same copies, and writes none of them.
    limits = {"shard_bytes": 2_000_000}
    run(tmp_path, output="run-2", verb="audit", dedup=MISSES, limits=limits)
    assert recall_of(tmp_path / "run-2") == found
    assert proved(tmp_path / "run-2")
    # Off.
    off = {"canaries": {"documents": 0}}
    manifest = run(tmp_path, output="run-3", verb="audit", dedup=off)
    assert recall_of(tmp_path / "run-3") == []
    assert not [gate for gate in manifest.gates if "dedup" in gate.metric]
    assert proved(tmp_path / "run-3")

"""Balance from the input to the proof: weights, copies, kept documents, refusals."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from math import floor
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.explain.build import explain
from isinglass.pipelines.proof.prove import prove
from isinglass.pipelines.run import Request, execute
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import ConfigError, ReconcileError, RefuseError
from tests.corpora import document, write_jsonl
from tests.forgeries import in_cell, in_manifest, in_table, reseal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.forgeries import Change

Row = dict[str, Any]

SAID = ("He said so.", "The man knew.", "She said so.", "Her own.", "He, she and his.")
CHANCES = {"web": (5, 4, 1, 1, 1), "books": (2, 1, 2, 1, 2)}
ROWS = 150


def write(folder: Path) -> None:
    """Two sources, of which one speaks of men more than the other."""
    for source, chances in CHANCES.items():
        chance = random.Random(source)  # noqa: S311 - test data
        rows = []
        for number in range(ROWS):
            said = chance.choices(SAID, chances, k=number % 4)
            text = " ".join([document(chance, 2 + number % 3), *said])
            rows.append({"text": text, "language": "en", "balance_copies": number})
        (folder / source).mkdir(parents=True)
        write_jsonl(folder / source / "a.jsonl", rows)


def request(folder: Path, name: str, verb: Any = "clean", **sections: Any) -> Request:
    config = RunConfig.model_validate(
        {
            "inputs": [
                {"path": str(folder / source), "source": source} for source in CHANCES
            ],
            "output": str(folder / name),
            **sections,
        }
    )
    return Request(config, verb, folder, Execution(config.beam))


def finish(folder: Path, name: str, verb: Any = "clean", **sections: Any) -> Path:
    execute(request(folder, name, verb, **sections), Console(stderr=True, quiet=True))
    return folder / name


def rows_of(run: Path) -> list[Row]:
    return [
        r
        for p in sorted((run / "data").iterdir())
        for r in pq.read_table(p).to_pylist()
    ]


def manifest_of(run: Path) -> Row:
    found: Row = json.loads((run / "manifest.json").read_text())
    return found


def faults(run: Path) -> dict[str, str]:
    return {c.name: c.detail for c in prove(run) if c.status == "failed"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("balance")
    write(folder)
    return folder


@pytest.fixture(scope="module")
def copied(corpus: Path) -> Path:
    """Copies, on two worker processes and in small shards."""
    return finish(
        corpus,
        "copied",
        balance={"emit": "copies", "seed": 5, "within": "source"},
        beam={"workers": 2, "mode": "multi_processing"},
        limits={"shard_bytes": 9_000},
    )


@pytest.fixture(scope="module")
def kept(corpus: Path) -> Path:
    return finish(corpus, "kept", balance={"emit": "keep", "seed": 5})


def drawn_number(doc_id: str, seed: int) -> float:
    digest = hashlib.blake2b(doc_id.encode(), key=str(seed).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


@pytest.mark.slow
def test_copies_come_from_ids_and_weights_alone(copied: Path, corpus: Path) -> None:
    rows = rows_of(copied)
    assert len(rows) == 2 * ROWS
    for row in rows:
        weight = row["balance_weight"]
        more = drawn_number(row["doc_id"], 5) < weight - floor(weight)
        assert row["balance_copies"] == floor(weight) + more
    # A column of the input that is called like ours has another name.
    assert sorted({row["input_balance_copies"] for row in rows}) == list(range(ROWS))
    one = finish(
        corpus, "single", balance={"emit": "copies", "seed": 5, "within": "source"}
    )
    assert len(list((copied / "data").iterdir())) > len(list((one / "data").iterdir()))
    # Weights to the last bit, whatever the shards and the workers.
    assert rows_by_id(one) == rows_by_id(copied)
    assert faults(copied) == faults(one) == {}


def rows_by_id(run: Path) -> dict[str, tuple[float, int]]:
    return {
        r["doc_id"]: (r["balance_weight"], r["balance_copies"]) for r in rows_of(run)
    }


@pytest.mark.slow
def test_the_manifest_tells_what_was_drawn(copied: Path) -> None:
    told, rows = manifest_of(copied), rows_of(copied)
    drawn = told["weights"]["drawn"]
    copies = np.array([row["balance_copies"] for row in rows])
    weights = np.array([row["balance_weight"] for row in rows])
    assert drawn["documents"] == copies.sum()
    assert drawn["expected"] == pytest.approx(weights.sum())
    rest = weights - np.floor(weights)
    assert drawn["deviation"] == pytest.approx((rest * (1 - rest)).sum() ** 0.5)
    assert abs(drawn["z"]) < 4
    axis = told["balance"]["gender"]
    assert axis["after"]["female"] == pytest.approx(0.5, abs=1e-9)
    assert axis["drawn"]["female"]["z"] == pytest.approx(-axis["drawn"]["male"]["z"])
    for source in CHANCES:
        own = [r["balance_weight"] for r in rows if r["source"] == source]
        assert np.mean(own) == pytest.approx(1.0, abs=1e-9)
    top = np.sort(weights)[-3:].sum() / weights.sum()
    assert told["weights"]["top_share"] == pytest.approx(top)
    assert sum(number for *_, number in told["weights"]["histogram"]) == len(rows)


@pytest.mark.slow
def test_kept_documents_come_with_a_warning(
    kept: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows, told = rows_of(kept), manifest_of(kept)
    greatest = max(row["balance_weight"] for row in rows)
    for row in rows:
        expected = drawn_number(row["doc_id"], 5) < row["balance_weight"] / greatest
        assert row["balance_keep"] is expected
    stays = sum(row["balance_keep"] for row in rows)
    (warning,) = [w for w in told["warnings"] if "balance_keep" in w]
    assert f"{stays} of {len(rows)}" in warning
    assert told["verdict"] == "warned"
    assert faults(kept) == {}


@pytest.mark.slow
def test_explain_tells_what_a_document_drew(copied: Path, kept: Path) -> None:
    for run, column, name in (
        (copied, "balance_copies", "copies"),
        (kept, "balance_keep", "keep"),
    ):
        row = rows_of(run)[7]
        told = explain(run, row["doc_id"])
        assert told.facts["record"][column] == row[column]
        assert (name, str(row[column]).lower()) in told.lines


FORGERIES: dict[str, tuple[Change, str]] = {
    "another number of copies": (
        in_cell("data", "balance_copies", lambda n: n + 1),
        "is not what ids and weights give",
    ),
    "no copies": (
        in_table("data", lambda table: table.drop_columns(["balance_copies"])),
        "is not what ids and weights give",
    ),
    "another seed": (
        in_manifest("weights", "drawn", "seed", value=6),
        "does not tell what was drawn",
    ),
    "another sum": (
        in_manifest("weights", "drawn", "documents", value=lambda n: n + 1),
        "another number of documents drawn",
    ),
    "nothing drawn": (
        in_manifest("weights", "drawn", value=None),
        "does not tell what was drawn",
    ),
    "a flatter top": (
        in_manifest("weights", "top_share", value=0.01),
        "are not spread as the manifest tells",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries_are_found(name: str, copied: Path, tmp_path: Path) -> None:
    change, said = FORGERIES[name]
    shutil.copytree(copied, tmp_path / "run")
    change(tmp_path / "run")
    reseal(tmp_path / "run")
    assert said in faults(tmp_path / "run")["balance"]


def test_what_cannot_be_reached_is_refused_with_the_interval(corpus: Path) -> None:
    narrow = {"bounds": [0.95, 1.05], "on_infeasible": "refuse"}
    message = r"gender/female: target 0\.5, reachable 0\.\d{4} to 0\.\d{4}"
    with pytest.raises(RefuseError, match=message):
        finish(corpus, "refused", balance=narrow)
    assert not (corpus / "refused" / "data").exists()
    assert not (corpus / "refused" / "manifest.json").exists()


def test_a_wrong_group_is_refused_before_the_first_pass(corpus: Path) -> None:
    limits = {"axes": {"gender": {"target": {"cap": {"man": 0.5}}}}}
    with pytest.raises(ConfigError, match="no group man; known: "):
        finish(corpus, "unread", balance=limits)
    assert not (corpus / "unread").exists()


def test_a_fault_of_the_draw_stops_the_run(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if every document had drawn the same number."""
    module = "isinglass.pipelines.stages.balance.weights"
    monkeypatch.setattr(f"{module}.uniforms", lambda ids, _: np.full(len(ids), 0.999))
    with pytest.raises(ReconcileError, match="standard deviations from what"):
        finish(corpus, "faulty", balance={"emit": "copies"})
    assert not (corpus / "faulty" / "manifest.json").exists()


def test_few_mentions_are_called_too_few(tmp_path: Path) -> None:
    for source in CHANCES:
        (tmp_path / source).mkdir()
        # Twenty that may speak of women, and forty more that speak of men.
        said = [*(SAID[n % 5] for n in range(20)), *[SAID[0]] * 40]
        texts = [f"Number {n}. {one}" for n, one in enumerate(said)]
        rows = [{"text": text, "language": "en"} for text in texts]
        write_jsonl(tmp_path / source / "a.jsonl", rows)
    run = finish(tmp_path, "few", balance={})
    told = manifest_of(run)
    assert told["balance"]["gender"]["too_few"] == ["female"]
    assert told["balance"]["gender"]["mentions"]["female"] == 24
    (warning,) = [w for w in told["warnings"] if "too few mentions to say" in w]
    assert "female 24 in 24 documents" in warning
    html = (run / "report.html").read_text(encoding="utf-8")
    assert "Too few to say: female 24 in 24 documents" in html
    assert "Do not rely on this balance" in html


def test_an_axis_that_nobody_mentions(tmp_path: Path) -> None:
    for source in CHANCES:
        (tmp_path / source).mkdir()
        write_jsonl(
            tmp_path / source / "a.jsonl", [{"text": "Stones.", "language": "en"}] * 9
        )
    run = finish(tmp_path, "none", balance={})
    (warning,) = [w for w in manifest_of(run)["warnings"] if "axis gender" in w]
    assert warning == "No kept document mentions the axis gender: it was not balanced."
    with pytest.raises(RefuseError, match="no document mentions female, male"):
        finish(tmp_path, "refused", balance={"on_infeasible": "refuse"})


def test_an_audit_weighs_and_draws_nothing(corpus: Path) -> None:
    run = finish(corpus, "audited", "audit", balance={"emit": "copies"})
    told = manifest_of(run)
    assert told["weights"]["drawn"] is None
    assert told["balance"]["gender"]["after"]["female"] == pytest.approx(0.5)
    assert faults(run) == {}


def test_by_words_the_manifest_tells_of_words(corpus: Path) -> None:
    gender = {"target": {"female": 0.5, "male": 0.5}, "units": "documents"}
    units = {"units": "tokens", "axes": {"gender": gender}}
    told = manifest_of(finish(corpus, "words", balance=units))
    assert told["weights"]["units"] == "tokens"
    assert told["weights"]["mean"] == pytest.approx(1.0)
    assert 1_000 < told["weights"]["effective_words"] < 20_000
    assert told["balance"]["gender"]["after"]["female"] == pytest.approx(0.5)

"""What a dry run tells of a run, held against the run itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from isinglass.cli.jobs import show_forecast
from isinglass.pipelines import forecast as module
from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.forecast import Forecast, check_space, forecast
from isinglass.pipelines.run import Request, execute, passes_of, prepare
from isinglass.pipelines.stages import STAGES
from isinglass.pipelines.stages.encode.stage import Encode
from isinglass.pipelines.stages.semantic.stage import Semantic
from isinglass.schemas.config import EncodeConfig, RunConfig
from isinglass.schemas.config.encode import SemanticConfig
from isinglass.schemas.errors import RefuseError, RetryError
from isinglass.schemas.manifest import PassRecord
from tests.corpora import write_corpus, write_jsonl

if TYPE_CHECKING:
    from isinglass.pipelines.run import Prepared
    from isinglass.pipelines.seam import Verb

SECTIONS: dict[str, Any] = {
    "dedup": {"paragraphs": {"max_documents": 3}, "repeats": {"documents": 20}},
    "decontaminate": {"files": ["questions.jsonl"], "ngram": 5, "min_words": 5},
    "pii": {"mode": "identifiers", "canaries": {"documents": 20}},
    "balance": {},
    "encode": {"embeddings": "none"},
    "limits": {"shard_bytes": 8192},
}


def request(folder: Path, verb: Verb, **changes: Any) -> Request:
    values = {
        "inputs": [{"path": "corpus", "source": "web"}],
        "output": "run",
        **SECTIONS,
        **changes,
    }
    config = RunConfig.model_validate(values)
    return Request(config, verb, folder, Execution(config.beam))


def expected(asked: Request, prepared: Prepared, folder: Path) -> Forecast:
    found = forecast(asked, prepared, folder)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forecast")
    write_corpus(folder / "corpus", 240)
    question = {"text": "What is the capital of the planet Xanthia seven?"}
    write_jsonl(folder / "questions.jsonl", [question])
    return folder


@pytest.mark.parametrize("verb", ["run", "audit"])
def test_every_pass_of_a_run_is_told_beforehand(
    corpus: Path, tmp_path: Path, verb: Verb
) -> None:
    asked = request(corpus, verb, output=str(tmp_path / "run"))
    prepared = prepare(asked)
    found = expected(asked, prepared, tmp_path / "sample")
    assert not (tmp_path / "run").exists()
    made = execute(asked, Console(quiet=True)).manifest.passes
    assert [one.name for one in found.passes] == [one.name for one in made]
    assert all(one.seconds >= 0 for one in found.passes)
    assert found.expected == pytest.approx(240, rel=0.2)
    # Those that are counted for a person are those over units, in the same order.
    counted = passes_of(prepared.stages, verb)
    order = [one.name for one in made if one.name in counted]
    assert tuple(order) == counted
    assert {one.name for one in made if one.units > 1} <= {*counted}


def test_a_larger_corpus_takes_longer(corpus: Path, tmp_path: Path) -> None:
    asked = request(corpus, "clean")
    prepared = prepare(asked)
    first, few, more = (
        module._Trial(
            documents,
            (
                PassRecord(
                    name="survey",
                    units=3,
                    reused=0,
                    rows=documents,
                    bytes=10 * documents,
                    seconds=3.0,
                    cpu_seconds=cpu,
                ),
            ),
        )
        for documents, cpu in ((5, 2.0), (10, 0.5), (110, 1.5))
    )
    told = [
        module._times(asked, prepared, (first, few, more), documents)[0].seconds
        for documents in (110, 1110)
    ]
    # Loading 1 s, then 1.5 s, and 10 s more for 1,000 documents more, if not stalled.
    assert told[0] >= 2.5
    assert told[1] - told[0] >= 9.9


def test_what_is_asked_of_so_many_documents_is_scaled() -> None:
    config = RunConfig.model_validate(
        {"inputs": [{"path": "x"}], "output": "y", **SECTIONS}
        | {
            "dedup": {"max_removed": {"source": 0.1}, "repeats": {"documents": 400}},
            "pii": {"mode": "identifiers", "canaries": {"documents": 1000}},
            "balance": {"on_infeasible": "refuse"},
        }
    )
    stages = {kind.name: kind.of(config) for kind in STAGES}
    small: dict[str, Any] = {n: s.scaled(0.01) for n, s in stages.items() if s}
    assert small["pii"].config.canaries.documents == 10
    assert small["repeats"].dedup.repeats.documents == 4
    assert small["dedup"].config.max_removed.source is None
    assert small["balance"].config.on_infeasible == "closest"
    clusters = Semantic(SemanticConfig(sample=5000, clusters=7)).scaled(0.01).config
    assert (clusters.sample, clusters.clusters) == (50, None)


def test_passes_of_vectors_are_counted() -> None:
    encode = Encode(EncodeConfig(), runs=True)
    assert passes_of((encode, Semantic(SemanticConfig())), "run")[2:] == (
        "encode",
        "encode_check",
        "semantic_assign",
        "semantic_neighbours",
        "semantic_table",
    )


def test_a_disk_that_is_too_small_is_refused(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = request(corpus, "clean")
    monkeypatch.setattr(module, "free_bytes", lambda _: 10**9)
    check_space(asked, Forecast(1, 1, (), 10**9))
    with pytest.raises(RetryError, match=r"about 1\.5 GB, and 1\.0 GB are free"):
        check_space(asked, Forecast(1, 1, (), 15 * 10**8))


def test_without_documents_there_is_no_sample(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "corpus.jsonl", [])
    asked = request(
        tmp_path, "clean", inputs=[{"path": "corpus.jsonl"}], decontaminate=None
    )
    assert forecast(asked, prepare(asked), tmp_path / "sample") is None


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "column": (
        {"inputs": [{"path": "corpus", "columns": {"text": "body"}}]},
        "has no column body for `text`",
    ),
    "kind of column": (
        {"inputs": [{"path": "numbers.parquet", "columns": {"text": "id"}}]},
        "column id is a int64, not a string",
    ),
    "input": ({"inputs": [{"path": "gone"}]}, "inputs: gone does not exist"),
    "output": ({"output": "questions.jsonl/run"}, "Choose another output"),
    "earlier run": ({"dedup": {"against": ["gone"]}}, "dedup.against: gone is no fold"),
    "evaluation set": ({"decontaminate": ["gone"]}, "decontaminate.files: gone does"),
    "list of erasure": ({"erase": {"list": "gone"}}, "erase.list: there is no gone"),
    "key": ({"pii": {"key_env": "NOT_SET_HERE"}}, "variable NOT_SET_HERE is not set"),
    "model of names": ({"pii": {"languages": {"en": "gone"}}}, "gone"),
    "list of values": (
        {"pii": {"recognizers": {"deny": [{"entity": "A", "file": "gone"}]}}},
        "gone cannot be read",
    ),
    "tokenizer": ({"encode": {"tokenizer": "gone/x"}}, "'gone/x' is neither a folder"),
    "model": ({"encode": {"model": "gone/x"}}, "'gone/x' is neither a folder"),
    "stage": ({"stages": [{"use": "gone:Stage"}]}, "needs the module gone"),
    "gate": (
        {"gates": [{"metric": "pii.recal", "op": ">=", "value": 1}]},
        "did you mean pii.recall",
    ),
    "runner": ({"beam": {"runner": "Flnk"}}, "Did you mean FlinkRunner?"),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_what_is_wrong_is_refused_before_a_sample_is_tried(
    corpus: Path, tmp_path: Path, wrong: str
) -> None:
    pq.write_table(pa.table({"id": [1]}), corpus / "numbers.parquet")
    changes, said = REFUSED[wrong]
    asked = request(corpus, "run", **changes)
    with pytest.raises(RefuseError) as refusal:
        show_forecast(asked, "json", tmp_path)
    assert said in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_a_sample_says_which_targets_it_reaches(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    axes = {"religion": {"target": {"cap": {"sikh": 0.5}}}}
    off = {"pii": None, "encode": None, "decontaminate": None, "dedup": None}
    balance = {"axes": axes, "on_infeasible": "refuse"}
    asked = request(corpus, "clean", **off, balance=balance)
    show_forecast(asked, "text", tmp_path / "sample")
    assert "balance of religion: none of the" in capsys.readouterr().out

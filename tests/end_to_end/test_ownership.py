"""A finished run is not damaged by a later command, and damage is not sealed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from isinglass.pipelines.engine.workspace import FINAL_FILES, file_sha256, table_rows
from isinglass.pipelines.engine.workspace.layout import PRIVATE
from isinglass.schemas.config import load_config
from isinglass.schemas.errors import ConfigError, InputError, OutputError, RefuseError
from tests.corpora import write_corpus, write_jsonl
from tests.end_to_end.test_verbs import reused, start

if TYPE_CHECKING:
    from isinglass.pipelines.run import Result

PII = {"mode": "identifiers", "canaries": {"documents": 0}}


def seal(folder: Path) -> str:
    return (folder / "run" / "_SUCCESS").read_text()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_corpus(tmp_path / "corpus", 30)
    return tmp_path


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "entity": ({"pii": {"entities": {"EMAIL_ADRESS": {}}}}, "EMAIL_ADRESS"),
    "region": ({"pii": PII | {"phone_regions": ["XX"]}}, "XX"),
    "axis": ({"balance": {"axes": {"foo": {}}}}, "foo"),
    "metric": (
        {"gates": [{"metric": "pii.recal", "op": ">=", "value": 1}]},
        "did you mean pii.recall",
    ),
    "slice": (
        {
            "gates": [
                {"metric": "pii.recall", "slice": {"x": "y"}, "op": ">", "value": 1}
            ]
        },
        "slice",
    ),
    "stage": (
        {
            "gates": [
                {
                    "metric": "documents",
                    "slice": {"stage": "end"},
                    "op": ">",
                    "value": 1,
                }
            ]
        },
        "stage end; there are input, output and run",
    ),
    "baseline": (
        {
            "gates": [
                {"metric": "documents", "op": ">", "value": 0, "baseline": "no-such"}
            ]
        },
        "no-such has no audit/statistics.parquet",
    ),
    "key": ({"pii": PII | {"key_env": "ISINGLASS_NO_SUCH_KEY"}}, "not set"),
}


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_a_mistake_is_found_first_and_costs_no_finished_run(
    corpus: Path, name: str
) -> None:
    changes, said = MISTAKES[name]
    start(corpus, "clean", pii=PII)
    before = seal(corpus)
    with pytest.raises(ConfigError, match=said):
        start(corpus, "clean", replace=True, **changes)
    assert seal(corpus) == before


def test_a_short_key_is_refused(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORT_KEY", "abc")
    with pytest.raises(ConfigError, match="too short"):
        start(corpus, "clean", pii=PII | {"key_env": "SHORT_KEY"})


def test_another_key_gives_other_value_keys(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pii = PII | {"key_env": "SOME_KEY"}
    monkeypatch.setenv("SOME_KEY", "a" * 20)
    first = start(corpus, "clean", pii=pii)
    monkeypatch.setenv("SOME_KEY", "b" * 20)
    second = start(corpus, "clean", pii=pii)
    assert not second.nothing_to_do
    assert first.manifest.run_id != second.manifest.run_id
    assert reused(second)["clean"][0] == 0
    assert reused(second)["survey"][0] > 0


@pytest.mark.parametrize(("first", "second"), [("clean", "audit"), ("run", "clean")])
def test_a_lesser_verb_does_not_remove_what_a_greater_one_wrote(
    corpus: Path, first: Any, second: Any
) -> None:
    start(corpus, first, pii=PII, encode={"embeddings": "none"})
    before = seal(corpus)
    with pytest.raises(OutputError, match="would remove a part"):
        start(corpus, second, pii=PII, encode={"embeddings": "none"})
    assert seal(corpus) == before
    start(corpus, second, pii=PII, encode={"embeddings": "none"}, replace=True)


def test_a_damaged_output_is_made_anew_not_sealed(corpus: Path) -> None:
    start(corpus, "clean", pii=PII)
    path = max((corpus / "run" / "data").iterdir(), key=lambda p: p.stat().st_size)
    good = file_sha256(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    again = start(corpus, "clean", pii=PII)
    assert not again.nothing_to_do
    assert file_sha256(path) == good


def test_a_damaged_side_file_is_made_anew(corpus: Path) -> None:
    first = start(corpus, "clean", pii=PII)
    path = next((corpus / "run" / "work" / "survey").glob("*.stats.json"))
    text = path.read_text()
    path.write_text(text.replace("1", "2", 1))
    (corpus / "run" / "_SUCCESS").unlink()
    second = start(corpus, "clean", pii=PII)
    assert path.read_text() == text
    assert second.manifest.records == first.manifest.records


def test_without_work_the_run_is_still_known(corpus: Path) -> None:
    start(corpus, "clean", dedup={}, pii=None)
    shutil.rmtree(corpus / "run" / "work")
    assert start(corpus, "clean", dedup={}, pii=None).nothing_to_do
    with pytest.raises(OutputError, match="another configuration"):
        start(corpus, "clean", dedup={"threshold": 0.9}, pii=None)


def test_a_file_of_somebody_else_is_not_removed(corpus: Path) -> None:
    start(corpus, "clean", pii=PII)
    mine = corpus / "run" / "data" / "notes.txt"
    mine.write_text("mine")
    (corpus / "run" / "_SUCCESS").unlink()
    with pytest.raises(OutputError, match=r"data/notes\.txt"):
        start(corpus, "clean", pii=PII)
    assert mine.read_text() == "mine"


def test_a_folder_named_like_the_packaged_model_changes_nothing(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = {"embeddings": "none"}
    honest = start(corpus, "run", pii=PII, encode=encode)
    decoy = corpus / "elsewhere"
    (decoy / "minilm").mkdir(parents=True)
    (decoy / "minilm" / "tokenizer.json").write_text("{}")
    monkeypatch.chdir(decoy)
    assert start(corpus, "run", pii=PII, encode=encode).nothing_to_do
    assert honest.manifest.models


def test_labels_hold_no_address(tmp_path: Path) -> None:
    """Invariant 4: a source column with addresses does not reach the statistics."""
    (tmp_path / "corpus").mkdir()
    rows = [
        {"text": f"Text number {n}.", "source": f"joe{n}@planted.org", "language": lang}
        for n, lang in enumerate(["en", "joe@planted.org", "English"])
    ]
    write_jsonl(tmp_path / "corpus" / "a.jsonl", rows)
    start(tmp_path, "clean", pii=PII)
    for path in sorted((tmp_path / "run").rglob("*")):
        table = path.relative_to(tmp_path / "run").parts[0]
        if path.is_file() and table != "data":
            assert b"planted.org" not in path.read_bytes(), path
    import pyarrow.parquet as pq  # noqa: PLC0415

    data = pq.read_table(next((tmp_path / "run" / "data").iterdir())).to_pylist()
    assert [row["source"] for row in data] == [row["source"] for row in rows]
    assert [row["language"] for row in data] == [row["language"] for row in rows]


def test_many_equal_texts_that_cannot_be_scanned_are_all_set_aside(
    tmp_path: Path,
) -> None:
    """None may be dropped for another that is in quarantine itself."""
    (tmp_path / "corpus").mkdir()
    text = "Call +44 20 7946 0018 or write to someone@mailbox.home.arpa. " * 20
    write_jsonl(tmp_path / "corpus" / "a.jsonl", [{"text": text}] * 12)
    result = start(
        tmp_path,
        "clean",
        pii=PII | {"max_seconds_per_document": 1e-9},
        limits={"max_quarantine_rate": 1.0},
    )
    assert result.manifest.records.quarantined == {"detector_timeout": 12}
    # A run that kept nothing fails, whatever its limits are.
    assert result.manifest.verdict == "failed"
    (gate,) = [gate for gate in result.manifest.gates if not gate.passed]
    assert (gate.metric, gate.reason) == ("records.kept", "Nothing was kept.")


@pytest.fixture
def two_files(tmp_path: Path) -> Path:
    """A finished run of two files."""
    for name in ("a", "b"):
        (tmp_path / "corpus").mkdir(exist_ok=True)
        rows = [{"text": f"{name} text number {n} of some words"} for n in range(20)]
        write_jsonl(tmp_path / "corpus" / f"{name}.jsonl", rows)
    begin(tmp_path)
    return tmp_path


def begin(folder: Path, *, replace: bool = False) -> Result:
    sections = dict.fromkeys(("dedup", "pii", "balance", "encode"))
    return start(folder, "clean", replace=replace, **sections)


def lose(path: Path) -> None:
    path.unlink()


def shorten(path: Path) -> None:
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:10]))


def alter(path: Path) -> None:
    path.write_text(path.read_text().replace("some", "many"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lose, "1 is gone (b.jsonl of web, 20 records before)"),
        (shorten, r"1 is smaller (b.jsonl of web, 850 bytes before, 420 now)"),
        (alter, "1 is changed (b.jsonl of web, 20 records before)"),
    ],
)
def test_a_finished_run_is_not_redone_with_other_inputs_unasked(
    two_files: Path, change: Callable[[Path], None], said: str
) -> None:
    before = seal(two_files)
    change(two_files / "corpus" / "b.jsonl")
    with pytest.raises(InputError) as refusal:
        begin(two_files)
    assert said in str(refusal.value)
    assert "Of its 2 files" in str(refusal.value)
    assert "--replace" in str(refusal.value)
    assert seal(two_files) == before
    assert not begin(two_files, replace=True).nothing_to_do
    assert begin(two_files).nothing_to_do


def test_tables_of_inputs_that_are_gone_go(two_files: Path) -> None:
    before = set((two_files / "run" / "data").iterdir())
    lose(two_files / "corpus" / "b.jsonl")
    assert begin(two_files, replace=True).manifest.records.total_in == 20
    for table in ("data", "ledger"):
        (left,) = (two_files / "run" / table).iterdir()
        assert table_rows(left) == 20
        assert left not in before


def test_a_file_more_is_welcome_and_a_stopped_run_is_still_held_to_the_others(
    two_files: Path,
) -> None:
    more = two_files / "corpus" / "c.jsonl"
    write_jsonl(more, [{"text": "a third file"}])
    assert begin(two_files).manifest.records.total_in == 41
    # As if the run had been stopped: nothing is sealed, what was agreed on is known.
    for name in FINAL_FILES:
        (two_files / "run" / name).unlink()
    lose(more)
    with pytest.raises(InputError, match="1 is gone"):
        begin(two_files)


def test_a_run_that_was_never_finished_may_have_other_inputs(two_files: Path) -> None:
    shutil.rmtree(two_files / "run" / "work")
    for name in FINAL_FILES:
        (two_files / "run" / name).unlink()
    for path in (two_files / "run").iterdir():
        shutil.rmtree(path)
    lose(two_files / "corpus" / "b.jsonl")
    assert begin(two_files).manifest.records.total_in == 20


@pytest.mark.parametrize("mask", [0, 0o022, 0o777 - 0o700])
def test_work_and_quarantine_are_for_their_owner_alone(corpus: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        begin(corpus)
    finally:
        os.umask(before)
    modes = {name: (corpus / "run" / name).stat().st_mode & 0o777 for name in PRIVATE}
    assert modes == {"work": 0o700, "quarantine": 0o700}


@pytest.mark.parametrize(
    ("inputs", "output", "said"),
    [
        ("s3://bucket/in", "run", "inputs.0.path: s3://bucket/in is an address"),
        ("hdfs://name/in", "run", "inputs.0.path: hdfs://name/in is an address"),
        ("https://host/a.jsonl", "run", "Name a local or mounted place"),
        ("file:///data/in", "run", "Write the path alone"),
        ("corpus", "gs://bucket/out", "output: gs://bucket/out is an address"),
        ("corpus", "gs:/bucket/out", "output: gs:/bucket/out is an address"),
        ("corpus", "file:///data/out", "Write the path alone"),
    ],
)
def test_remote_places_are_refused(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, inputs: str, output: str, said: str
) -> None:
    monkeypatch.chdir(corpus)
    before = sorted(corpus.iterdir())
    settings = {"inputs": [{"path": inputs}], "output": output}
    with pytest.raises(RefuseError) as refusal:
        load_config(yaml.safe_dump(settings))
    assert said in str(refusal.value)
    assert sorted(corpus.iterdir()) == before

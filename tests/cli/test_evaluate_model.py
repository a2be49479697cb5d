from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from isinglass.cli.app import app
from isinglass.schemas.errors import IsinglassError
from isinglass.schemas.evaluation import Kinds, ModelEvaluation

if TYPE_CHECKING:
    from typer.testing import Result

LISTS = """
name: ours
version: "1"
language: en
source: somebody
licence: CC0-1.0
sets:
  x: {words: [apple, pear, plum]}
  y: {words: [nail, screw, bolt]}
  a: {words: [good, fine]}
  b: {words: [bad, poor]}
tests:
  - {id: fruit, title: Fruit and hardware, targets: [x, y], attributes: [a, b]}
"""
NEAR = {"apple": 0.1, "pear": 0.2, "plum": 0.3, "nail": 1.2, "screw": 1.3, "bolt": 1.4}
WORDS = {**NEAR, "good": 0.0, "fine": 0.1, "bad": 1.5, "poor": 1.4}
"""Directions of vectors, in radians."""


def write(folder: Path, words: dict[str, float] = WORDS, lists: str = LISTS) -> None:
    angles = np.array([*words.values()])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    np.savez(folder / "v.npz", words=np.array([*words]), vectors=vectors)
    (folder / "ours.yaml").write_text(lists, "utf-8")


def run(folder: Path, *arguments: str, out: str = "out") -> Result:
    common = ["--output", str(folder / out), "--set", "associations.packaged=false"]
    if "--vectors" not in arguments:
        common += ["--vectors", str(folder / "v.npz")]
    common += ["--lists", str(folder / "ours.yaml")]
    return CliRunner().invoke(app, ["evaluate", "model", *common, *arguments])


def rows(folder: Path) -> dict[tuple[str, str | None], dict[str, Any]]:
    table = pq.read_table(folder / "audit" / "statistics.parquet").to_pylist()
    return {(row["metric"], row["group"]): row for row in table}


def refused(result: Result) -> str:
    assert isinstance(result.exception, IsinglassError), result.output
    assert result.exception.exit_code == 2
    return str(result.exception)


def test_what_an_evaluation_writes(tmp_path: Path) -> None:
    write(tmp_path)
    result = run(tmp_path, "--format", "json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told == json.loads((tmp_path / "out" / "model.json").read_text())
    read = ModelEvaluation.model_validate(told)
    assert read.verdict == "passed"
    assert read.skipped.keys() == Kinds.model_fields.keys() - {"weat"}
    assert [(one.name, one.role) for one in read.models] == [("v.npz", "word vectors")]
    assert [one.name for one in read.lexicons] == ["ours", "bleached"]
    assert read.kinds.weat is not None
    (test,) = read.kinds.weat.tests
    by = test.permutations
    assert by is not None
    assert (by.exact, by.partitions, by.greater, by.seed) == (True, 20, 0, None)
    assert test.p == 1 / 20
    # Cosines to the direction of the attributes, and their sample deviation.
    direction = np.exp([0j, 0.1j]).mean() - np.exp([1.5j, 1.4j]).mean()
    values = np.real(np.exp(1j * np.array([*NEAR.values()])) * direction.conjugate())
    gap = values[:3].mean() - values[3:].mean()
    assert test.effect_size == pytest.approx(gap / values.std(ddof=1), abs=1e-6)
    found = rows(tmp_path / "out")
    effect = found["weat.effect_size", "fruit"]
    assert effect["value"] == test.effect_size
    assert effect["stage"] == "run"
    assert found["weat.words_found", "fruit"]["denominator"] == 10
    assert found["weat.tests", None]["value"] == 1
    page = (tmp_path / "out" / "report.html").read_text()
    assert "never that it holds none" in page
    assert "Fruit and hardware" in page
    sums = (tmp_path / "out" / "SHA256SUMS").read_text()
    assert [line.split()[1] for line in sums.splitlines()] == [
        "audit/statistics.parquet",
        "model.json",
        "report.html",
    ]
    assert (tmp_path / "out" / "_SUCCESS").exists()


def test_the_same_statistics_come_out_again(tmp_path: Path) -> None:
    write(tmp_path)
    run(tmp_path)
    run(tmp_path, out="again")
    one, other = (
        (tmp_path / name / "audit" / "statistics.parquet").read_bytes()
        for name in ("out", "again")
    )
    assert one == other


def test_drift_is_a_gate_with_a_baseline(tmp_path: Path) -> None:
    write(tmp_path)
    assert run(tmp_path, out="first").exit_code == 0
    write(tmp_path, {**WORDS, "apple": 1.5, "bolt": 0.0})
    gate = {
        "metric": "weat.effect_size",
        "slice": {"group": "*"},
        "op": ">=",
        "value": -0.1,
        "baseline": str(tmp_path / "first"),
        "reason": "The fruit moved.",
    }
    result = run(tmp_path, "--gate", json.dumps(gate))
    assert result.exit_code == 3, result.output
    assert "the change of weat.effect_size since" in result.stdout
    assert "The fruit moved." in result.stdout
    assert not (tmp_path / "out" / "_SUCCESS").exists()
    same = run(tmp_path, "--gate", json.dumps({**gate, "value": -2}), out="second")
    assert same.exit_code == 0, same.output


def test_a_baseline_of_other_word_lists_is_told(tmp_path: Path) -> None:
    write(tmp_path)
    run(tmp_path, out="first")
    gate = {"metric": "weat.p", "slice": {"group": "*"}, "op": "<=", "value": 1}
    asked = json.dumps({**gate, "baseline": str(tmp_path / "first")})
    assert "other means" not in run(tmp_path, "--gate", asked).stdout
    write(tmp_path, lists=LISTS.replace("[good, fine]", "[fine, good]"))
    result = run(tmp_path, "--gate", asked)
    assert result.exit_code == 0
    told = f"The baseline {tmp_path / 'first'} was measured with other means: the word"
    assert f"{told} lists ours." in result.stdout


def test_words_without_a_vector_are_named(tmp_path: Path) -> None:
    write(tmp_path, {word: at for word, at in WORDS.items() if word != "plum"})
    result = run(tmp_path, "--format", "json")
    assert result.exit_code == 0
    (test,) = json.loads(result.stdout)["kinds"]["weat"]["tests"]
    missing = {one["name"]: one["missing"] for one in test["words"]}
    assert missing == {"x": ["plum"], "y": [], "a": [], "b": []}
    assert test["permutations"]["partitions"] == 10
    assert rows(tmp_path / "out")["weat.words_found", "fruit"]["value"] == 0.9


def test_a_test_of_too_few_words_is_not_done(tmp_path: Path) -> None:
    more = "  - {id: other, title: Other, targets: [y, x], attributes: [a, c]}\n"
    lists = LISTS.replace("tests:", "  c: {words: [mean, vile]}\ntests:") + more
    write(tmp_path, {**WORDS, "mean": 1.5}, lists)
    result = run(tmp_path, "--strict")
    assert result.exit_code == 4, result.output
    said = "of the 2 words of c 1 have a vector, and at least 2 are needed"
    assert f"WEAT other was not done: {said}" in result.stdout
    assert "Missing: vile" in (tmp_path / "out" / "report.html").read_text()


def test_where_nothing_can_be_done_it_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"one": 0.0, "two": 1.0})
    said = refused(run(tmp_path))
    assert said.startswith("weat: none of the 1 tests can be done. fruit: of the 3")
    assert "Missing: apple, pear, plum." in said
    assert not (tmp_path / "out").exists()


def test_small_letters_where_there_are_no_others(tmp_path: Path) -> None:
    upper = LISTS.replace("apple", "Apple").replace("pear", "Pear")
    write(tmp_path, lists=upper)
    result = run(tmp_path)
    assert "know none of the words with capitals" in result.stdout
    cased = {**WORDS, "Apple": 0.3}
    write(tmp_path, cased, upper)
    told = json.loads(run(tmp_path, "--format", "json", out="cased").stdout)
    assert told["warnings"] == []
    words = told["kinds"]["weat"]["tests"][0]["words"]
    assert words[0] == {"name": "x", "found": 2, "missing": ["Pear"]}


def test_names_in_lists_are_data(tmp_path: Path) -> None:
    hostile = "<script>x</script>"
    lists = LISTS.replace("Fruit and hardware", f"'{hostile}'")
    write(tmp_path, lists=lists)
    assert run(tmp_path).exit_code == 0
    page = (tmp_path / "out" / "report.html").read_text()
    assert hostile not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--vectors", "none.txt"], "vectors: there is no file"),
        (["--kind", "wheat"], "kinds: there is no wheat; did you mean weat?"),
        (["--kind", "seat"], "kinds: seat cannot be done: word vectors have no"),
        (["--set", "associations.test=[a]"], "unknown key; did you mean tests?"),
        (["--set", "associations.tests=[fruits]"], "did you mean fruit?"),
        (["--set", "associations.contexts=5"], "least_contexts 10 is more than"),
        (["--gate", "{metric: weat.effect, op: '<', value: 1}"], "did you mean"),
        (["--gate", "weat"], "--gate weat: write it as in a configuration"),
        (
            ["--gate", "{metric: weat.p, slice: {axis: a}, op: '<', value: 1}"],
            "weat.p is not told by axis; it is told by group.",
        ),
        (
            ["--gate", "{metric: weat.p, op: '<', value: 1, baseline: none}"],
            "none has no audit/statistics.parquet that can be read",
        ),
    ],
)
def test_what_is_wrong_is_refused(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    write(tmp_path)
    assert said in refused(run(tmp_path, *arguments))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name either a model (encode.model) or vectors"),
        (["minilm", "--vectors", "v.npz"], "name either a model"),
        (["no-such-model"], "'no-such-model' is neither a folder nor in the local"),
        (["no/such/model/folder"], "no/such/model/folder"),
    ],
)
def test_what_is_evaluated_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    command = ["evaluate", "model", *arguments, "--output", str(tmp_path / "out")]
    assert said in refused(CliRunner().invoke(app, command))
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    assert "holds mine.txt, which is no part of" in refused(run(tmp_path))
    shutil.rmtree(tmp_path / "out")
    assert run(tmp_path).exit_code == 0
    assert run(tmp_path).exit_code == 0


def test_a_configuration_says_the_same(tmp_path: Path) -> None:
    write(tmp_path)
    job = {
        "vectors": str(tmp_path / "v.npz"),
        "output": str(tmp_path / "out"),
        "kinds": ["weat"],
        "associations": {"packaged": False, "lists": [str(tmp_path / "ours.yaml")]},
        "gates": [{"metric": "weat.mean_absolute_effect_size", "op": "<=", "value": 1}],
    }
    (tmp_path / "job.yaml").write_text(json.dumps(job))
    command = ["evaluate", "model", "--config", str(tmp_path / "job.yaml")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 3, result.output
    result = CliRunner().invoke(app, [*command, "--set", "gates.0.severity=warning"])
    assert result.exit_code == 0, result.output


def test_of_a_run_the_encode_section_is_used(tmp_path: Path) -> None:
    write(tmp_path)
    job = "inputs: [{path: none, source: web}]\noutput: run\n"
    (tmp_path / "job.yaml").write_text(job + "encode: {model: nobody/none}\n")
    command = ["evaluate", "model", "--config", str(tmp_path / "job.yaml")]
    command += ["--output", str(tmp_path / "out")]
    assert "encode.model: 'nobody/none'" in refused(CliRunner().invoke(app, command))
    (tmp_path / "job.yaml").write_text(job)
    assert "has no `encode` section" in refused(CliRunner().invoke(app, command))


def test_lists_are_checked(tmp_path: Path) -> None:
    write(tmp_path, lists=LISTS.replace("tests:", "  idle: {words: [q, r]}\ntests:"))
    command = ["evaluate", "lists", str(tmp_path / "ours.yaml")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "ours, version 1, en: can be used" in result.stdout
    assert "fruit: x (3) and y (3) with a (2) and b (2)" in result.stdout
    assert "in no test: idle" in result.stdout


@pytest.mark.parametrize("contract", ["associations", "evaluation", "model"])
def test_contracts_are_printed(contract: str) -> None:
    result = CliRunner().invoke(app, ["schema", contract])
    assert json.loads(result.stdout)["properties"]


def test_published_effects_of_google_news(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "fairness" / "weat"
    if not folder.is_dir():
        pytest.skip(f"no vectors at {folder}")
    command = [
        "evaluate",
        "model",
        "--vectors",
        str(folder / "googlenews_weat_dev.npz"),
    ]
    command += ["--output", str(tmp_path / "out"), "--format", "json"]
    told = json.loads(CliRunner().invoke(app, command).stdout)
    tests = {one["id"]: one for one in told["kinds"]["weat"]["tests"]}
    expected = json.loads((folder / "expected_dev.json").read_text())
    for number, known in expected.items():
        (found,) = [one for name, one in tests.items() if f"weat{number}-" in name]
        by, computed = found["permutations"], known["computed"]
        assert found["effect_size"] == pytest.approx(
            known["published_word2vec_d"], abs=5e-3
        )
        assert found["effect_size"] == pytest.approx(computed["d_ddof1"], abs=1e-6)
        if "p_exact_strict" in computed:
            assert by["exact"]
            assert by["partitions"] == computed["partitions"]
            assert by["greater"] / by["partitions"] == computed["p_exact_strict"]
            assert found["p"] == pytest.approx((by["greater"] + 1) / by["partitions"])
        else:
            assert found["p"] < 2e-5

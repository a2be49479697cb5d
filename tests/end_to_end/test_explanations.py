"""`isinglass evaluate explanations` over a run, as its user types it."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from isinglass.cli.app import app
from isinglass.schemas.errors import IsinglassError, MissingExtraError, OutputError
from tests.encoded import start, write_texts
from tests.pages import assert_inert
from tests.topics import make_topics

MAIL = "jane.roe@posteo.de"
HOSTILE = "</text></svg><script>alert(1)</script> \u202egnp.exe\u202c"
FILES = ["explanations.html", "explanations.json", "statistics.parquet"]
_WHO = (
    ("woman", "sister", "daughter", "actress", "queen"),
    (
        "man",
        "brother",
        "son",
        "actor",
        "king",
    ),
)
_DID = ("wrote a letter", "sold the house", "won the race", "read the paper")


def people(count: int) -> list[dict[str, Any]]:
    chance = random.Random(3)  # noqa: S311 - test data
    rows = []
    for number in range(count):
        who, other = (chance.choice(_WHO[number % 2]) for _ in range(2))
        text = f"The {who} {chance.choice(_DID)} in {1900 + number}, and so did the "
        text += f"{other} of the mayor, who {chance.choice(_DID)}."
        if number == 0:
            text += f" Write to {MAIL} about it. {HOSTILE}"
        rows.append({"id": f"p{number}", "text": text})
    return rows


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explanations")
    topics = [{"id": r["id"], "text": r["text"]} for r in make_topics(24)]
    write_texts(folder / "corpus", [*people(96), *topics])
    kept = {"EMAIL_ADDRESS": {"operator": "keep"}}
    inputs = [
        {"path": str(folder / "corpus"), "source": "web", "columns": {"id": "id"}}
    ]
    return start(
        folder,
        {"max_tokens": 64, "semantic": {"clusters": 3}},
        inputs=inputs,
        pii={"mode": "identifiers", "entities": kept},
    ).folder


def explain(run: Path, to: Path, *more: str) -> Any:
    arguments = ["evaluate", "explanations", str(run), "--to", str(to), *more]
    return CliRunner().invoke(app, arguments)


def everything(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def told(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Explanations by a probe, and of the document with an address in it."""
    to = tmp_path_factory.mktemp("told") / "out"
    before = everything(run)
    probe = ("--target", "probe:gender/female", "--documents", "p0")
    result = explain(run, to, *probe, "--sample", "12", "--strict")
    assert everything(run) == before
    assert result.exit_code == 4, result.output
    assert "Findings: " in result.output
    return to


def test_what_is_written_is_for_its_owner_alone(told: Path) -> None:
    assert sorted(path.name for path in told.iterdir()) == FILES
    assert {path.stat().st_mode & 0o777 for path in told.iterdir()} == {0o600}
    assert told.stat().st_mode & 0o777 == 0o700


def test_sums_are_complete_and_numbers_those_of_the_run(told: Path) -> None:
    found = json.loads((told / "explanations.json").read_bytes())
    assert len(found["documents"]) in {12, 13}
    for one in found["documents"]:
        parts = [token["added"] for token in one["tokens"]]
        whole = one["value"] - one["baseline"]
        added = sum(parts) + one["special_tokens"]["added"]
        assert added == pytest.approx(whole, rel=0.051, abs=1e-4)
        assert one["complete"]
        assert one["value"] == pytest.approx(one["value_of_run"], abs=1e-3)
        rolled = sum(token["rollout"] for token in one["tokens"])
        assert rolled + one["special_tokens"]["rollout"] == pytest.approx(1, abs=1e-4)
        assert one["attention"]["rollout_row_error"] < 1e-5
        assert np.array(one["attention"]["head_entropy"]).shape == (6, 12)
        assert len(one["attention"]["received"]) == 6
    assert found["number"]["facts"]["auc"] > 0.8


def test_a_probe_of_a_group_hangs_on_its_terms(told: Path) -> None:
    found = json.loads((told / "explanations.json").read_bytes())
    gaps = {
        (gap["before"], gap["after"]): gap
        for gap in found["identity_terms"]["gaps"]
        if gap["before"]
    }
    away = gaps["female", "male"]
    assert away["finding"]
    assert "mean" not in away
    assert away["high"] < 0
    assert away["count"] >= 5
    assert not any(gap["finding"] for key, gap in gaps.items() if key[0] == key[1])
    better, of = found["better_than_random"]
    assert better / of > 0.5


def test_personal_data_is_masked_everywhere(told: Path) -> None:
    for path in told.iterdir():
        content = path.read_bytes()
        for part in (b"jane", b"roe@", b"posteo"):
            assert part not in content, (path.name, part)
    found = json.loads((told / "explanations.json").read_bytes())
    shown = [token["shown"] for token in found["documents"][0]["tokens"]]
    assert "[EMAIL_ADDRESS]" in shown


def test_the_page_is_inert_and_shows_what_hides(told: Path) -> None:
    html = (told / "explanations.html").read_text()
    page = assert_inert(html)
    assert "\u202e" not in html
    assert "alert" in page.content()
    assert "It is no reason" in page.content()
    assert html.count("<svg") > 10


def test_statistics_say_all_of_it(told: Path) -> None:
    rows = pq.read_table(told / "statistics.parquet").to_pylist()
    by_name = {row["metric"]: row for row in rows}
    assert by_name["explanations.complete"]["value"] == 1
    assert by_name["explanations.completeness_gap"]["value"] <= 0.05
    assert by_name["explanations.rollout_row_error"]["value"] < 1e-5
    assert by_name["explanations.findings"]["value"] >= 1
    layers = [r["position"] for r in rows if r["metric"] == "explanations.head_entropy"]
    assert layers == [f"layer {number}" for number in range(1, 7)]
    gaps = [r for r in rows if r["metric"] == "explanations.swap_gap"]
    assert {"female", "male"} <= {row["group"] for row in gaps}
    assert all(row["axis"] == "gender" and row["denominator"] for row in gaps)


def test_equal_questions_give_equal_bytes(run: Path, tmp_path: Path) -> None:
    more = ("--sample", "3", "--target", "cluster", "--swaps", "2")
    for name in ("one", "two"):
        result = explain(run, tmp_path / name, *more)
        assert result.exit_code == 0, result.output
    assert everything(tmp_path / "one") == everything(tmp_path / "two")
    # The same folder may be written again.
    assert explain(run, tmp_path / "one", *more, "--seed", "1").exit_code == 0
    found = json.loads((tmp_path / "two/explanations.json").read_bytes())
    assert found["number"]["flag"].startswith("an outlier score of")
    clusters = {
        row["doc_id"]: (row["cluster"], row["similarity"])
        for path in (run / "clusters").iterdir()
        for row in pq.read_table(path).to_pylist()
    }
    for one in found["documents"]:
        cluster, similarity = clusters[one["doc_id"]]
        assert one["number"] == f"cosine to the centroid of cluster {cluster}"
        assert one["value"] == pytest.approx(similarity, abs=1e-4)


def test_a_head_of_the_user(run: Path, tmp_path: Path) -> None:
    weight = np.random.default_rng(4).normal(size=(2, 384)).astype(np.float32)
    np.savez(tmp_path / "head.npz", weight=weight, bias=np.zeros(2))
    head = f"head:{tmp_path / 'head.npz'}:1"
    result = explain(
        run,
        tmp_path / "out",
        *("--target", head, "--documents", "p2", "--sample", "0"),
        *("--format", "json"),
    )
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["number"]["name"] == "logit of head.npz, output 1"
    assert "documents" not in summary
    assert "words" not in summary
    (one,) = json.loads((tmp_path / "out/explanations.json").read_bytes())["documents"]
    vectors = {
        row["doc_id"]: row["embedding"]
        for path in (run / "embeddings").iterdir()
        for row in pq.read_table(path).to_pylist()
    }
    expected = float(np.array(vectors[one["doc_id"]]) @ weight[1])
    assert one["value"] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--target", "colour"), "write cluster, cluster:N, probe:AXIS/GROUP"),
        (("--target", "cluster:x"), "write cluster, cluster:N"),
        (("--target", "cluster:3"), "the run has 3 clusters, from 0"),
        (("--target", "probe:gender/queen"), "groups of gender: female, male"),
        (("--target", "probe:colour/red"), "axes: age"),
        (("--target", "probe:religion/christian"), "0 of "),
        (("--target", "head:none.npz"), "cannot be read as a saved head"),
        (("--axis", "colour"), "--axis colour: no lexicon has it"),
        (("--documents", "nobody"), "No record of run"),
        (("--sample", "0"), "there is nothing to explain"),
    ],
)
def test_what_there_is_not_is_refused(
    run: Path, tmp_path: Path, more: tuple[str, ...], said: str
) -> None:
    result = explain(run, tmp_path / "out", *more)
    assert isinstance(result.exception, IsinglassError), result.exception
    assert said in str(result.exception)
    assert result.exception.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_a_head_of_another_width_is_refused(run: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "wide.npz", weight=np.zeros(768, np.float32))
    result = explain(run, tmp_path / "out", "--target", f"head:{tmp_path}/wide.npz")
    assert "takes vectors of 768 values, and the encoder of this run gives 384" in str(
        result.exception
    )


def test_nothing_is_written_into_a_run_or_over_other_files(
    run: Path, tmp_path: Path
) -> None:
    inside = explain(run, run / "audit/explanations")
    assert isinstance(inside.exception, OutputError)
    (tmp_path / "notes.txt").write_text("mine")
    over = explain(run, tmp_path)
    assert isinstance(over.exception, OutputError)
    assert "notes.txt" in str(over.exception)


def test_a_text_that_was_changed_since_the_run_is_noticed(
    run: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    for path in (copy / "data").iterdir():
        table = pq.read_table(path)
        texts = [f"Quite another text, number {n}." for n in range(len(table))]
        place = table.schema.get_field_index("text")
        pq.write_table(table.set_column(place, table.field(place), [texts]), path)
    result = explain(copy, tmp_path / "out", "--sample", "1")
    assert "the vector of its text is not the one in embeddings/" in str(
        result.exception
    )


def test_another_model_than_that_of_the_run_is_refused(
    run: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    manifest = (copy / "manifest.json").read_text()
    encoder = re.search(r'"role": "encoder",.*?"sha256": "(\w+)"', manifest, re.DOTALL)
    assert encoder
    changed = manifest.replace(encoder[1], "0" * 64)
    (copy / "manifest.json").write_text(changed)
    result = explain(copy, tmp_path / "out")
    assert "The encoder 'all-MiniLM-L6-v2' is another one now" in str(result.exception)


def test_a_run_without_vectors_or_clusters_is_refused(tmp_path: Path) -> None:
    write_texts(tmp_path / "corpus", people(4))
    plain = start(tmp_path, {"max_tokens": 32, "embeddings": "none"}).folder
    none = explain(plain, tmp_path / "out")
    assert "has no vectors, so there is no number of a model" in str(none.exception)
    vectors = start(tmp_path, {"max_tokens": 32}, output=str(tmp_path / "other"))
    result = explain(vectors.folder, tmp_path / "out")
    assert "has no clusters. Give its `encode` section a `semantic` one" in str(
        result.exception
    )


def test_without_the_extra_it_says_which(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "isinglass.transforms.encode.find_spec",
        lambda name: None if name == "torch" else name,
    )
    result = explain(run, tmp_path / "out")
    assert isinstance(result.exception, MissingExtraError)
    assert "pip install 'isinglass[encode]'" in str(result.exception)


PAGE = (Path(__file__).parents[2] / "docs/explanations.md").read_text()


def test_the_commands_of_the_page_do_what_it_says(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("head.npz", weight=np.ones(384, np.float32))
    commands = re.findall(r"^    isinglass (evaluate .*)$", PAGE, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        given = command.replace("runs/demo", str(run)).split()
        result = CliRunner().invoke(app, [*given, "--sample", "2", "--swaps", "1"])
        assert result.exit_code == 0, result.output
        folder = tmp_path / given[given.index("--to") + 1]
        assert sorted(path.name for path in folder.iterdir()) == FILES
    for name in FILES:
        assert f"| `{name}` |" in PAGE


def test_the_page_names_every_metric_and_option(told: Path) -> None:
    rows = pq.read_table(told / "statistics.parquet").to_pylist()
    written = {row["metric"].removeprefix("explanations.") for row in rows}
    table = PAGE[PAGE.index("| metric of") :]
    assert set(re.findall(r"`(?:explanations)?\.(\w+)`", table)) == written
    shown = CliRunner().invoke(app, ["evaluate", "explanations", "--help"]).output
    for option in re.findall(r"`(--[a-z]+)", PAGE):
        assert option in shown

"""A concept erased from the vectors of runs: proved, the same bytes, and refused."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import isinglass
from isinglass.pipelines.explain.folder import RunFolder
from isinglass.pipelines.proof.prove import prove
from isinglass.pipelines.stages.leace.story import story
from isinglass.schemas.errors import ConfigError, InputError
from isinglass.transforms.encode.outputs.readers import read_embeddings
from isinglass.transforms.leace.batches import list_column
from isinglass.transforms.leace.eraser import Eraser, read_eraser, to_bytes
from isinglass.transforms.leace.moments import add, create
from isinglass.transforms.statistics.probes import fit_logistic, predict
from tests.encoded import hashes, start, table, write_texts
from tests.forgeries import (
    encode_nothing_again,
    in_manifest,
    in_table,
    increase,
    reseal,
)

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.pipelines.run import Result
    from tests.forgeries import Change

DOERS = {
    "female": ("She", "The woman", "Her mother", "The girl"),
    "male": ("He", "The man", "His father", "The boy"),
    "": ("The engine", "A river", "The market", "Winter"),
}
DEEDS = (
    "walked to the harbour",
    "bought a loaf of bread",
    "looked at the galaxy",
    "mended a boat",
    "wrote a long letter",
    "measured the field",
    "sold two horses",
    "read about the law",
)
ENCODE = {"max_tokens": 16, "tokens": False, "erase_concept": {"axis": "gender"}}
GERMAN = "Das Wetter im Norden bleibt heute wechselhaft und es regnet immer wieder."


def erased_table(run: Path) -> pa.Table:
    """The folder as a user reads it, the eraser in it or not."""
    return pq.read_table(run / "embeddings_erased")


def make_rows(
    count: int, doers: tuple[str, ...] = tuple(DOERS)
) -> list[dict[str, Any]]:
    """Texts about women, men and things, by turns, and one in a language of its own."""
    chosen = random.Random(3)  # noqa: S311 - words of texts
    rows = []
    for number in range(count):
        who = doers[number % len(doers)]
        said = " and then ".join(chosen.choices(DEEDS, k=3))
        text = f"{chosen.choice(DOERS[who])} {said}."
        rows.append({"id": f"d{number}", "text": text, "language": "en", "who": who})
    return rows


def run(folder: Path, rows: list[dict[str, Any]], **changes: Any) -> Result:
    """A run over the rows in some shards."""
    write_texts(folder / "corpus", rows)
    inputs = [{"path": str(folder / "corpus"), "source": "web"}]
    inputs[0]["columns"] = {"language": "language"}  # type: ignore[assignment]
    limits = {"shard_bytes": 16_000}
    settings = {"inputs": inputs, "limits": limits, "encode": ENCODE, **changes}
    return start(folder, settings.pop("encode"), **settings)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    rows = make_rows(600)
    rows.insert(7, {"id": "x", "text": GERMAN, "language": "xx", "who": "unknown"})
    folder = tmp_path_factory.mktemp("erased")
    return run(folder, rows, beam={"workers": 2, "mode": "multi_processing"})


def test_the_run_is_proved(result: Result) -> None:
    checks = {check.name: check for check in prove(result.folder)}
    assert checks["erased concept"].status == "passed"
    assert "601 vectors" in checks["erased concept"].detail
    assert "failed" not in {check.status for check in checks.values()}


def test_what_was_erased_cannot_be_told_by_a_line(result: Result) -> None:
    who = table(result.folder, "data")["who"].to_pylist()
    mentions = erased_table(result.folder)["mentions"].to_pylist()
    assert mentions == [
        None if one == "unknown" else [one] if one else [] for one in who
    ]
    known = np.array([one != "unknown" for one in who])
    labels = np.array([[one == group for group in DOERS if group] for one in who])
    _, before = read_embeddings(result.folder / "embeddings")
    ids, after = read_embeddings(result.folder / "embeddings_erased")
    assert ids.to_pylist() == table(result.folder, "data")["doc_id"].to_pylist()
    assert after.dtype == np.float32
    sums = [add(create(), some[known], labels[known]) for some in (before, after)]
    assert np.abs(sums[0].covariances).max() > 1e-3
    assert np.abs(sums[1].covariances).max() < 1e-6
    for label in labels[known].T:
        told = predict(fit_logistic(before[known], label), before[known]) == label
        assert told.mean() > 0.95
        told = predict(fit_logistic(after[known], label), after[known]) == label
        assert abs(told.mean() - max(label.mean(), 1 - label.mean())) < 0.01


def test_the_numbers_are_told_everywhere(result: Result) -> None:
    told = result.manifest.leace
    assert told is not None
    assert (told.axis, told.rank, told.dimensions) == ("gender", 2, 384)
    assert (told.rows, told.fitted_on) == (601, 600)
    assert [group.rows for group in told.groups] == [200, 200]
    assert told.covariance_after < 1e-6
    assert told.covariance_before > 1e-3
    assert 0 < told.neighbours_kept < told.neighbours
    for group in told.groups:
        assert group.probed is not None
        assert group.linear_before is not None
        assert group.linear_before / group.probed > 0.9
    statistics = pq.read_table(result.folder / "audit" / "statistics.parquet")
    found = {
        (row["metric"], row["stage"], row["group"]): row["value"]
        for row in statistics.to_pylist()
        if row["metric"].startswith("leace.")
    }
    assert len(found) == 4 + 2 * 2 * 3 + 2 * 10
    (careers,) = (one for one in told.associations if "career" in one.title)
    assert careers.before > 0.8
    assert abs(careers.after) < careers.before - 0.3
    assert found["leace.association", "output", careers.test] == careers.after
    assert found["leace.covariance", "output", None] == told.covariance_after
    before = found["leace.probe_accuracy", "input", "female"]
    assert found["leace.probe_gain", "input", "female"] == before - 0.5
    page = (result.folder / "report.html").read_text()
    assert "Concept erased from embeddings" in page


def test_the_eraser_tells_what_it_is_for(result: Result) -> None:
    path = result.folder / "embeddings_erased" / "_eraser.npz"
    about = read_eraser(path).about
    assert about["axis"] == "gender"
    assert about["groups"] == ["female", "male"]
    hashes_of = {model.role: model.sha256 for model in result.manifest.models}
    assert about["models"] == {
        role: hashes_of[role] for role in ("tokenizer", "encoder", "encoder settings")
    }
    _, before = read_embeddings(result.folder / "embeddings")
    _, after = read_embeddings(result.folder / "embeddings_erased")
    assert np.allclose(isinglass.erase_concept(before, path), after, atol=1e-7)


def test_explain_tells_what_was_erased_of_a_record(result: Result) -> None:
    folder = RunFolder.open(result.folder)
    rows = table(result.folder, "data").to_pylist()
    shards = {
        doc_id: path.stem
        for path in sorted((result.folder / "data").iterdir())
        for doc_id in pq.read_table(path)["doc_id"].to_pylist()
    }
    said = {}
    for row in rows[:12]:
        record = {"doc_id": row["doc_id"], "shard": shards[row["doc_id"]]}
        told = story(folder, record, full=False)
        assert told is not None
        said[row["who"]] = told.lines[0][1]
    assert said["female"] == "female"
    assert said[""] == "of none of the groups"
    assert said["unknown"].startswith("not known")


def test_one_worker_backwards_makes_the_same_bytes(
    result: Result, tmp_path: Path
) -> None:
    rows = make_rows(600)
    rows.insert(7, {"id": "x", "text": GERMAN, "language": "xx", "who": "unknown"})
    other = run(tmp_path, rows, reverse=True)
    names = ("embeddings_erased", "audit")
    assert hashes(other.folder, *names) == hashes(result.folder, *names)
    assert other.manifest.leace == result.manifest.leace


def _with(found: pa.Table, name: str, values: pa.Array) -> pa.Table:
    place = found.schema.get_field_index(name)
    return found.set_column(place, found.schema.field(place), values)


def _exchange(found: pa.Table) -> pa.Table:
    order = pa.array([1, 0, *range(2, found.num_rows)])
    return _with(found, "embedding", found["embedding"].take(order))


def _forget(found: pa.Table) -> pa.Table:
    kind = found.schema.field("mentions").type
    return _with(found, "mentions", pa.array([[]] * found.num_rows, kind))


def _leave_some_in(folder: Path) -> None:
    """An eraser that takes nine tenths, and vectors that it made."""
    path = folder / "embeddings_erased" / "_eraser.npz"
    whole = read_eraser(path)
    weak = Eraser(whole.mean, whole.left * 0.9, whole.right, whole.about)
    path.write_bytes(to_bytes(weak))
    for erased in sorted(folder.glob("embeddings_erased/*.parquet")):
        found = pq.read_table(erased)
        _, before = read_embeddings(folder / "embeddings" / erased.name)
        column = list_column(weak.apply(before))
        pq.write_table(_with(found, "embedding", column), erased)


@pytest.mark.parametrize(
    ("forge", "told"),
    [
        (in_table("embeddings_erased", _exchange), "not what the eraser makes"),
        (in_table("embeddings_erased", _forget), "count different"),
        (_leave_some_in, "covaries with a mention"),
        (in_manifest("leace", "rows", value=increase), "count different vectors"),
        (in_manifest("leace", "covariance_before", value=increase), "before erasing"),
        (
            in_manifest("leace", "neighbours_kept", value=increase),
            "tell different things",
        ),
        (in_manifest("leace", "rank", value=increase), "other dimensions"),
    ],
)
def test_forgeries_are_found(
    result: Result,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    forge: Change,
    told: str,
) -> None:
    encode_nothing_again(monkeypatch)
    folder = tmp_path / "copy"
    # The proof needs nothing that may be removed.
    shutil.copytree(result.folder, folder, ignore=shutil.ignore_patterns("work"))
    forge(folder)
    reseal(folder)
    found = {check.name: check for check in prove(folder)}["erased concept"]
    assert found.status == "failed"
    assert told in " ".join(found.faults)


def test_windows_and_half_floats_and_few_documents(tmp_path: Path) -> None:
    encode = {
        **ENCODE,
        "windows": "window",
        "max_tokens": 12,
        "embedding_type": "float16",
    }
    gate = {
        "metric": "leace.covariance",
        "slice": {"stage": "output", "axis": "gender"},
        "op": "<=",
        "value": 1e-6,
    }
    made = run(tmp_path, make_rows(60), encode=encode, gates=[gate])
    (asked,) = (g for g in made.manifest.gates if g.metric == "leace.covariance")
    assert asked.passed
    told = made.manifest.leace
    assert told is not None
    rows = table(made.folder, "embeddings").num_rows
    assert told.rows == rows > 60
    assert told.covariance_after < 1e-6
    erased = erased_table(made.folder)
    assert erased["window"].equals(table(made.folder, "embeddings")["window"])
    assert erased.schema.field("embedding").type == pa.list_(pa.float32(), 384)
    said = " ".join(made.manifest.warnings)
    assert f"by {rows} vectors of 384 dimensions" in said
    checks = {check.name: check.status for check in prove(made.folder)}
    assert checks["erased concept"] == "passed"
    assert checks["schemas"] == "passed"


@pytest.mark.parametrize(
    ("doers", "axis", "told"),
    [
        (("female", "male", ""), "religion", "christian in 0"),
        (("female", ""), "gender", "female in 30, male in 0"),
        (("",), "gender", "female in 0, male in 0"),
    ],
)
def test_what_is_not_in_the_corpus_is_refused_before_data_is_written(
    tmp_path: Path, doers: tuple[str, ...], axis: str, told: str
) -> None:
    encode = {**ENCODE, "erase_concept": {"axis": axis}}
    with pytest.raises(InputError, match=r"nothing of \w+ to erase") as caught:
        run(tmp_path, make_rows(60, doers), encode=encode)
    assert told in str(caught.value)
    assert not (tmp_path / "run" / "data").exists()


def test_what_no_lexicon_has_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    encode = {**ENCODE, "erase_concept": {"axis": "astrology"}}
    with pytest.raises(ConfigError, match="no mentions of astrology are counted"):
        run(tmp_path, make_rows(9), encode=encode)
    assert not (tmp_path / "run").exists()
    gate = {"metric": "leace.covariance", "op": "<=", "value": 1.0}
    other = gate | {"slice": {"axis": "religion"}}
    with pytest.raises(ConfigError, match="no axis religion"):
        run(tmp_path, make_rows(9), gates=[other])


def test_another_concept_encodes_nothing_again(tmp_path: Path) -> None:
    rows = make_rows(60)
    run(tmp_path, rows, encode={**ENCODE, "erase_concept": None})
    made = run(tmp_path, rows, replace=True)
    reused = {one.name: (one.units, one.reused) for one in made.manifest.passes}
    assert reused["encode"] == (1, 1)
    assert reused["leace_apply"] == (1, 0)
    _, before = read_embeddings(made.folder / "embeddings")
    _, after = read_embeddings(made.folder / "embeddings_erased")
    assert before.shape == after.shape

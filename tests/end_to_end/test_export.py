"""Kept documents on their way to a trainer: all of them, in files of their own."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from typer.testing import CliRunner

from isinglass.cli.app import app
from isinglass.pipelines.export import write as writing
from isinglass.pipelines.proof.prove import prove
from isinglass.schemas.errors import IsinglassError
from tests.corpora import make_rows, write_jsonl
from tests.end_to_end.test_verbs import start
from tests.forgeries import in_manifest, reseal

if TYPE_CHECKING:
    from typer.testing import Result

    Row = dict[str, Any]

HOSTILE = [
    "<script>alert(1)</script> stands in this text, and closes </body></html>.",
    "\x1b[31mred\x1b[0m and \x1b]0;title\x07 are for a terminal.",
    "abc \u202edesrever\u202c and \u2066isolated\u2069 run the other way.",
    '=HYPERLINK("http://x.example","y")\n+1\n-1\n@SUM(1)\n|cmd|\'/C calc\'!A0',
    "../../etc/passwd and C:\\windows and /dev/null are names of paths.",
    "Lines\nof\r\nall\rkinds\u2028and\u2029more\x85\x0b\x0c\x1c\x1d\x1e\n\n\n",
    'Quotes " and \\" and \\\\ and \\n and {"text": "no"} and \ttabs.',
    "An emoji \U0001f600, a variation \u2764\ufe0f, a mark e\u0301, a BOM \ufeff.",
]
SEPARATED = HOSTILE[:5] + HOSTILE[6:]
STRANGE = "=cmd\u202e<b>../x,\n"
"""Name of a carried column."""


def write_inputs(folder: Path) -> None:
    folder.mkdir()
    rows = make_rows(60)
    for row in rows[1::4]:
        row["text"] += " He knew. His own."
    write_jsonl(folder / "a.jsonl", rows)
    big = [{"text": f"Number {n} of all.", "big": 10**n} for n in (3, 19, 25)]
    write_jsonl(folder / "big.jsonl", big)
    strange = {
        "text": HOSTILE,
        "raw": [bytes([number, 255]) for number in range(len(HOSTILE))],
        "when": pa.array(range(len(HOSTILE)), pa.timestamp("ns", "UTC")),
        STRANGE: [{"a": [number]} for number in range(len(HOSTILE))],
    }
    pq.write_table(pa.table(strange), folder / "x\u202e.parquet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("export")
    write_inputs(made / "corpus")
    settings: Row = {
        "encode": None,
        "balance": {"emit": "copies"},
        "limits": {"shard_bytes": 9_000},
    }
    start(made, "clean", **settings)
    return made


def typed(*words: object) -> Result:
    return CliRunner().invoke(app, ["-q", "export", *map(str, words)])


def exported(run: Path, to: Path, *words: object) -> Row:
    done = typed(run, "--to", to, *words)
    assert done.exit_code == 0, done.output
    told: Row = json.loads((to / "export.json").read_text())
    check = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=to, check=False)
    assert check.returncode == 0
    names = {file["path"] for file in told["files"]}
    assert {p.name for p in to.iterdir()} == {*names, "export.json", "SHA256SUMS"}
    return told


def rows_of(run: Path) -> list[Row]:
    return [
        row
        for path in sorted((run / "data").iterdir())
        for row in pq.read_table(path).to_pylist()
    ]


def content(to: Path, told: Row) -> str:
    """All files of an export, one after the other."""
    whole = b""
    for file in told["files"]:
        data = (to / file["path"]).read_bytes()
        assert len(data) == file["bytes"]
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
        if file["path"].endswith(".gz"):
            data = gzip.decompress(data)
        elif file["path"].endswith(".zst"):
            data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
        whole += data
    return whole.decode()


def files_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (
            path.read_bytes(),
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_data_has_an_index_of_its_pages(folder: Path) -> None:
    for path in (folder / "run" / "data").iterdir():
        group = pq.read_metadata(path).row_group(0)
        columns = [group.column(number) for number in range(group.num_columns)]
        assert all(column.has_offset_index for column in columns)
    assert [check for check in prove(folder / "run") if check.status == "failed"] == []


@pytest.mark.parametrize("form", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_every_document_is_a_line(folder: Path, tmp_path: Path, form: str) -> None:
    before = files_of(folder / "run")
    told = exported(folder / "run", tmp_path / "out", "--format", form)
    assert files_of(folder / "run") == before
    # Also by readers that know more line ends than one.
    lines = [json.loads(line) for line in content(tmp_path / "out", told).splitlines()]
    rows = rows_of(folder / "run")
    assert lines == [
        {
            "id": row["doc_id"],
            **{name: row[name] for name in ("text", "source", "url", "language")},
        }
        for row in rows
    ]
    assert {line["text"] for line in lines} >= {*HOSTILE}
    manifest = json.loads((folder / "run/manifest.json").read_text())
    kept = manifest["records"]["kept"]
    assert told["documents"] == told["written"] == len(rows) == kept > 50
    assert len(told["files"]) > 3
    assert sum(file["documents"] for file in told["files"]) == kept
    assert told["run_id"] == manifest["run_id"]
    assert told["unweighted"] == kept


def test_any_column_goes_under_any_name(folder: Path, tmp_path: Path) -> None:
    columns = f"text, n=raw,=x={STRANGE},when,big,pii,balance_weight"
    refused = typed(folder / "run", "--to", tmp_path / "no", "--columns", columns)
    assert "--columns: write names with commas" in refused.output + str(
        refused.exception
    )
    # A comma divides; a strange column goes by none that holds one.
    columns = "text,n=raw,when,big,pii,balance_weight"
    told = exported(folder / "run", tmp_path / "out", "--columns", columns)
    lines = [json.loads(x) for x in content(tmp_path / "out", told).splitlines()]
    assert list(lines[0]) == ["text", "n", "when", "big", "pii", "balance_weight"]
    assert told["unweighted"] == 0
    for line, row in zip(lines, rows_of(folder / "run"), strict=True):
        assert line["pii"] == row["pii"]
        assert line["balance_weight"] == row["balance_weight"]
    by_text = {line["text"]: line for line in lines}
    assert by_text[HOSTILE[2]]["n"] == "Av8="
    assert by_text[HOSTILE[2]]["when"] == "1970-01-01 00:00:00.000000002Z"
    big = [by_text[f"Number {n} of all."]["big"] for n in (3, 19, 25)]
    assert [str(value) for value in big] == [str(10**n) for n in (3, 19, 25)]


@pytest.mark.parametrize("form", ["text", "text.gz", "text.zst"])
def test_every_text_ends_where_its_separator_stands(
    folder: Path, tmp_path: Path, form: str
) -> None:
    told = exported(folder / "run", tmp_path / "out", "--format", form)
    assert all(f".{form.replace('text', 'txt')}" in f["path"] for f in told["files"])
    texts = content(tmp_path / "out", told).split("\n<|endoftext|>\n")
    assert texts == [*(row["text"] for row in rows_of(folder / "run")), ""]


def test_a_separator_that_stands_in_a_text_is_refused(
    folder: Path, tmp_path: Path
) -> None:
    words = (folder / "run", "--to", tmp_path / "out", "--format", "text")
    done = typed(*words, "--separator", "desrever")
    (doc_id,) = [r["doc_id"] for r in rows_of(folder / "run") if "desr" in r["text"]]
    assert isinstance(done.exception, IsinglassError)
    assert done.exception.exit_code == 2
    assert f"as of {doc_id}: nobody could tell" in str(done.exception)
    assert not (tmp_path / "out" / "export.json").exists()
    # The same folder is taken for another form; nothing of the first stays.
    told = exported(folder / "run", tmp_path / "out", "--format", "jsonl")
    assert {file["path"].partition(".")[2] for file in told["files"]} == {"jsonl"}


def test_copies_are_written_as_often_as_they_were_drawn(
    folder: Path, tmp_path: Path
) -> None:
    told = exported(
        folder / "run",
        tmp_path / "out",
        *("--apply", "copies", "--columns", "doc_id", "--format", "jsonl"),
    )
    drawn = {row["doc_id"]: row["balance_copies"] for row in rows_of(folder / "run")}
    assert {0, 1} < {*drawn.values()}
    lines = content(tmp_path / "out", told).splitlines()
    found = Counter(json.loads(line)["doc_id"] for line in lines)
    assert found == Counter(drawn)
    assert (told["documents"], told["written"]) == (len(drawn), sum(drawn.values()))


def test_again_nothing_is_written_and_bytes_do_not_depend_on_workers(
    folder: Path, tmp_path: Path
) -> None:
    exported(folder / "run", tmp_path / "one")
    before = files_of(tmp_path / "one")
    again = typed(folder / "run", "--to", tmp_path / "one", "--exit-code-unchanged", 9)
    assert again.exit_code == 9
    assert "Nothing to do" in again.output
    assert files_of(tmp_path / "one") == before
    shutil.copytree(folder / "run", tmp_path / "run")
    in_manifest("config", "beam", "mode", value="multi_processing")(tmp_path / "run")
    reseal(tmp_path / "run")
    exported(tmp_path / "run", tmp_path / "two", "--workers", 2)
    assert {n: b for n, (b, _) in files_of(tmp_path / "two").items()} == {
        n: b for n, (b, _) in before.items()
    }


def test_a_killed_export_goes_on(folder: Path, tmp_path: Path) -> None:
    whole = exported(folder / "run", tmp_path / "whole")
    to = tmp_path / "out"
    command = ["-m", "isinglass", "-q", "export", str(folder / "run"), "--to", str(to)]
    for moment in range(4):
        process = subprocess.Popen([sys.executable, *command], stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if len([*to.glob("*.zst")]) > moment:
                os.kill(process.pid, signal.SIGKILL)
                break
            time.sleep(0.001)
        process.communicate()
        # A worker that was ended in the middle leaves a file under a temporary name.
        if (to / "work").exists():
            (to / ".docs-0.jsonl.zst.77.tmp").write_bytes(b"half")
    assert exported(folder / "run", to) == whole


def test_what_a_stopped_export_left_goes_and_nothing_else(
    folder: Path, tmp_path: Path
) -> None:
    to = tmp_path / "out"
    (to / "work").mkdir(parents=True)
    claim = {"files": ["old.txt", "../mine", str(tmp_path / "mine")]}
    (to / "work" / "export.json").write_text(json.dumps(claim))
    (to / "old.txt").write_text("old")
    (tmp_path / "mine").write_text("mine")
    exported(folder / "run", to)
    assert (tmp_path / "mine").read_text() == "mine"


def _audit(run: Path) -> None:
    in_manifest("verb", value="audit")(run)
    reseal(run)


def _failed(run: Path) -> None:
    in_manifest("verdict", value="failed")(run)
    reseal(run)


def _flip(run: Path) -> None:
    path = max((run / "data").iterdir())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def _other_name(run: Path) -> None:
    """A manifest that names a file beside the run."""
    path = run / "manifest.json"
    told = json.loads(path.read_text())
    (output, *_) = [o for o in told["outputs"] if o["path"].startswith("data/")]
    shutil.copy(run / output["path"], run.parent / "stranger.parquet")
    output["path"] = "data/../../stranger.parquet"
    path.write_text(json.dumps(told))
    reseal(run)


def _one_more(run: Path) -> None:
    path = run / "manifest.json"
    told = json.loads(path.read_text())
    told["records"]["kept"] += 1
    path.write_text(json.dumps(told))
    reseal(run)


REFUSED = {
    "audit": (_audit, 2, "is an audit: it holds no texts"),
    "failed gates": (_failed, 2, "did not pass its gates"),
    "no seal": (lambda run: (run / "_SUCCESS").unlink(), 2, "_SUCCESS is missing"),
    "no manifest": (lambda run: (run / "manifest.json").unlink(), 2, "not a finished"),
    "damaged": (_flip, 2, "is not as the manifest records it"),
    "lost": (lambda run: max((run / "data").iterdir()).unlink(), 2, "lacks a file"),
    "a path": (_other_name, 2, "lacks a file of data/"),
    "books": (_one_more, 1, "kept by the run"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_run_that_is_not_whole_is_refused(
    folder: Path, tmp_path: Path, case: str
) -> None:
    change, code, said = REFUSED[case]
    shutil.copytree(folder / "run", tmp_path / "run")
    change(tmp_path / "run")
    done = typed(tmp_path / "run", "--to", tmp_path / "out")
    assert isinstance(done.exception, IsinglassError), done.output
    assert said in str(done.exception)
    assert done.exception.exit_code == code
    assert not (tmp_path / "out" / "export.json").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "RUN/data"], "choose a folder outside of"),
        (["--to", "."], "choose a folder outside of"),
        (["--to", "full"], "full is not empty. Name another folder"),
        (["--to", "full/file"], "file is not empty. Name another folder"),
        (["--to", "strange"], "is of another program"),
        (["--to", "other"], "holds another export. Name another folder"),
        (["--to", "broken"], ".jsonl.zst is not as it was written. Remove the folder"),
        (["--to", "x", "--columns", "txt"], "no column txt; did you mean text?"),
        (["--to", "x", "--columns", "a=text,a=doc_id"], "--columns: a is named twice"),
        (["--to", "x", "--columns", "text,,url"], "write names with commas"),
        (["--to", "x", "--columns", "a="], "write names with commas"),
        (["--to", "x", "--apply", "keep"], "the run has no column balance_keep"),
        (["--to", "x", "--separator", "x"], "--separator goes with text"),
        (["--to", "x", "--format", "text", "--columns", "text"], "goes with jsonl"),
        (["--to", "x", "--format", "text", "--separator", " "], "name one line of"),
        (["--to", "x", "--format", "text", "--separator", "a\nb"], "name one line of"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    base = folder / "refusals"
    if not base.exists():
        base.mkdir()
        shutil.copytree(folder / "run", base / "RUN")
        for name in ("full", "strange"):
            (base / name).mkdir()
        (base / "full" / "file").write_text("mine")
        (base / "strange" / "export.json").write_text("{}")
        exported(base / "RUN", base / "other", "--columns", "url,text")
        exported(base / "RUN", base / "broken")
        with min((base / "broken").glob("*.zst")).open("ab") as file:
            file.write(b"x")
    monkeypatch.chdir(base)
    before = files_of(base)
    # The order of columns is a part of what was asked for.
    more = ["--columns", "text,url"] if words == ["--to", "other"] else []
    done = typed("RUN", *words, *more)
    assert isinstance(done.exception, IsinglassError), done.output
    assert done.exception.exit_code == 2
    assert said in str(done.exception)
    assert files_of(base) == before


def test_documents_are_counted_in_what_is_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if a line had been lost on its way into the bytes."""
    whole = vars(writing)["written"]
    monkeypatch.setattr(
        writing, "written", lambda *args: whole(*args).partition(b"\n")[2]
    )
    done = typed(folder / "run", "--to", tmp_path / "out")
    assert "are not as many in what is written" in str(done.exception)
    assert not [*(tmp_path / "out").glob("*.zst")]


TOLD = """
import json
print(json.dumps([rows["text"][:], [row["text"] for row in stream], len(tokens)]))
"""
PAGE = (Path(__file__).parents[2] / "docs/export.md").read_text()


def test_the_page_does_what_it_says(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commands one after the other, then its programs on what is there."""
    shutil.copytree(folder / "run", tmp_path / "RUN")
    monkeypatch.chdir(tmp_path)
    commands, programs = (
        re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
        for language in ("sh", "python")
    )
    for command in "".join(commands).splitlines():
        if command.startswith("isinglass export "):
            done = CliRunner().invoke(app, shlex.split(command)[1:])
            assert done.exit_code == 0, done.output
        else:
            subprocess.run(command, shell=True, check=True)  # noqa: S602 - of the page
    texts, loads = programs
    rows = rows_of(folder / "run")
    names: Row = {}
    exec(texts, names)  # noqa: S102 - of the page
    assert names["texts"]
    (named, *_) = sorted(Path("corpus-named").glob("*.jsonl.gz"))
    (line, *_) = gzip.decompress(named.read_bytes()).splitlines()
    assert list(json.loads(line)) == ["text", "id", "meta_url"]

    before = {n: b for n, (b, _) in files_of(folder / "run").items()}
    there = {n: b for n, (b, _) in files_of(Path("published")).items()}
    apart = {n for n in before if n not in there}
    assert {n.partition("/")[0] for n in apart} == {"work", "quarantine"}
    assert there == {n: b for n, b in before.items() if n not in apart}
    # In a process of its own, offline. This run has no tokens; its findings will do.
    loads = loads.replace("tokens/", "findings/") + TOLD
    loaded = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", loads],
        env={**os.environ, "HF_HOME": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert loaded.returncode == 0, loaded.stderr
    texts = [row["text"] for row in rows]
    findings = pq.ParquetDataset(folder / "run" / "findings").read().num_rows
    assert json.loads(loaded.stdout) == [texts, texts, findings]

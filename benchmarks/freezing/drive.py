"""Run command lines of isinglass one after the other, and write down what they said.

    python -P drive.py STEPS.json ANSWERS.json

A process of its own, started in the folder of a job with the isinglass that PYTHONPATH
names. It imports nothing of the benchmarks, which PYTHONPATH may hold as well.
"""

from __future__ import annotations

import io
import json
import runpy
import shutil
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

EXPLAIN_ALL = "explain-all"
"""Instead of a verb: explain a document of every fate in a run."""
DAMAGE = "damage"
"""Instead of a verb: copy a run and spoil the copy."""
_COLUMNS = (
    "doc_id",
    "outcome",
    "reason",
    "kept_doc_id",
    "chars_in",
    "chars_out",
    "spans_changed",
)


def call(arguments: list[str]) -> dict[str, Any]:
    """One command line, run in this process as `python -m isinglass` would."""
    out, error = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    before, code = sys.argv, 0
    sys.argv = ["isinglass", *arguments]
    try:
        with redirect_stdout(out), redirect_stderr(error):
            runpy.run_module("isinglass", run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - a crash is an answer, too
        code = -1
        error.write(traceback.format_exc())
    finally:
        sys.argv = before
    return {
        "arguments": arguments,
        "code": code,
        "stdout": _written(out),
        "stderr": _written(error),
    }


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8", "replace")


def chosen(ledger: pa.Table) -> list[str]:
    """The first document by doc_id of every fate.

    Fates are outcome with reason; and of those kept: with findings, shortened without
    any, and kept instead of others.
    """
    ledger = ledger.sort_by("doc_id")
    found: dict[tuple[Any, ...], str] = {}
    others = set(ledger["kept_doc_id"].to_pylist())
    for row in ledger.to_pylist():
        fates: list[tuple[Any, ...]] = [(row["outcome"], row["reason"])]
        if row["outcome"] == "kept":
            shorter = row["chars_out"] != row["chars_in"]
            spans = bool(row["spans_changed"])
            fates += [("kept", spans, shorter), ("kept", row["doc_id"] in others)]
        for fate in fates:
            found.setdefault(fate, row["doc_id"])
    return list(dict.fromkeys(found.values()))


def explanations(run: str) -> list[list[str]]:
    """Command lines that explain a document of every fate, for people and as JSON."""
    files = sorted(Path(run, "ledger").glob("*.parquet"))
    if not files:
        return []
    tables = [pq.read_table(file, columns=list(_COLUMNS)) for file in files]
    ledger = pa.concat_tables(tables)
    return [
        ["explain", run, doc_id, *form]
        for doc_id in chosen(ledger)
        for form in ([], ["--format", "json"])
    ]


def damage(run: str, copy: str) -> list[list[str]]:
    """Copy a run, if it came about; the copy loses the last row of its first ledger."""
    if not Path(run, "ledger").is_dir():
        return []
    shutil.copytree(run, copy)
    file = min(Path(copy, "ledger").glob("*.parquet"))
    rows = pq.read_table(file)
    pq.write_table(rows.slice(0, len(rows) - 1), file)
    return []


def lines_of(step: list[str]) -> list[list[str]]:
    """The command lines that a step stands for."""
    if step[0] == EXPLAIN_ALL:
        return explanations(step[1])
    return damage(*step[1:]) if step[0] == DAMAGE else [step]


def seen_run_ids() -> dict[str, str]:
    """The mark of the run_id of every run that is here now."""
    return {
        json.loads(path.read_bytes())["run_id"]: f"<run_id of {path.parent.name}>"
        for path in sorted(Path().glob("*/manifest.json"))
    }


def main() -> None:
    """Answer every step in order."""
    steps, answers = map(Path, sys.argv[1:])
    told: list[dict[str, Any]] = []
    run_ids: dict[str, str] = {}
    for step in json.loads(steps.read_text()):
        told += [call(line) for line in lines_of(step)]
        run_ids |= seen_run_ids()
    import isinglass  # noqa: PLC0415 - whichever was used

    code = str(Path(isinglass.__file__).resolve().parent)
    found = {"code": code, "answers": told, "run_ids": run_ids}
    answers.write_text(json.dumps(found))


if __name__ == "__main__":
    main()

"""Small finished runs, and ways to tamper with one. Used by the tests of `verify`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.run import Request, execute
from isinglass.pipelines.stages.encode.proof_vectors import Sampled
from isinglass.schemas.config import RunConfig
from tests.corpora import write_corpus

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from isinglass.pipelines.seam import Verb

    Change = Callable[[Path], None]
    Row = dict[str, Any]


def finish(folder: Path, name: str, sections: dict[str, Any], verb: Verb) -> Path:
    """A run over a small corpus; returns its folder."""
    if not (folder / "corpus").exists():
        write_corpus(folder / "corpus", 120)
    config = RunConfig.model_validate(
        {
            "inputs": [{"path": str(folder / "corpus"), "source": "web"}],
            "output": str(folder / name),
            **sections,
        }
    )
    request = Request(config, verb, Path.cwd(), Execution(config.beam))
    execute(request, Console(stderr=True, quiet=True))
    return folder / name


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def reseal(run: Path) -> None:
    """Make every hash agree with what lies there, as a clever forger would."""
    manifest = json.loads((run / "manifest.json").read_text())
    outputs = [o for o in manifest["outputs"] if (run / o["path"]).exists()]
    for output in outputs:
        path = run / output["path"]
        output["bytes"], output["sha256"] = path.stat().st_size, sha256(path)
        if path.suffix == ".parquet":
            output["rows"] = pq.read_metadata(path).num_rows
    manifest["outputs"] = outputs
    (run / "manifest.json").write_text(json.dumps(manifest))
    names = [*(o["path"] for o in outputs), "report.html", "manifest.json"]
    lines = [f"{sha256(run / name)}  {name}\n" for name in names]
    (run / "SHA256SUMS").write_text("".join(lines))
    (run / "_SUCCESS").unlink(missing_ok=True)
    if manifest["verdict"] != "failed":
        (run / "_SUCCESS").write_text(sha256(run / "SHA256SUMS") + "\n")


def in_table(name: str, change: Callable[[pa.Table], pa.Table]) -> Change:
    """A forgery of the first file of a table that has some rows."""

    def forge(run: Path) -> None:
        paths = sorted((run / name).glob("*.parquet"))
        path = next(p for p in paths if pq.read_metadata(p).num_rows > 2)
        pq.write_table(change(pq.read_table(path)), path)

    return forge


def in_rows(name: str, wanted: Callable[[Row], bool], new: Row) -> Change:
    """A forgery of the values of the rows that are wanted; there must be some."""

    def change(table: pa.Table) -> pa.Table:
        rows = table.to_pylist()
        chosen = [row for row in rows if wanted(row)]
        assert chosen
        for row in chosen:
            row.update(new)
        return pa.Table.from_pylist(rows, table.schema)

    return in_table(name, change)


def in_cell(name: str, column: str, value: Any) -> Change:
    """A forgery of one value, in the first row that has one."""

    def change(table: pa.Table) -> pa.Table:
        rows = table.to_pylist()
        row = next(row for row in rows if row[column] not in (None, []))
        row[column] = value(row[column]) if callable(value) else value
        return pa.Table.from_pylist(rows, table.schema)

    return in_table(name, change)


def in_manifest(*keys: str | int, value: Any) -> Change:
    """A forgery of one value of the manifest."""

    def forge(run: Path) -> None:
        manifest = json.loads((run / "manifest.json").read_text())
        place = manifest
        for key in keys[:-1]:
            place = place[key]
        old = place[keys[-1]]
        place[keys[-1]] = value(old) if callable(value) else value
        assert place[keys[-1]] != old
        (run / "manifest.json").write_text(json.dumps(manifest))

    return forge


def both(*changes: Change) -> Change:
    def forge(run: Path) -> None:
        for change in changes:
            change(run)

    return forge


def remove(table: str) -> Change:
    """A forgery that drops one file of a table, or all of them."""

    def forge(run: Path) -> None:
        folder, _, which = table.partition("/")
        for path in sorted((run / folder).iterdir())[: 1 if which else None]:
            path.unlink()

    return forge


def in_note(**change: Any) -> Change:
    """A forgery of what is remembered of the configuration."""

    def forge(run: Path) -> None:
        path = run / "work" / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | change))

    return forge


def lose_a_row(table: pa.Table) -> pa.Table:
    return table.slice(1)


def other_type(table: pa.Table) -> pa.Table:
    index = table.schema.get_field_index("rule")
    return table.set_column(index, "rule", table["rule"].cast(pa.large_string()))


def swap_findings(table: pa.Table) -> pa.Table:
    rows = table.to_pylist()
    rows[0]["doc_id"], rows[1]["doc_id"] = rows[1]["doc_id"], rows[0]["doc_id"]
    return pa.Table.from_pylist(rows, table.schema)


def in_statistic(metric: str, new: Row, **slices: Any) -> Change:
    """A forgery of one statistic of the output or the run."""

    def wanted(row: Row) -> bool:
        own = row["metric"] == metric and row["stage"] != "input"
        return own and all(row[name] == value for name, value in slices.items())

    return in_rows("audit", wanted, new)


def of_reason(reason: str) -> Callable[[Row], bool]:
    return lambda row: row["reason"] == reason


def increase(value: int) -> int:
    return value + 1


def append(name: str, text: str) -> Change:
    def forge(run: Path) -> None:
        path = run / name
        path.write_text((path.read_text() if path.exists() else "") + text)

    return forge


def unlink(name: str) -> Change:
    return lambda run: (run / name).unlink()


def encode_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare `verify` the model, which takes it most of its time."""
    monkeypatch.setattr(
        "isinglass.pipelines.stages.encode.proof_vectors.encode_again",
        lambda _: Sampled(why="not in this test"),
    )

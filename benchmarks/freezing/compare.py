"""Where two lists of hashes differ, said so that the place can be found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Record = dict[str, Any]


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """One line for each thing that differs between two lists.

    Jobs that were left out of the new list by its `only` are not compared.

    Args:
        old: `{"jobs": {name: job}}` as `frozen.py make` writes it.
        new: The same, with `only`: the names that were asked for, or None for all.
    """
    wanted = new.get("only")
    before = {
        name: job
        for name, job in old["jobs"].items()
        if wanted is None or name in wanted
    }
    lines: list[str] = []
    for name, one, other in _pairs(before, new["jobs"]):
        lines += [f"{name}: {line}" for line in _job(one, other)]
    return lines


def _pairs(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Any]:
    """Name, old and new value, None where it is missing; in the order of the names."""
    for name in sorted({*old, *new}):
        yield name, old.get(name), new.get(name)


def _job(old: Record | None, new: Record | None) -> Iterator[str]:
    if old is None or new is None:
        yield f"is only in the {'old' if new is None else 'new'} list"
        return
    if "skipped" in old or "skipped" in new:
        if ("skipped" in old) != ("skipped" in new):
            which = "old" if "skipped" in old else "new"
            yield f"was skipped in the {which} list alone"
        return
    yield from _answers(old["answers"], new["answers"])
    for run, one, other in _pairs(old["runs"], new["runs"]):
        yield from (f"{run}: {line}" for line in _run(one, other))


def _answers(old: list[Record], new: list[Record]) -> Iterator[str]:
    """Command lines in their order; those after a different one mean other things."""
    for one, other in zip(old, new, strict=False):
        said = " ".join(one["arguments"])
        if one["arguments"] != other["arguments"]:
            yield f"`{said}` became `{' '.join(other['arguments'])}`"
            return
        if one["code"] != other["code"]:
            yield f"`{said}`: exit code {one['code']} became {other['code']}"
        parts = [p for p in ("stdout", "stderr") if one[p] != other[p]]
        if parts:
            yield f"`{said}`: {' and '.join(parts)} differ"
    if len(old) != len(new):
        yield f"{len(old)} command lines became {len(new)}"


def _run(old: Record | None, new: Record | None) -> Iterator[str]:
    if old is None or new is None:
        yield f"is only in the {'old' if new is None else 'new'} list"
        return
    gone, came = (
        sorted(set(a["names"]) - set(b["names"])) for a, b in ((old, new), (new, old))
    )
    yield from (f"{name} is gone" for name in gone)
    yield from (f"{name} is new" for name in came)
    for path in sorted(old["files"].keys() & new["files"].keys()):
        line = file_difference(old["files"][path], new["files"][path])
        if line:
            yield f"{path}: {line}"
    keys = _different(old.get("manifest", {}), new.get("manifest", {}))
    if keys:
        yield f"manifest.json: {', '.join(keys)} differ"
    if old.get("report") != new.get("report"):
        yield "report.html differs"


def file_difference(old: Record, new: Record) -> str:
    """What differs between two records of a file; empty if nothing does."""
    if old == new:
        return ""
    if "columns" not in old or "columns" not in new:
        return "bytes differ"
    said = []
    if old["rows"] != new["rows"]:
        said.append(f"{old['rows']} rows became {new['rows']}")
    if old["schema"] != new["schema"]:
        said.append("schema differs")
    columns = _different(old["columns"], new["columns"])
    if columns:
        said.append(f"columns differ: {', '.join(columns)}")
    return "; ".join(said) or "bytes differ, every value is equal"


def _different(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    return [name for name, one, other in _pairs(old, new) if one != other]

"""Conservation and statistics, counted again from ledger, data and quarantine."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import (
    CONSERVATION,
    COUNTS,
    Check,
    FinishedRun,
    conclude,
)
from isinglass.pipelines.stage import Sum
from isinglass.pipelines.statistics import INPUT, OUTPUT, record_statistics
from isinglass.pipelines.sums import conserved, told_counts, unequal
from isinglass.schemas.reasons import Outcome
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.labels import is_language_tag, safe_labels
from isinglass.transforms.statistics.fold import TextGatherer, text_statistics
from isinglass.transforms.statistics.sums import OTHER, add_into

_PLACE = ["doc_id", "shard", "path", "row", "reason"]
_LEDGER = [*_PLACE, "outcome", "chars_in", "chars_out"]
_OUTCOMES = frozenset(Outcome)
_COUNTED = {
    "dropped": "characters_dropped",
    "quarantined": "characters_quarantined",
    "kept": "characters_out",
}
"""Characters that ledger and manifest both count."""


def check_books(run: FinishedRun) -> Check:
    """Ledger, data, quarantine and manifest tell the same story, to the record."""
    faults: list[str] = []
    outcomes: Counter[str] = Counter()
    characters = Counter({f"characters_{name}": 0 for name in (*_OUTCOMES, "out")})
    everything = []
    for shard, ledger in run.each("ledger", _LEDGER):
        everything.append(ledger["doc_id"])
        for row in _grouped(ledger):
            name = f"{row['outcome']}.{row['reason']}".strip(".")
            outcomes[name] += row["doc_id_count"]
            characters[f"characters_{row['outcome']}"] += row["chars_in_sum"] or 0
            characters["characters_out"] += row["chars_out_sum"] or 0
        faults += _check_members(run, shard, ledger)
    told = told_counts(run.manifest)
    known = {n: count for n, count in told.items() if n.partition(".")[0] in _OUTCOMES}
    if outcomes != Counter(known):
        faults.append("ledger and manifest count different outcomes")
    # What comes in, and the changes of kept texts, are told by the manifest alone.
    own = {n: count for n, count in told.items() if n not in known}
    faults += unequal(
        [
            *conserved({**own, **outcomes, **characters}),
            *(
                Sum(f"characters {what}: ledger = manifest", characters[n], told[n])
                for what, n in _COUNTED.items()
            ),
        ]
    )
    ids = pa.chunked_array(
        [c for column in everything for c in column.chunks], pa.string()
    )
    if pc.count_distinct(ids).as_py() != len(ids):
        faults.append("a doc_id occurs twice in the ledger")
    seen = f"{run.manifest.records.total_in:,} records"
    return conclude(CONSERVATION, faults, seen)


def _grouped(ledger: pa.Table) -> list[dict[str, Any]]:
    names = ["doc_id", "outcome", "chars_in", "chars_out"]
    reasons = pc.fill_null(ledger["reason"], "")
    filled = ledger.select(names).append_column("reason", reasons)
    sums = [("doc_id", "count"), ("chars_in", "sum"), ("chars_out", "sum")]
    grouped = filled.group_by(["outcome", "reason"]).aggregate(sums)
    rows: list[dict[str, Any]] = grouped.to_pylist()
    return rows


def _check_members(run: FinishedRun, shard: str, ledger: pa.Table) -> list[str]:
    """Kept rows are those of `data/`, quarantined ones those of `quarantine/`."""
    faults = []
    if not pc.all(pc.equal(ledger["shard"], shard), min_count=0).as_py():
        faults.append(f"ledger/{shard} has a row of another shard")
    data = run.read("data", shard, ["doc_id", "text"])
    if data is not None:
        lengths = pc.cast(pc.utf8_length(data["text"]), pa.int64())
        data = data.select(["doc_id"]).append_column("chars_out", lengths)
    quarantine = run.read("quarantine", shard, _PLACE)
    for table, found, outcome in (
        ("data", data, Outcome.KEPT),
        ("quarantine", quarantine, Outcome.QUARANTINED),
    ):
        if found is None:
            continue
        wanted = ledger.filter(pc.equal(ledger["outcome"], outcome.value))
        if not _same(found, wanted):
            faults.append(f"{table}/{shard} does not hold what the ledger says")
    return faults


def _same(found: pa.Table, wanted: pa.Table) -> bool:
    """The columns of `found` are in `wanted` too, whatever the order of rows."""
    order = [(name, "ascending") for name in found.schema.names]
    found = found.sort_by(order)
    wanted = wanted.select(found.schema.names).sort_by(order)
    return all(found[name].equals(wanted[name]) for name in found.schema.names)


_SUMS = ("documents", "characters", "words")
_METRICS = (*_SUMS, "documents.share", "length.mean", "length.quantile")
_Key = tuple[str, str, str, str | None]
_Slices = dict[tuple[str, str], dict[_Key, tuple[float, ...]]]


def check_counts(run: FinishedRun) -> Check:
    """Inputs and records are counted alike in ledger, manifest and statistics."""
    paths: Counter[str] = Counter()
    for _, ledger in run.each("ledger", ["path"]):
        for entry in ledger["path"].value_counts().to_pylist():
            paths[entry["values"]] += entry["counts"]
    told: Counter[str] = Counter()
    for file in run.manifest.inputs:
        told[file.path] += file.rows
    faults = [
        f"input {path}: ledger {paths[path]} rows, manifest {told[path]}"
        for path in sorted({*told, *paths})
        if told[path] != paths[path]
    ]
    ours = record_statistics(told_counts(run.manifest))
    of_records = ("records.", "quarantine.")
    theirs = [row for row in run.statistics() if row.metric.startswith(of_records)]
    if Counter(ours) != Counter(theirs):
        faults.append("statistics and manifest count different records")
    return conclude(COUNTS, faults, "")


def check_statistics(run: FinishedRun) -> Check:
    """`audit/` has the documents, characters, words and lengths of the texts."""
    table = run.statistics()
    faults = _check_totals(run, table)
    if run.manifest.verb == "audit":
        return conclude("statistics", faults, f"{len(table):,} rows; no text to count")
    statistics, exact = _recount(run)
    ours = _by_slice(statistics, exact=exact)
    theirs = _by_slice([s for s in table if s.when == OUTPUT], exact=exact)
    faults += _check_retention(table)
    faults += [
        f"statistics of {column or 'all texts'} {label}".rstrip() + " are not of data/"
        for column, label in sorted(ours.keys() | theirs.keys())
        if ours.get((column, label)) != theirs.get((column, label))
    ]
    return conclude("statistics", faults, f"{len(table):,} rows")


def _check_retention(table: list[Statistic]) -> list[str]:
    """Documents before and after are those of which the shares that stay are told."""
    counted = {
        (s.when, s.source, s.language): s.value
        for s in table
        if s.metric == "documents"
    }
    for s in (row for row in table if row.metric == "documents.retention"):
        named = OTHER not in {s.source, s.language}
        before = counted.get((INPUT, s.source, s.language))
        after = counted.get((OUTPUT, s.source, s.language), s.numerator)
        kept, documents = s.numerator or 0.0, s.denominator or 0.0
        share = kept / documents if documents else 0.0
        if s.value != share or (named and (kept, documents) != (after, before)):
            return ["the share of documents that stay is not that of the documents"]
    return []


def _recount(run: FinishedRun) -> tuple[list[Statistic], bool]:
    """The statistics of `data/`, stage output, as close would compute them.

    Also whether each document's language is one that statistics would use: `data/`
    keeps a given language that is not a language tag, statistics the detected one.
    """
    sums, exact = TextGatherer().finish(), True
    for _, data in run.each("data", ["text", "source", "language"]):
        gathered = TextGatherer()
        for batch in data.to_batches():
            languages = batch.column("language")
            tags = pc.all(is_language_tag(languages), min_count=0)
            exact = exact and bool(tags.as_py())
            sources = safe_labels(batch.column("source"))
            gathered.add(batch.column("text"), sources, languages)
        add_into(sums, gathered.finish())
    return text_statistics(sums, OUTPUT), exact


def _by_slice(statistics: list[Statistic], *, exact: bool) -> _Slices:
    """Numbers by slice and metric; languages added up unless they are exact."""
    slices: _Slices = defaultdict(dict)
    for s in statistics:
        if s.metric not in _METRICS:
            continue
        numbers = (s.value, s.numerator, s.denominator, s.low, s.high)
        values = tuple(-1.0 if n is None else float(n) for n in numbers)
        key = (s.metric, s.unit, s.characteristic, s.position)
        if s.language is not None and not exact:
            if s.metric in _SUMS:
                old = slices["language", "all"].get(key, (0.0,))
                slices["language", "all"][key] = (old[0] + s.value,)
            continue
        label = ("", "") if s.source is None else ("source", s.source)
        if s.language is not None:
            label = ("language", s.language)
        slices[label][key] = (*values, *slices[label].get(key, ()))
    return slices


def _check_totals(run: FinishedRun, table: list[Statistic]) -> list[str]:
    """Documents and characters, in and out, as ledger and manifest have them."""
    readable = 0
    for _, ledger in run.each("ledger", ["chars_in"]):
        readable += pc.count(ledger["chars_in"]).as_py()
    records, characters = run.manifest.records, run.manifest.characters
    expected = {
        (INPUT, "documents"): readable,
        (INPUT, "characters"): characters.total_in,
        (OUTPUT, "documents"): records.kept,
        (OUTPUT, "characters"): characters.kept,
    }
    faults = []
    whole: dict[tuple[str, str], list[float]] = {}
    for s in table:
        if s.source is None and s.language is None:
            whole.setdefault((s.when, s.metric), []).append(s.value)
    for (when, metric), number in expected.items():
        if whole.get((when, metric)) != [number]:
            faults.append(f"{metric} of the {when} are not those of the ledger")
    return faults

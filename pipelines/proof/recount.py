"""Statistics of texts, computed again from `data/` and the ledger."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from isinglass.pipelines.proof.check import conclude
from isinglass.pipelines.statistics import INPUT, OUTPUT
from isinglass.transforms.labels import is_language_tag, safe_labels
from isinglass.transforms.statistics.fold import TextFold

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import Check, FinishedRun
    from isinglass.schemas.statistic import Statistic

_SUMS = ("documents", "characters", "words")
_METRICS = (*_SUMS, "documents.share", "length.mean", "length.quantile")
_Key = tuple[str, str, str, str | None]
_Label = tuple[str, str]
_Slices = dict[_Label, dict[_Key, tuple[float, ...]]]


def check_statistics(run: FinishedRun) -> Check:
    """`audit/` has the documents, characters, words and lengths of the texts."""
    table = run.statistics()
    faults = _check_totals(run, table)
    if run.manifest.verb == "audit":
        return conclude("statistics", faults, f"{len(table):,} rows; no text to count")
    statistics, told = recount(run)
    ours, theirs = (
        _by_slice(rows, exact=told)
        for rows in (statistics, [s for s in table if s.stage == OUTPUT])
    )
    faults += [
        f"statistics of {column or 'all texts'} {label}".rstrip() + " are not of data/"
        for column, label in sorted(ours.keys() | theirs.keys())
        if ours.get((column, label)) != theirs.get((column, label))
    ]
    return conclude("statistics", faults, f"{len(table):,} rows")


def recount(run: FinishedRun) -> tuple[list[Statistic], bool]:
    """The statistics of `data/`, stage output, as close would compute them.

    Also whether each document's language is one that statistics would use: `data/`
    keeps a given language that is not a language tag, statistics the detected one.
    """
    fold, exact = TextFold(), True
    sums = fold.create()
    for _, data in run.each("data", ["text", "source", "language"]):
        for batch in data.to_batches():
            languages = batch.column("language")
            tags = pc.all(is_language_tag(languages), min_count=0)
            exact = exact and bool(tags.as_py())
            sources = safe_labels(batch.column("source"))
            sums = fold.add(sums, batch.column("text"), sources, languages)
    return fold.finish(sums, OUTPUT), exact


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
        if key in slices[label]:
            values = (*values, *slices[label][key])
        slices[label][key] = values
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
    for (stage, metric), number in expected.items():
        values = [
            s.value
            for s in table
            if (s.stage, s.metric, s.source, s.language) == (stage, metric, None, None)
        ]
        if values != [number]:
            faults.append(f"{metric} of the {stage} are not those of the ledger")
    return faults

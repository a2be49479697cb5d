"""Precision, as far as a run can see it: hits by source, and values replaced often.

Hits are counted by source as batches go by. Values are counted in `findings/` when all
is written: exactly, by their keyed hash, in two readings. The first adds findings up by
a part of the hash, in a table of fixed size; the second counts the values that may be
frequent by that. How a value is written cannot be seen from a hash: signs of it are
counted where the text is at hand (`transforms.pii.word_like`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.pipelines.stages.pii.counts import WORDS_UNIT
from isinglass.schemas.manifest import FrequentValue
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.edits import NO_KEY, Applied
from isinglass.transforms.pii.names import PERSON
from isinglass.transforms.pii.word_like import SIGNS, Mention, signs_of
from isinglass.transforms.statistics.sums import OTHER
from isinglass.transforms.text import string_buffers

COUNTED = ["doc_id", "entity", "operator", "value_key"]
"""Columns of `findings/` that values are counted by."""

LEAST_LISTED = 10
"""Findings of a value that is listed; fewer are chance."""

MOST_LISTED, MOST_WARNED = 20, 200
"""Values of an entity that are listed; those of a warning, whatever their rank."""

LEAST_WARNED = 200
"""Replacements of one value from which on a fault of detection is worth a warning. It
did harm in many places then; in 16 MB of documentation, law and prose no name of a
person is found as often (the first of them 175 times, in one long text)."""

WORD_SHARE = 0.5
"""Share of its findings that show a sign, from which on a value is written like a word.
There, frequent names show one in at most a fourth of theirs, but for a few that are
words as well (Will, Grant); "Requirements", "Mayor" and "D.C. Law" in 0.87 and more."""

_SOURCE, _SIGN = "|source|", "|sign|"
"""Prefixes of partials; no entity, with which those of recall begin, holds a bar."""

_BUCKET_DIGITS = 6
"""Hexadecimal digits of a value key that choose a bucket: 16.8 million, 64 MB."""

_MOST_COUNTED = 1 << 16
"""Buckets of which every value is counted; more only from `LEAST_WARNED` on."""

Tables = Callable[[], Iterable[pa.Table]]
"""Reads the columns `COUNTED` of the findings of all shards, each time anew."""


def hit_partials(applied: Applied) -> dict[str, list[int]]:
    """Findings of a batch by entity and source, and signs by value key of names."""
    findings = applied.findings
    rows = findings.column("row")
    sources = pc.fill_null(applied.view.sources.take(pa.array(applied.alive)), "")
    columns = [findings.column("entity"), sources.take(rows)]
    pairs = pa.table(columns, ["entity", "source"]).group_by(["entity", "source"])
    partials = {
        f"{_SOURCE}{row['entity']}|{row['source']}": [row["count_all"]]
        for row in pairs.aggregate([([], "count_all")]).to_pylist()
    }
    signs = signs_of(_mentions(applied), applied.texts)
    return partials | {f"{_SIGN}{key}": list(sums) for key, sums in signs.items()}


def _mentions(applied: Applied) -> list[Mention]:
    """Names of a batch in their source texts, which are read once each."""
    findings = applied.findings
    names = findings.filter(pc.equal(findings.column("entity"), PERSON))
    rows = pc.unique(names.column("row"))
    alive = pa.array(applied.alive)
    texts = applied.view.source_texts.take(alive.take(rows)).to_pylist()
    by_row = dict(zip(rows.to_pylist(), texts, strict=True))
    wanted = ("row", "value_key", "start", "end")
    columns = [names.column(name).to_pylist() for name in wanted]
    return [
        Mention(row, key, by_row[row], start, end)
        for row, key, start, end in zip(*columns, strict=True)
    ]


def recall_partials(partials: Mapping[str, list[int]]) -> dict[str, list[int]]:
    """The partials that are not of this module, sorted."""
    return {
        key: sums
        for key, sums in sorted(partials.items())
        if not key.startswith((_SOURCE, _SIGN))
    }


def source_counts(partials: Mapping[str, list[int]]) -> Counter[tuple[str, str]]:
    """Findings by entity and source."""
    counts = Counter[tuple[str, str]]()
    for key, sums in partials.items():
        if key.startswith(_SOURCE):
            entity, _, source = key.removeprefix(_SOURCE).partition("|")
            counts[entity, source] += sums[0]
    return counts


def source_statistics(
    counts: Mapping[tuple[str, str], int], words: Mapping[str | None, float]
) -> list[Statistic]:
    """Findings by entity and source, and how many there are in 1,000 words of each.

    Of an entity that was found at all, 0 is told where there is nothing.

    `words` are those of the kept documents; sources that it does not name are counted
    as the rest, as those of words are.
    """
    folded = Counter[tuple[str, str]]()
    sources = [source for source in words if source is not None]
    for entity in {entity for entity, _ in counts}:
        folded.update(dict.fromkeys(((entity, source) for source in sources), 0))
    for (entity, source), number in counts.items():
        folded[entity, source if source in words else OTHER] += number
    rows = []
    for (entity, source), number in sorted(folded.items()):
        told: dict[str, Any] = {"entity": entity, "source": source, "when": "run"}
        told["characteristic"] = "Identifiability"
        rows.append(Statistic("pii.found", number, "spans", **told))
        here = words.get(source, 0)
        if here:
            told |= {"numerator": number, "denominator": here}
            rate, unit = WORDS_UNIT * number / here, "spans per 1,000 words"
            rows.append(Statistic("pii.rate", rate, unit, **told))
    return rows


def sign_counts(partials: Mapping[str, list[int]]) -> dict[str, list[int]]:
    """Findings of each value key that show a sign, in the order of `SIGNS`."""
    return {
        key.removeprefix(_SIGN): sums
        for key, sums in partials.items()
        if key.startswith(_SIGN)
    }


def frequent_values(
    tables: Tables, signs: Mapping[str, Sequence[int]]
) -> list[FrequentValue]:
    """The most frequent replaced values of each entity, most findings first.

    Those that are written like words and frequent enough for a warning are among them,
    whatever else there is. In memory are a table of fixed size and at most one value
    for each 200 findings, or 65,536.
    """
    counts, of_entity = _count(tables)
    values = []
    for (entity, key), (found, documents) in counts.items():
        if found < LEAST_LISTED:
            continue
        shown = signs.get(key, ()) if entity == PERSON else ()
        value = FrequentValue(
            entity=entity,
            value_key=key,
            found=found,
            documents=documents,
            share=found / of_entity[entity],
            signs=dict(zip(SIGNS, shown, strict=False)),
        )
        values.append(value)
    values.sort(key=lambda value: (-value.found, value.entity, value.value_key))
    listed, each, warned = [], Counter[str](), 0
    for value in values:
        each[value.entity] += 1
        warned += is_warned(value)
        also = is_warned(value) and warned <= MOST_WARNED
        if each[value.entity] <= MOST_LISTED or also:
            listed.append(value)
    return listed


def is_warned(value: FrequentValue) -> bool:
    """Whether a value is replaced too often for what it looks like."""
    return value.found >= LEAST_WARNED and word_share(value) >= WORD_SHARE


def word_share(value: FrequentValue) -> float:
    """Share of its findings that show a sign of being a word, 0 to 1."""
    return sum(value.signs.values()) / value.found


def hit_warnings(values: Iterable[FrequentValue]) -> list[str]:
    """One warning about all values that are replaced often and written like words."""
    warned = [value.found for value in values if is_warned(value)]
    if not warned:
        return []
    if len(warned) == 1:
        said = f"One value that is written like a word was replaced {warned[0]:,} times"
    else:
        some = f"At least {len(warned)}" if len(warned) >= MOST_WARNED else len(warned)
        said = f"{some} values that are written like words were replaced up to "
        said += f"{max(warned):,} times"
    said += f" as {PERSON}: names are probably found where there are none. See the "
    said += "values replaced most often, under Personal identifiers in the report."
    return [said]


def _count(
    tables: Tables,
) -> tuple[dict[tuple[str, str], tuple[int, int]], Counter[str]]:
    """Findings and documents of values that may be frequent; findings by entity."""
    buckets = np.zeros(16**_BUCKET_DIGITS, np.int32)
    of_entity = Counter[str]()
    for table in tables():
        values = _by_value(table)
        found = values["found"].to_numpy()
        np.add.at(buckets, _buckets(values), found)
        for entity, number in zip(values["entity"].to_pylist(), found, strict=True):
            of_entity[entity] += int(number)
    least = _least(buckets)
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for table in tables():
        values = _by_value(table)
        chosen = values.filter(pa.array(buckets[_buckets(values)] >= least))
        for row in chosen.to_pylist():
            name = row["entity"], row["value_key"]
            found, documents = counts.get(name, (0, 0))
            counts[name] = found + row["found"], documents + row["documents"]
    return counts, of_entity


def _by_value(findings: pa.Table) -> pa.Table:
    """Replaced values of a shard: findings and documents of each."""
    replaced = pc.and_(
        pc.not_equal(findings["operator"], "keep"),
        pc.not_equal(findings["value_key"], NO_KEY),
    )
    groups = findings.filter(replaced).group_by(["entity", "value_key"])
    sums = groups.aggregate([([], "count_all"), ("doc_id", "count_distinct")])
    names = {"count_all": "found", "doc_id_count_distinct": "documents"}
    return sums.rename_columns([names.get(n, n) for n in sums.column_names])


def _buckets(values: pa.Table) -> NDArray[np.int64]:
    """The first digits of each value key as a number; keys are hexadecimal."""
    digits = pc.utf8_slice_codeunits(values["value_key"], 0, _BUCKET_DIGITS)
    data, offsets = string_buffers(digits.combine_chunks())
    codes = data[offsets[0] : offsets[-1]].astype(np.int64)
    nibbles = np.where(codes >= ord("a"), codes - ord("a") + 10, codes - ord("0"))
    powers = 16 ** np.arange(_BUCKET_DIGITS)[::-1]
    return np.asarray(nibbles.reshape(-1, _BUCKET_DIGITS) @ powers)


def _least(buckets: NDArray[np.int32]) -> int:
    """Findings in a bucket from which on its values are counted."""
    used = np.minimum(buckets[buckets > 0], LEAST_WARNED)
    held = np.bincount(used, minlength=LEAST_WARNED + 1)
    at_least = held[::-1].cumsum()[::-1]
    few = np.flatnonzero(at_least[1:] <= _MOST_COUNTED)
    return int(few[0]) + 1 if len(few) else LEAST_WARNED

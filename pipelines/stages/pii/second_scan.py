"""The second scan: the finished `data/` read again, and searched by other means.

It counts what is shaped like an identifier and no operator wrote. That is reported as
an upper bound on what is left, never as recall; see `transforms.pii.second_scan`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.passes import run_pass
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.engine.workspace import table_batches
from isinglass.pipelines.stages.pii.recall import looked_for
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import PiiConfig
from isinglass.schemas.manifest import SecondScan, SecondScanCount, SecondScanSlice
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.labels import safe_labels
from isinglass.transforms.pii.canaries.recall import (
    NO_SOURCE,
    SEPARATOR,
    primary_languages,
)
from isinglass.transforms.pii.second_scan.scan import SecondScanner, scan_texts

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.pipelines.stage import Driver

SECOND_SCAN = "second_scan"
SPEED = 6e7
"""Bytes a CPU second."""

METRICS = {
    "pii.second_scan.hits": "hits of wide patterns",
    "pii.second_scan.documents": "documents with a hit",
}
AXES: tuple[Literal["language", "source"], ...] = ("language", "source")
BATCH_ROWS = 16_384
"""RE2 compiles its patterns anew for each batch, which costs 16 ms."""

_COLUMNS = ("text", "language", "source", "pii")
_SCANNED = "records_in"


@dataclass(frozen=True)
class SecondScanWork:
    """Work of the second scan, and the kinds that are looked for."""

    entities: tuple[str, ...]
    name: str = SECOND_SCAN

    def open(self) -> SecondScanner:
        """Read the patterns, once a worker."""
        return SecondScanner.of(self.entities)

    def run(
        self, state: SecondScanner, payload: str, outputs: UnitOutputs
    ) -> dict[str, int]:
        """Scan one shard of `data/`; its hits are counts of the commit."""
        data = outputs.workspace.table("data", payload)
        counts = Counter[str]()
        for batch in table_batches(data, _COLUMNS, BATCH_ROWS):
            counts.update(count_hits(state, batch))
            counts[_SCANNED] += batch.num_rows
            outputs.status.add(batch.num_rows)
        return dict(sorted(counts.items()))


def count_hits(scanner: SecondScanner, batch: pa.RecordBatch) -> Counter[str]:
    """Hits and documents with hits of a batch of `data/`, by language and source.

    Keys are `hits|entity|language|source` and `documents|...`; a source may hold
    anything.
    """
    found = scan_texts(scanner, batch.column("text"), batch.column("pii"))
    labels = safe_labels(batch.column("source").cast(pa.string()))
    groups = pc.binary_join_element_wise(
        primary_languages(batch.column("language").cast(pa.string())),
        pc.fill_null(labels, NO_SOURCE),
        SEPARATOR,
    ).dictionary_encode()
    codes, names = groups.indices.to_numpy(), groups.dictionary.to_pylist()
    counts = Counter[str]()
    for entity, hits in found.items():
        for kind, weights in (("hits", hits), ("documents", hits > 0)):
            sums = np.bincount(codes, weights, len(names))
            for number in np.flatnonzero(sums):
                key = SEPARATOR.join((kind, entity, names[number]))
                counts[key] = int(sums[number])
    return counts


def scans_twice(pii: PiiConfig | None, verb: str) -> bool:
    """Whether a run of this kind has a `data/` that is scanned again."""
    return pii is not None and pii.second_scan and verb != "audit"


def scan_again(
    driver: Driver, cleans: Mapping[str, Commit], pii: PiiConfig | None
) -> SecondScan | None:
    """Run the second scan, if it is wanted and there is a `data/`.

    A unit is a shard; it depends on the bytes of its `data/` and the patterns.
    """
    if pii is None or not scans_twice(pii, driver.verb):
        return None
    work = SecondScanWork(tuple(sorted(looked_for(pii))))
    scanner = work.open()
    wanted = [scanner.entities, scanner.groups, scanner.ignored, driver.code]
    units = []
    for shard_id, clean in cleans.items():
        name = f"data/{shard_id}.parquet"
        data = next(o for o in clean.outputs if o.path == name)
        identity = digest([data.sha256, wanted])
        units.append(Unit(shard_id, shard_id, identity, data.bytes, data.rows))
    counts = Counter[str]()
    for commit in run_pass(driver.session, work, units, speed=SPEED).values():
        counts.update(commit.counts)
    return summarise(counts, scanner.entities)


def summarise(counts: Mapping[str, int], entities: Iterable[str]) -> SecondScan:
    """The part of the manifest; kinds without a hit get a zero."""
    whole = {entity: {"hits": 0, "documents": 0} for entity in sorted(entities)}
    parts: dict[tuple[str, Literal["language", "source"], str], dict[str, int]] = {}
    for key, number in counts.items():
        if key == _SCANNED:
            continue
        kind, entity, *names = key.split(SEPARATOR, 1 + len(AXES))
        whole[entity][kind] += number
        for axis, name in zip(AXES, names, strict=True):
            sums = parts.setdefault((entity, axis, name), {"hits": 0, "documents": 0})
            sums[kind] += number
    return SecondScan(
        documents=counts.get(_SCANNED, 0),
        entities={entity: SecondScanCount(**sums) for entity, sums in whole.items()},
        slices=[
            SecondScanSlice(entity=entity, by=axis, name=name, **sums)
            for (entity, axis, name), sums in sorted(parts.items())
        ],
    )


def second_scan_statistics(scan: SecondScan | None) -> list[Statistic]:
    """Hits and documents by entity, and by entity and language or source."""
    if scan is None:
        return []
    counted: list[tuple[str, SecondScanCount, dict[str, str]]]
    counted = [(entity, count, {}) for entity, count in scan.entities.items()]
    counted += [(part.entity, part, {part.by: part.name}) for part in scan.slices]
    return [
        Statistic(
            metric=metric,
            value=value,
            unit=unit,
            when="output",
            characteristic="Identifiability",
            entity=entity,
            numerator=value,
            denominator=scan.documents,
            language=slices.get("language"),
            source=slices.get("source"),
        )
        for entity, count, slices in counted
        for (metric, unit), value in zip(
            METRICS.items(), (count.hits, count.documents), strict=True
        )
    ]

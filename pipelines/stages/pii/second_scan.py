"""The second scan: the finished `data/` read again, and searched by other means.

It counts what is shaped like an identifier and no operator wrote. That is reported as
an upper bound on what is left, never as recall; see `transforms.pii.second_scan`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.engine.fingerprint import digest
from isinglass.pipelines.engine.passes import run_pass
from isinglass.pipelines.engine.units import Unit
from isinglass.pipelines.engine.workspace import Workspace, read_json, table_batches
from isinglass.pipelines.stages.pii.recall import looked_for
from isinglass.schemas.manifest import SecondScan, SecondScanCount, SecondScanSlice
from isinglass.schemas.statistic import Statistic
from isinglass.transforms.labels import safe_labels
from isinglass.transforms.pii.canaries.recall import (
    NO_SOURCE,
    add_cells,
    primary_languages,
)
from isinglass.transforms.pii.second_scan.scan import (
    SecondScanner,
    scan_texts,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.pipelines.engine.passes import Session
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import PiiConfig

SECOND_SCAN = "second_scan"
SPEED = 6e7
"""Bytes a CPU second."""

METRICS = {
    "pii.second_scan.hits": "hits of wide patterns",
    "pii.second_scan.documents": "documents with a hit",
}
AXES = ("language", "source")
BATCH_ROWS = 16_384
"""RE2 compiles its patterns anew for each batch, which costs 16 ms."""

_COLUMNS = ("text", "language", "source", "pii")
Hits = dict[str, list[int]]
"""`[hits, documents]` by `entity|language|source`; a source may hold anything."""

_SEPARATOR = "|"


@dataclass(frozen=True)
class SecondScanWork:
    """Work of the second scan.

    Attributes:
        entities: Kinds that are looked for.
    """

    entities: tuple[str, ...]
    name: str = SECOND_SCAN

    def open(self) -> SecondScanner:
        """Read the patterns, once a worker."""
        return SecondScanner.of(self.entities)

    def run(
        self, state: SecondScanner, payload: str, outputs: UnitOutputs
    ) -> dict[str, int]:
        """Scan one shard of `data/`; writes its hits."""
        workspace = outputs.workspace
        hits: Hits = {}
        rows = 0
        data = workspace.table("data", payload)
        for batch in table_batches(data, _COLUMNS, BATCH_ROWS):
            add_cells(hits, count_hits(state, batch))
            rows += batch.num_rows
            outputs.status.add(batch.num_rows)
        content = {"entities": state.entities, "hits": hits, "documents": rows}
        path = hits_path(workspace, payload)
        outputs.write_bytes(path, json.dumps(content, sort_keys=True))
        return {"records_in": rows}


def count_hits(scanner: SecondScanner, batch: pa.RecordBatch) -> Hits:
    """Hits and documents with hits of a batch of `data/`, by language and source."""
    counts = scan_texts(scanner, batch.column("text"), batch.column("pii"))
    labels = safe_labels(batch.column("source").cast(pa.string()))
    groups = pc.binary_join_element_wise(
        primary_languages(batch.column("language").cast(pa.string())),
        pc.fill_null(labels, NO_SOURCE),
        _SEPARATOR,
    ).dictionary_encode()
    codes, names = groups.indices.to_numpy(), groups.dictionary.to_pylist()
    hits: Hits = {}
    for entity, found in counts.items():
        sums = np.bincount(codes, found, len(names))
        documents = np.bincount(codes, found > 0, len(names))
        for number in np.flatnonzero(sums):
            key = f"{entity}{_SEPARATOR}{names[number]}"
            hits[key] = [int(sums[number]), int(documents[number])]
    return hits


def hits_path(workspace: Workspace, shard_id: str) -> Path:
    """What the second scan found in a shard, JSON."""
    return workspace.side(SECOND_SCAN, f"{shard_id}.hits.json")


def scans_twice(pii: PiiConfig | None, verb: str) -> bool:
    """Whether a run of this kind has a `data/` that is scanned again."""
    return pii is not None and pii.second_scan and verb != "audit"


def scan_again(
    session: Session,
    cleans: dict[str, Commit],
    pii: PiiConfig | None,
    verb: str,
    code: str,
) -> None:
    """Run the second scan, if it is wanted and there is a `data/`.

    Args:
        session: The driver's state.
        cleans: Commits of the clean pass, by shard.
        pii: The `pii` section.
        verb: Kind of the run.
        code: Fingerprint of the code.
    """
    if pii is None or not scans_twice(pii, verb):
        return
    work = SecondScanWork(tuple(sorted(looked_for(pii))))
    units = second_scan_units(cleans, work.entities, code)
    run_pass(session, work, units, speed=SPEED)


def second_scan_units(
    cleans: dict[str, Commit], entities: Iterable[str], code: str
) -> list[Unit]:
    """One unit a shard; it depends on the bytes of its `data/` and the patterns."""
    scanner = SecondScanner.of(entities)
    wanted = [scanner.entities, scanner.groups, scanner.ignored, code]
    units = []
    for shard_id, clean in cleans.items():
        name = f"data/{shard_id}.parquet"
        data = next(o for o in clean.outputs if o.path == name)
        identity = digest([data.sha256, wanted])
        units.append(Unit(shard_id, shard_id, identity, data.bytes))
    return units


def second_scan_summary(workspace: Workspace, shard_ids: Sequence[str]) -> SecondScan:
    """The hits of all shards, by entity, and by language and source."""
    total: Hits = {}
    entities: set[str] = set()
    documents = 0
    for shard_id in shard_ids:
        content: Any = read_json(hits_path(workspace, shard_id))
        entities |= set(content["entities"])
        documents += content["documents"]
        add_cells(total, content["hits"])
    return summarise(total, entities, documents)


def summarise(hits: Hits, entities: Iterable[str], documents: int) -> SecondScan:
    """The part of the manifest.

    Args:
        hits: Of all documents.
        entities: Kinds that were looked for; those without a hit get a zero.
        documents: Documents that were scanned.
    """
    whole: Hits = {entity: [0, 0] for entity in sorted(entities)}
    parts: dict[tuple[str, str, str], list[int]] = {}
    for key, counts in hits.items():
        entity, *names = key.split(_SEPARATOR, len(AXES))
        add_cells(whole, {entity: counts})
        for axis, name in zip(AXES, names, strict=True):
            sums = parts.setdefault((entity, axis, name), [0, 0])
            sums[0] += counts[0]
            sums[1] += counts[1]
    return SecondScan(
        documents=documents,
        entities={
            entity: SecondScanCount(hits=sums[0], documents=sums[1])
            for entity, sums in whole.items()
        },
        slices=[
            SecondScanSlice.model_validate(
                {
                    "entity": entity,
                    "by": axis,
                    "name": name,
                    "hits": sums[0],
                    "documents": sums[1],
                }
            )
            for (entity, axis, name), sums in sorted(parts.items())
        ],
    )


def second_scan_statistics(scan: SecondScan | None) -> list[Statistic]:
    """Hits and documents by entity, and by entity and language or source."""
    if scan is None:
        return []
    rows = []
    for entity, count in scan.entities.items():
        rows += _rows(scan, entity, count, {})
    for part in scan.slices:
        rows += _rows(scan, part.entity, part, {part.by: part.name})
    return rows


def _rows(
    scan: SecondScan, entity: str, count: SecondScanCount, slices: dict[str, str]
) -> list[Statistic]:
    return [
        Statistic(
            metric=metric,
            value=value,
            unit=unit,
            stage="output",
            characteristic="Identifiability",
            entity=entity,
            numerator=value,
            denominator=scan.documents,
            language=slices.get("language"),
            source=slices.get("source"),
        )
        for (metric, unit), value in zip(
            METRICS.items(), (count.hits, count.documents), strict=True
        )
    ]

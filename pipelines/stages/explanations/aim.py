"""Which number is explained, and which documents are flagged by it.

| asked for | number | flagged |
|---|---|---|
| `cluster` | cosine to the centroid of the document's own cluster | outliers |
| `cluster:N` | cosine to the centroid of cluster N | documents of the cluster |
| `probe:AXIS/GROUP` | logit of a linear probe of mentions of it | logit above 0 |
| `head:FILE[:ROW]` | logit of a linear layer that was saved | logit above 0 |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.stages.semantic.vectors import load_centroids
from isinglass.schemas.arrays import Flags, Floats
from isinglass.schemas.errors import ConfigError, InputError
from isinglass.transforms.demographics.counts import count_mentions
from isinglass.transforms.demographics.lexicon import load_lexicons
from isinglass.transforms.draws import place_draws, salt, sample_documents
from isinglass.transforms.explanations.targets import (
    Target,
    fit_probe,
    ranked_right,
    read_head,
)

if TYPE_CHECKING:
    from isinglass.pipelines.stages.explanations.source import Source

OUTLIERS = 0.05
"""Share of the documents, with the largest outlier scores, that are called so."""

FIT = 20_000
"""Documents that a probe is fitted on and measured by, half of them each."""

LEAST_LABELLED = 10
"""Documents with a mention, and without one, in each half."""


@dataclass(frozen=True)
class Aim:
    """The explained number over all documents of a run.

    Attributes:
        asked: As the user wrote it, without a path.
        targets: One for all documents, or that of each cluster.
        flag: What documents are flagged for.
        ids: All documents that have a vector.
        numbers: float64 (n,), the number of each.
        flagged: bool (n,).
        clusters: int32 (n,), which of the targets is a document's; None for the first.
        facts: What else is known of the number.
    """

    asked: str
    targets: Sequence[Target]
    flag: str
    ids: pa.StringArray = field(repr=False)
    numbers: Floats = field(repr=False)
    flagged: Flags = field(repr=False)
    clusters: np.ndarray | None = field(default=None, repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spread(self) -> float:
        """Standard deviation of the number over the documents of the run."""
        return float(self.numbers.std())

    def target(self, doc_id: str) -> Target:
        """The number of a document."""
        if self.clusters is None:
            return self.targets[0]
        return self.targets[self.clusters[pc.index(self.ids, doc_id).as_py()]]

    def draw(self, count: int, seed: int) -> list[str]:
        """A random sample of the flagged documents; a larger one takes in a smaller."""
        ids = self.ids.filter(pa.array(self.flagged))
        salts = np.full(len(ids), salt("explanations", self.asked, seed), np.uint64)
        draws = place_draws(ids, np.zeros(len(ids), np.int64), salts)
        first = np.argsort(draws, kind="stable")[:count]
        drawn: list[str] = ids.take(pa.array(first)).to_pylist()
        return drawn


def take_aim(asked: str, source: Source, base: Path, seed: int) -> Aim:
    """Read what `--target` says.

    Args:
        asked: See the table above.
        source: The run.
        base: Folder that the path of a head starts from.
        seed: By which documents are drawn to fit a probe on.

    Raises:
        ConfigError: It says nothing that there is.
        InputError: The run lacks what it needs.
    """
    kind, _, rest = asked.partition(":")
    if kind == "cluster" and rest in ("", *map(str, range(10**6))):
        return _cluster(int(rest) if rest else None, source)
    if kind == "probe" and rest.count("/") == 1:
        return _probe(rest, source, seed)
    if kind == "head" and rest:
        return _head(rest, source, base)
    raise ConfigError(
        f"--target {asked}: write cluster, cluster:N, probe:AXIS/GROUP (as in "
        "probe:gender/female), or head:FILE with a saved linear layer."
    )


def _numbers(target: Target, source: Source) -> tuple[pa.StringArray, Floats]:
    """All documents of a run, and the number of each; of vectors a shard is held."""
    ids, numbers = [], []
    for shard in source.shards:
        own, rows = source.vectors(shard)
        ids.append(own)
        numbers.append(target.numbers(rows))
    return pa.concat_arrays(ids), np.concatenate(numbers)


def _logit(target: Target, asked: str, source: Source, facts: Mapping[str, Any]) -> Aim:
    ids, numbers = _numbers(target, source)
    flag = f"a {target.name} above 0"
    return Aim(asked, [target], flag, ids, numbers, numbers > 0, facts=facts)


def _cluster(number: int | None, source: Source) -> Aim:
    rows = [source.clusters(shard) for shard in source.shards]
    clusters = np.concatenate([one.column("cluster").to_numpy() for one in rows])
    try:
        centroids = load_centroids(source.workspace)
    except FileNotFoundError:
        raise InputError(
            f"{source.workspace.work} does not hold the centroids of the clusters: it "
            "was removed. Run again to explain clusters."
        ) from None
    if number is None:
        ids = pa.concat_arrays([one.column("doc_id") for one in rows])
        scores = np.concatenate(
            [one.column("outlier_score").to_numpy() for one in rows]
        )
        numbers = np.concatenate([one.column("similarity").to_numpy() for one in rows])
        targets = [
            Target(f"cosine to the centroid of cluster {place}", "cosine", one)
            for place, one in enumerate(centroids)
        ]
        limit = np.quantile(scores, 1 - OUTLIERS, method="higher")
        flag = (
            f"an outlier score of {limit:.4f} or more, the {OUTLIERS:.0%} furthest out"
        )
        flagged = scores >= limit
        asked = "cluster"
        numbers = numbers.astype(np.float64)
        return Aim(asked, targets, flag, ids, numbers, flagged, clusters)
    if number >= len(centroids):
        raise ConfigError(
            f"--target cluster:{number}: the run has {len(centroids)} clusters, from 0."
        )
    name = f"cosine to the centroid of cluster {number}"
    target = Target(name, "cosine", centroids[number])
    ids, numbers = _numbers(target, source)
    flag = f"being in cluster {number}"
    return Aim(f"cluster:{number}", [target], flag, ids, numbers, clusters == number)


def _head(rest: str, source: Source, base: Path) -> Aim:
    name, _, tail = rest.rpartition(":")
    row = int(tail) if name and tail.isdecimal() else None
    path = base / (rest if row is None else name)
    width = source.vectors(source.shards[0])[1].shape[1]
    weight, bias = read_head(path, row, width)
    target = Target(f"logit of {path.name}, output {row or 0}", "logit", weight, bias)
    return _logit(target, f"head:{path.name}:{row or 0}", source, {})


def _probe(rest: str, source: Source, seed: int) -> Aim:
    lexicons = load_lexicons(source.config.demographics)
    axis, _, group = rest.partition("/")
    if (axis, group) not in lexicons.groups:
        near = sorted({g for a, g in lexicons.groups if a == axis})
        known = near or sorted({a for a, _ in lexicons.groups})
        raise ConfigError(
            f"--target probe:{rest}: the lexicons have no such group; "
            f"{'groups of ' + axis if near else 'axes'}: {', '.join(known)}."
        )
    column = lexicons.groups.index((axis, group))
    share, vectors, labels, halves = FIT / max(1, source.count), [], [], []
    for shard, table in source.texts():
        rows = one_of(table)
        _, matrix = source.vectors(shard)
        chosen = sample_documents(rows["doc_id"], share, f"explanations probe {seed}")
        some = {name: rows[name].filter(pa.array(chosen)) for name in rows}
        mentions, _ = count_mentions(some["text"], some["language"], lexicons)
        vectors.append(matrix[chosen])
        labels.append(mentions.dense([column])[:, 0] > 0)
        halves.append(
            sample_documents(some["doc_id"], 0.5, f"explanations half {seed}")
        )
    matrix, held = np.concatenate(vectors), np.concatenate(labels)
    fit = np.concatenate(halves)
    for half in (fit, ~fit):
        least = min(int(held[half].sum()), int((~held[half]).sum()))
        if least < LEAST_LABELLED:
            raise InputError(
                f"--target probe:{rest}: {int(held.sum())} of {len(held)} documents "
                f"mention the group; a probe needs {2 * LEAST_LABELLED} with a mention "
                "and as many without. Choose another group."
            )
    weight, bias = fit_probe(matrix[fit], held[fit])
    target = Target(f"logit of a probe of {rest}", "logit", weight, bias)
    numbers = target.numbers(matrix[~fit])
    facts = {
        "fitted_on": int(fit.sum()),
        "measured_on": int((~fit).sum()),
        "mention": int(held.sum()),
        "accuracy": float(((numbers > 0) == held[~fit]).mean()),
        "majority": float(max(held[~fit].mean(), 1 - held[~fit].mean())),
        "auc": ranked_right(numbers, held[~fit]),
    }
    return _logit(target, f"probe:{rest}", source, facts)


def one_of(table: pa.Table) -> dict[str, pa.StringArray]:
    """Columns of a table of `data/` as strings, in one piece each."""
    names = ("doc_id", "text", "language")
    return {n: table[n].combine_chunks().cast(pa.string()) for n in names}

"""Erased vectors against the eraser, the vectors it was applied to, and the labels."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from isinglass.pipelines.engine.workspace import Workspace, exists, read_table
from isinglass.pipelines.proof.check import Check, FinishedRun, conclude
from isinglass.pipelines.stage import Written
from isinglass.pipelines.stages.encode.proof import encodes
from isinglass.pipelines.stages.leace.measure import statistics_of
from isinglass.pipelines.stages.leace.work import ERASER, TABLE, eraser_path
from isinglass.schemas.arrays import Flags
from isinglass.schemas.encoding import LeaceSummary
from isinglass.schemas.errors import InputError
from isinglass.schemas.tables import embeddings_erased_schema
from isinglass.transforms.encode.outputs.readers import read_embeddings
from isinglass.transforms.leace.eraser import Eraser, read_eraser
from isinglass.transforms.leace.moments import across_about

Vectors = NDArray[np.floating]

NAME = "erased concept"
TOLERANCE = 1e-6
"""Of a value and of a covariance, in roots of the mean square of a vector's values, or
absolute where that is less than 1, as it is in vectors of unit length."""


def written(run: FinishedRun) -> Written:
    """The erased vectors and their eraser, if they were asked for."""
    encode, told = run.config.encode, run.manifest.leace
    asked = encode is not None and encode.erase_concept is not None and encodes(run)
    asked = asked and bool(run.shards())
    faults = []
    if (told is not None) != asked:
        faults.append("the manifest's leace does not follow from its config and verb")
    if encode is None or told is None or not asked:
        return Written(faults=faults)
    window = encode.windows == "window"
    schema = embeddings_erased_schema(told.dimensions, window=window)
    files = {f"{TABLE}/{{shard}}.parquet": schema, ERASER: None}
    return Written(files, faults)


def prove(run: FinishedRun) -> list[Check]:
    """Each vector is what the eraser makes, and no value covaries with a mention."""
    told = run.manifest.leace
    path = eraser_path(Workspace(str(run.folder)))
    if told is None or not exists(path):
        return []
    try:
        eraser = read_eraser(path)
    except InputError as error:
        return [conclude(NAME, [str(error)], "")]
    if (eraser.dimensions, eraser.rank) != (told.dimensions, told.rank):
        return [conclude(NAME, ["manifest and eraser are of other dimensions"], "")]
    faults, found = _compare(run, eraser, told)
    faults += _number_faults(run, found, told)
    said = (
        f"{found.rows:,} vectors as the eraser makes them; greatest covariance with a "
        f"mention {told.covariance_after:.1e}"
    )
    return [conclude(NAME, faults, said)]


def _number_faults(run: FinishedRun, found: _Found, told: LeaceSummary) -> list[str]:
    """Numbers of manifest and statistics that the files do not bear out."""
    if (found.rows, found.fitted_on) != (told.rows, told.fitted_on):
        return [f"manifest and {TABLE}/ count different vectors"]
    if found.labelled.tolist() != [group.rows for group in told.groups]:
        return [f"manifest and {TABLE}/ count different mentions"]
    faults = []
    erased = np.array([group.erased for group in told.groups], bool)
    most = TOLERANCE * max(1.0, found.size)
    before, after = (
        float(np.abs(across[:, erased]).max(initial=0.0)) / max(1, found.fitted_on)
        for across in (found.before, found.after)
    )
    if after > most:
        faults.append(f"a value covaries with a mention by {after:.1e}")
    elif abs(after - told.covariance_after) > most:
        faults.append("manifest and files have another covariance after erasing")
    if abs(before - told.covariance_before) > most:
        faults.append("manifest and files have another covariance before erasing")
    said = {row for row in run.statistics() if row.metric.startswith("leace.")}
    if said != set(statistics_of(told)):
        faults.append("audit/statistics and the manifest's leace tell different things")
    return faults


class _Found:
    """What the files hold, added up shard by shard."""

    def __init__(self, eraser: Eraser, told: LeaceSummary) -> None:
        self.rows = self.fitted_on = 0
        self.labelled = np.zeros(len(told.groups), np.int64)
        shape = eraser.dimensions, len(told.groups)
        self.before, self.after = np.zeros(shape), np.zeros(shape)
        self._squares = 0.0
        self._centre = eraser.mean
        rows = [group.rows for group in told.groups]
        self._shares = np.array(rows) / max(1, told.fitted_on)

    def add(self, pair: tuple[Vectors, Vectors], labels: Flags, known: Flags) -> None:
        """Add the vectors of a shard, before erasing and after."""
        before, after = pair
        self.rows += len(after)
        self.fitted_on += int(known.sum())
        self.labelled += labels.sum(axis=0)
        inside, about = labels[known], (self._centre, self._shares)
        self.before += across_about(before[known], inside, *about)
        self.after += across_about(after[known], inside, *about)
        self._squares += float(np.square(before, dtype=np.float64).sum())

    @property
    def size(self) -> float:
        """Root of the mean square of a value."""
        return float(np.sqrt(self._squares / max(1, self.rows * len(self._centre))))


def _compare(
    run: FinishedRun, eraser: Eraser, told: LeaceSummary
) -> tuple[list[str], _Found]:
    faults, found = [], _Found(eraser, told)
    for path in run.paths(TABLE):
        if path.suffix != ".parquet":
            continue
        name = f"{TABLE}/{path.stem}"
        ids, vectors = read_embeddings(path)
        of, before = read_embeddings(run.folder / "embeddings" / path.name)
        if not ids.equals(of):
            faults.append(f"{name} does not follow embeddings/{path.stem}")
            continue
        again = eraser.apply(before)
        size = max(1.0, float(np.abs(again).max(initial=0.0)))
        off = np.abs(again - vectors).max(initial=0.0)
        if not off <= TOLERANCE * size:
            faults.append(f"{name} is not what the eraser makes of embeddings/")
        labels, known = _labels(read_table(path, ["mentions"])["mentions"], told)
        found.add((before, vectors), labels, known)
    return faults, found


def _labels(mentions: pa.ChunkedArray, told: LeaceSummary) -> tuple[Flags, Flags]:
    """Which groups each row mentions (n, k), and whether that is known (n,)."""
    lists = pa.concat_arrays([pa.array([], mentions.type), *mentions.chunks])
    names = pa.array([group.group for group in told.groups])
    columns = pc.index_in(lists.flatten(), names).to_numpy(zero_copy_only=False)
    labels = np.zeros((len(lists), len(names)), bool)
    labels[pc.list_parent_indices(lists).to_numpy(), columns.astype(np.int64)] = True
    return labels, lists.is_valid().to_numpy(zero_copy_only=False)

"""What a finished run has that can be explained: texts, vectors, and their model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError

from isinglass.pipelines.engine.workspace import (
    Workspace,
    list_files,
    read_table,
    table_rows,
)
from isinglass.pipelines.explain.folder import RunFolder
from isinglass.schemas.arrays import Singles
from isinglass.schemas.config import RunConfig
from isinglass.schemas.config.encode import EncodeConfig
from isinglass.schemas.errors import InputError, RefuseError
from isinglass.transforms.batches import one_batch
from isinglass.transforms.encode.models.check import check_models
from isinglass.transforms.encode.outputs.readers import read_embeddings

_COLUMNS = ["doc_id", "text", "language", "pii"]


@dataclass(frozen=True)
class Source:
    """A run that wrote texts and vectors, with the model that made them.

    Attributes:
        shards: Those that have vectors, sorted.
    """

    run: RunFolder
    config: RunConfig
    encode: EncodeConfig
    shards: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path) -> Source:
        """Read what the run is.

        Raises:
            InputError: It has no texts or no vectors, or another version wrote it.
            RefuseError: Its model is not at hand as it was.
        """
        run = RunFolder.open(folder)
        try:
            config = RunConfig.model_validate(run.manifest["config"])
        except ValidationError:
            raise InputError(
                f"{folder / 'manifest.json'} has a configuration that this version "
                "does not read. Use the version that wrote the run."
            ) from None
        shards = [path.stem for path in list_files(folder / "embeddings", "*.parquet")]
        encode = config.encode
        if encode is None or encode.embeddings == "none" or not shards:
            raise InputError(
                f"Run {run.manifest['run_id']} has no vectors, so there is no number "
                "of a model to explain. Give the run an `encode` section with "
                "`embeddings: pooled`, and run or encode it."
            )
        _check_models(run, encode)
        return cls(run, config, encode, tuple(shards))

    @property
    def workspace(self) -> Workspace:
        """The folder of the run."""
        return Workspace(str(self.run.folder))

    @property
    def count(self) -> int:
        """Documents of `data/`."""
        return sum(table_rows(self.workspace.table("data", s)) for s in self.shards)

    def vectors(self, shard: str) -> tuple[pa.StringArray, Singles]:
        """Documents of a shard, and the first vector of each, as they are stored."""
        doc_ids, matrix = read_embeddings(self.workspace.table("embeddings", shard))
        ids = pa.concat_arrays([pa.array([], pa.string()), *doc_ids.chunks])
        if len(ids) > 1:
            changes = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
            first = np.append(0, np.flatnonzero(changes) + 1)
            ids, matrix = ids.take(pa.array(first)), matrix[first]
        return ids, matrix.astype(np.float32, copy=False)

    def texts(self) -> Iterator[tuple[str, pa.Table]]:
        """Shards with `doc_id`, `text`, `language` and `pii` of their documents."""
        for shard in self.shards:
            yield shard, read_table(self.workspace.table("data", shard), _COLUMNS)

    def documents(self, wanted: Sequence[str]) -> list[dict[str, Any]]:
        """Rows of `data/` with the stored vector of each, in the order asked for."""
        found: dict[str, dict[str, Any]] = {}
        chosen = pa.array(wanted, pa.string())
        for shard in self.shards:
            mine = pc.field("doc_id").isin(chosen)
            path = self.workspace.table("data", shard)
            rows = read_table(path, _COLUMNS, mine).to_pylist()
            if rows:
                ids, matrix = self.vectors(shard)
                places = pc.index_in(pa.array([r["doc_id"] for r in rows]), ids)
                for row, place in zip(rows, places.to_pylist(), strict=True):
                    found[row["doc_id"]] = row | {"vector": matrix[place]}
        return [found[doc_id] for doc_id in wanted]

    def clusters(self, shard: str) -> pa.RecordBatch:
        """The rows of `clusters/` of a shard, in the order of `vectors`.

        Raises:
            InputError: The run has no clusters.
        """
        path = self.workspace.table("clusters", shard)
        if not list_files(path.parent, path.name):
            raise InputError(
                f"Run {self.run.manifest['run_id']} has no clusters. Give its `encode` "
                "section a `semantic` one, or explain another number by --target."
            )
        return one_batch(read_table(path))


def _check_models(run: RunFolder, encode: EncodeConfig) -> None:
    """Hold the model at hand to that by which the run was encoded."""
    then = {one["role"]: one["sha256"] for one in run.manifest.get("models", ())}
    for model in check_models(encode):
        if then.get(model.role) != model.sha256:
            raise RefuseError(
                f"The {model.role} {model.name!r} is another one now (sha256 "
                f"{model.sha256[:12]}) than when the run was encoded "
                f"({then.get(model.role, 'none')[:12]}). Bring that one back, or run "
                "again."
            )

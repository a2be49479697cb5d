"""Vectors of a finished run, and which groups its documents mention."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pydantic

from isinglass.pipelines.engine.mapped_tables import (
    survey_path,
)
from isinglass.pipelines.engine.workspace import (
    Workspace,
    exists,
    list_files,
    table_rows,
)
from isinglass.pipelines.read_again import read_manifest
from isinglass.pipelines.stages.demographics.kept import lexicons_of, sure_mentions
from isinglass.schemas.arrays import Flags, Singles
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import InputError
from isinglass.transforms.draws import sample_documents
from isinglass.transforms.encode.outputs.readers import read_embeddings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.schemas.manifest import Manifest, Model
    from isinglass.transforms.demographics.lexicon import Group, Lexicons

_KEY = "probes.run"


@dataclass(frozen=True)
class VectorRun:
    """A finished run with vectors and counted mentions."""

    folder: Path
    manifest: Manifest
    lexicons: Lexicons

    @property
    def groups(self) -> tuple[Group, ...]:
        """Axis and group of each column of `Drawn.labels`."""
        return self.lexicons.groups


@dataclass(frozen=True)
class Drawn:
    """Vectors (n, d) of documents and the groups they mention (n, groups)."""

    vectors: Singles
    labels: Flags


def open_run(folder: Path, models: Sequence[Model]) -> VectorRun:
    """Open a run whose vectors are of a model, by the hash of its weights.

    Raises:
        InputError: It is no finished run, has no vectors or no mentions, or these are
            of another model or of other lexicons.
    """
    try:
        manifest = read_manifest(folder)
        config = RunConfig.model_validate(manifest.config)
    except pydantic.ValidationError:
        raise InputError(
            f"{_KEY}: {folder} is not of a form that this version reads. Run it again."
        ) from None
    if not list_files(folder / "embeddings", "[!.]*.parquet"):
        raise InputError(
            f"{_KEY}: {folder} has no embeddings/. Run it with an encode section."
        )
    wanted = [one.sha256 for one in models if one.role == "encoder"]
    made = [one.sha256 for one in manifest.models if one.role == "encoder"]
    if wanted != made:
        raise InputError(
            f"{_KEY}: the vectors of {folder} are of another model than the one that "
            "is evaluated. Evaluate the model that encode.model of the run names."
        )
    if not config.survey.count_mentions:
        raise InputError(
            f"{_KEY}: {folder} counted no mentions of groups. Run it with "
            "survey.count_mentions: true."
        )
    lexicons = lexicons_of(config, folder)
    known = {one.sha256 for one in manifest.lexicons}
    if not {one.sha256 for one in lexicons.entries} <= known:
        raise InputError(
            f"{_KEY}: {folder} counted mentions by other lexicons than there are now. "
            "Run it again."
        )
    return VectorRun(folder, manifest, lexicons)


def draw_vectors(run: VectorRun, most: int, seed: int) -> Drawn:
    """Vectors of about so many documents whose mentions are known.

    Those of a document in several windows are one, their mean. Only mentions count that
    are sure, as for balancing.

    Raises:
        InputError: The side tables of the run are gone.
    """
    workspace = Workspace(str(run.folder))
    files = list_files(run.folder / "embeddings", "[!.]*.parquet")
    share = most / max(1, sum(table_rows(path) for path in files))
    vectors, labels = [], []
    for path in files:
        side = survey_path(workspace, path.stem)
        if not exists(side):
            raise InputError(
                f"{_KEY}: {side} is missing: which groups are mentioned stands there. "
                "Run it again, and keep work/."
            )
        ids, matrix = _by_document(path)
        drawn = sample_documents(ids, share, f"probes/{seed}")
        own, covered = sure_mentions(workspace, path.stem, range(len(run.groups)), ids)
        chosen = drawn & covered
        vectors.append(matrix[chosen].astype(np.float32))
        labels.append(own[chosen])
    return Drawn(np.concatenate(vectors), np.concatenate(labels))


def _by_document(path: Path) -> tuple[pa.StringArray, Singles]:
    """Documents of a file of vectors, each with the mean of its rows."""
    doc_ids, matrix = read_embeddings(path)
    ids, rows = doc_ids.combine_chunks(), matrix.astype(np.float32)
    if len(ids) < 2:  # noqa: PLR2004 - nothing to compare with the row before
        return ids, rows
    changes = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
    starts = np.append(0, np.flatnonzero(changes) + 1)
    if len(starts) == len(ids):
        return ids, rows
    sizes = np.diff(np.append(starts, len(ids))).astype(np.float32)
    means = np.add.reduceat(rows, starts, axis=0) / sizes[:, None]
    return ids.take(pa.array(starts)), means.astype(np.float32)

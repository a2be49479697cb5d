"""Texts that a user names for an evaluation: those of a run, or any others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from isinglass.pipelines.engine.workspace import (
    exists,
    is_file,
    list_files,
    table_batches,
)
from isinglass.pipelines.places import NO_OUTPUT
from isinglass.pipelines.plan import plan
from isinglass.schemas.config import RunConfig
from isinglass.schemas.errors import InputError
from isinglass.transforms.read.documents import read_shard

Texts = tuple[pa.StringArray, pa.StringArray]
"""Ids of documents and their texts."""

_ROWS = 4096
_KEY = "associations.texts"
_RUN, _TABLES = "manifest.json", "*.parquet"


def check_texts(named: str) -> None:
    """Refuse a place without texts, and a run that kept none.

    Raises:
        InputError: There is nothing of that name, or a run without `data/`.
    """
    path = Path(named)
    if not exists(path):
        raise InputError(f"{_KEY}: {named} does not exist. Name a run folder or texts.")
    if is_file(path / _RUN) and not list_files(path / "data", _TABLES):
        raise InputError(f"{_KEY}: the run {named} has no data/, as after an audit.")


def read_texts(named: str) -> Iterator[Texts]:
    """Batches of documents of a run folder, of a file or of a folder of files.

    Raises:
        InputError: As of `check_texts`, or nothing there can be read.
    """
    check_texts(named)
    path = Path(named)
    if is_file(path / _RUN):
        for file in list_files(path / "data", _TABLES):
            for batch in table_batches(file, ["doc_id", "text"], _ROWS):
                yield batch.column("doc_id"), batch.column("text")
        return
    inputs = ({"path": named, "source": "texts"},)
    planned = plan(
        RunConfig.model_validate({"inputs": inputs, "output": NO_OUTPUT}), path.parent
    )
    for shard in planned.shards:
        for batch in read_shard(shard, planned.layout):
            documents = batch.documents
            yield documents.column("doc_id"), documents.column("text")

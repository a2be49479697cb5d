"""The encode pass: cleaned shard -> token ids -> embeddings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from isinglass.pipelines.fingerprint import digest
from isinglass.pipelines.progress import WorkerStatus
from isinglass.pipelines.units import Unit
from isinglass.schemas.tables import TOKENS, embeddings_schema
from isinglass.transforms.encode.encoder import (
    Encoder,
    choose_device,
    configure_threads,
    load_encoder,
)
from isinglass.transforms.encode.outputs.embeddings import embeddings_array, truncated
from isinglass.transforms.encode.settings import settings_of
from isinglass.transforms.encode.tokenizers.batch import TokenBatch, cut
from isinglass.transforms.encode.tokenizers.reference import Tokenizer, load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from isinglass.pipelines.commits import UnitOutputs
    from isinglass.schemas.commit import Commit
    from isinglass.schemas.config import EncodeConfig
    from isinglass.transforms.write import TableWriter

ENCODE = "encode"
BATCH_ROWS = 512
PACKAGED = "minilm"
"""The name of the packaged model and tokenizer; a folder cannot take it over."""


@dataclass(frozen=True)
class EncodeWork:
    """Work of the encode pass.

    Attributes:
        config: The `encode` section.
        threads: Threads of the forward pass in one worker.
    """

    config: EncodeConfig
    threads: int = 1
    name: str = ENCODE

    def open(self) -> tuple[Tokenizer, Encoder | None]:
        """Load tokenizer and model, once a worker."""
        # Workers are processes already, and a forked thread pool warns.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        encoder = None
        if self._embeds:
            configure_threads(self.threads)
            encoder = load_encoder(settings_of(self.config))
        return load_tokenizer(settings_of(self.config)), encoder

    @property
    def _embeds(self) -> bool:
        return self.config.embeddings != "none"

    def run(
        self,
        state: tuple[Tokenizer, Encoder | None],
        payload: str,
        outputs: UnitOutputs,
    ) -> dict[str, int]:
        """Encode one shard of `data/`."""
        tokenizer, encoder = state
        workspace = outputs.workspace
        tokens = vectors = None
        if self.config.tokens:
            tokens = outputs.open_table(workspace.table("tokens", payload), TOKENS)
        if encoder is not None:
            schema = embeddings_schema(encoder.dimensions)
            path = workspace.table("embeddings", payload)
            vectors = outputs.open_table(path, schema)
        status = WorkerStatus(workspace, self.name, payload)
        counts = {"records_in": 0, "tokens": 0, "truncated": 0}
        file = pq.ParquetFile(workspace.table("data", payload), pre_buffer=False)
        for batch in file.iter_batches(
            BATCH_ROWS, columns=["doc_id", "text"], use_threads=False
        ):
            encoded = tokenizer.encode(batch.column("text"))
            if vectors is not None and encoder is not None:
                vectors.write(
                    _vectors(batch, encoder.encode(encoded), vectors_schema=schema)
                )
            counts["truncated"] += truncated(encoded, self.config.max_tokens)
            if self.config.windows == "truncate":
                encoded = cut(encoded, self.config.max_tokens)
            counts["records_in"] += batch.num_rows
            counts["tokens"] += int(encoded.offsets[-1])
            _write_tokens(tokens, batch, encoded)
            status.add(batch.num_rows, 0)
        counts["dimensions"] = encoder.dimensions if encoder is not None else 0
        return counts


def _vectors(
    batch: pa.RecordBatch, matrix: np.ndarray, *, vectors_schema: pa.Schema
) -> pa.RecordBatch:
    columns = [batch.column("doc_id"), embeddings_array(matrix)]
    return pa.RecordBatch.from_arrays(columns, schema=vectors_schema)


def _write_tokens(
    writer: TableWriter | None, batch: pa.RecordBatch, encoded: TokenBatch
) -> None:
    if writer is None:
        return
    lengths = np.diff(encoded.offsets).astype(np.int32)
    ids = pa.ListArray.from_arrays(
        pa.array(encoded.offsets.astype(np.int32)), pa.array(encoded.values)
    )
    columns = [batch.column("doc_id"), ids, pa.array(lengths)]
    writer.write(pa.RecordBatch.from_arrays(columns, schema=TOKENS))


def encode_units(
    shard_ids: Sequence[str],
    cleans: dict[str, Commit],
    config: EncodeConfig,
    models: Sequence[str],
    code: str,
) -> list[Unit]:
    """One unit a shard; it depends on the bytes of its `data/` file."""
    section: Any = config.model_dump(exclude={"device"})
    if config.embeddings != "none":
        # A GPU rounds otherwise than a CPU, so their vectors are never mixed.
        section["device"] = choose_device(config.device).type
    units = []
    for shard_id in shard_ids:
        name = f"data/{shard_id}.parquet"
        data = next(o for o in cleans[shard_id].outputs if o.path == name)
        identity = digest([data.sha256, section, list(models), code])
        units.append(Unit(shard_id, shard_id, identity, data.bytes))
    return units


def with_absolute_paths(config: EncodeConfig | None, base: Path) -> EncodeConfig | None:
    """Name model and tokenizer folders in a way that any worker understands."""
    if config is None:
        return None
    places = {
        name: str((base / value).resolve())
        for name, value in (("model", config.model), ("tokenizer", config.tokenizer))
        if value != PACKAGED and (base / value).exists()
    }
    return config.model_copy(update=places)

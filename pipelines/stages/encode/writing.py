"""The files of one shard that the encode pass writes, whichever are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.tables import (
    PACKED,
    embeddings_schema,
    hidden_states_schema,
    tokens_schema,
)
from isinglass.transforms.encode.outputs.megatron import (
    BIN,
    IDX,
    MegatronWriter,
    half_path,
)
from isinglass.transforms.encode.outputs.packed import Packer
from isinglass.transforms.encode.outputs.rows import (
    HIDDEN_STORAGE,
    embeddings_batch,
    hidden_batches,
    storage_of,
    tokens_batch,
    with_end,
)
from isinglass.transforms.write import ZSTD

if TYPE_CHECKING:
    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.transforms.encode.encoder.window import Encoded
    from isinglass.transforms.encode.tokenizers.batch import TokenBatch
    from isinglass.transforms.encode.tokenizers.reference import Reference


@dataclass(frozen=True)
class Tokenised:
    """The documents of a batch, as ids.

    `whole` are the ids of each document, truncated where that was asked for; `rows`,
    which are written to `tokens/` and encoded, are these or windows of them, of which
    `documents` names the document. `words` has the word of each token of `rows`, where
    that was asked for. Of `truncated` documents the encoder sees only the first tokens.
    """

    doc_ids: pa.StringArray
    whole: TokenBatch
    rows: TokenBatch
    documents: NDArray[np.int64] | None = None
    words: NDArray[np.int32] | None = None
    truncated: int = 0


def find_ends(config: EncodeConfig, tokenizer: Reference) -> dict[str, int | None]:
    """Ids of the tokens that `packed` and `megatron` put behind a document.

    Raises:
        ConfigError: The tokenizer has no such token.
    """
    ends: dict[str, int | None] = {}
    for name, section in (("packed", config.packed), ("megatron", config.megatron)):
        token = section and section.end_token
        ends[name] = tokenizer.token_id(token) if token else None
        if token and ends[name] is None:
            raise ConfigError(
                f"encode.{name}.end_token: the tokenizer {tokenizer.name} has no token "
                f"{token!r}. Name one of its own, or leave it out."
            )
    return ends


def table_schemas(config: EncodeConfig, dimensions: int) -> dict[str, pa.Schema]:
    """Schemas of the tables that are wanted, for vectors of so many dimensions."""
    window, schemas = config.windows == "window", {}
    if config.tokens:
        schemas["tokens"] = tokens_schema(
            window=window, masks=config.masks, word_ids=config.word_ids
        )
    if config.packed is not None:
        schemas["packed"] = PACKED
    if config.embeddings != "none":
        schemas["embeddings"] = embeddings_schema(
            dimensions, dtype=config.embedding_type, window=window
        )
    if config.hidden_states:
        schemas["hidden_states"] = hidden_states_schema(dimensions, window=window)
    return schemas


class ShardWriter:
    """Writes what comes out of the encode pass for one shard, in order.

    `dimensions` are those of a vector, 0 where nothing is encoded.
    """

    def __init__(
        self,
        outputs: UnitOutputs,
        shard_id: str,
        config: EncodeConfig,
        tokenizer: Reference,
        dimensions: int,
    ) -> None:
        self._counts = dict.fromkeys(
            ("records_in", "rows", "tokens", "truncated", "hidden_states"), 0
        )
        self._counts["dimensions"] = dimensions
        self._outputs, self._config = outputs, config
        self._ends = find_ends(config, tokenizer)
        workspace, kind = outputs.workspace, config.embedding_type
        storages = {"embeddings": storage_of(kind), "hidden_states": HIDDEN_STORAGE}
        self._tables = {
            name: outputs.open_table(
                workspace.table(name, shard_id),
                schema,
                storage=storages.get(name, ZSTD),
            )
            for name, schema in table_schemas(config, dimensions).items()
        }
        packed = config.packed
        self._packer = packed and Packer(packed.length, self._ends["packed"])
        self._megatron: MegatronWriter | None = None
        if config.megatron is not None:
            self._final = workspace.path / "megatron" / shard_id
            self._prefix = outputs.reserve(self._final, (BIN, IDX))
            self._megatron = MegatronWriter(self._prefix, tokenizer.vocabulary_size)

    def write(self, made: Tokenised, encoded: Encoded | None) -> None:
        """Write the documents of one batch."""
        counts = self._counts
        counts["records_in"] += len(made.doc_ids)
        counts["rows"] += len(made.rows.lengths)
        counts["tokens"] += int(made.rows.offsets[-1])
        counts["truncated"] += made.truncated
        if self._config.tokens:
            self._tables["tokens"].write(token_rows(made, self._config))
        if encoded is not None:
            self._write_vectors(made, encoded)
        if self._packer:
            self._write_packed(self._packer.add(made.doc_ids, made.whole))
        if self._megatron is not None:
            self._megatron.write(with_end(made.whole, self._ends["megatron"]))

    def finish(self) -> dict[str, int]:
        """Write what is still pending; returns the counts of the shard."""
        counts = self._counts
        if self._packer:
            self._write_packed(self._packer.finish())
            counts["packed_rows"] = self._packer.rows
            counts["packed_tokens"] = self._packer.tokens
        if self._megatron is not None:
            rows, tokens = self._megatron.finish()
            counts["megatron_sequences"], counts["megatron_tokens"] = rows, tokens
            for half in (BIN, IDX):
                made, final = (
                    half_path(self._prefix, half),
                    half_path(self._final, half),
                )
                self._outputs.adopt(made, final, rows)
        return counts

    def _write_vectors(self, made: Tokenised, encoded: Encoded) -> None:
        self._tables["embeddings"].write(
            embeddings_batch(
                made.doc_ids,
                encoded.vectors,
                dtype=self._config.embedding_type,
                documents=made.documents,
            )
        )
        if encoded.hidden is not None:
            self._counts["hidden_states"] += len(encoded.hidden)
            for batch in hidden_batches(
                made.doc_ids,
                np.diff(encoded.offsets),
                encoded.hidden,
                documents=made.documents,
            ):
                self._tables["hidden_states"].write(batch)

    def _write_packed(self, batches: Iterable[pa.RecordBatch]) -> None:
        for batch in batches:
            self._tables["packed"].write(batch)


def token_rows(made: Tokenised, config: EncodeConfig) -> pa.RecordBatch:
    """Rows of `tokens/`."""
    return tokens_batch(
        made.doc_ids,
        made.rows,
        documents=made.documents,
        masks=config.masks,
        word_ids=made.words,
    )

"""The files of one shard that the encode pass writes, whichever are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from isinglass.schemas.errors import ConfigError
from isinglass.schemas.tables import (
    PACKED,
    embeddings_schema,
    hidden_states_schema,
    tokens_schema,
)
from isinglass.transforms.encode.outputs.megatron import (
    MegatronWriter,
    bin_path,
    idx_path,
)
from isinglass.transforms.encode.outputs.packed import Packer
from isinglass.transforms.encode.outputs.tokens import tokens_batch, with_end
from isinglass.transforms.encode.outputs.vectors import (
    HIDDEN_STORAGE,
    embeddings_batch,
    hidden_batches,
    storage_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from isinglass.pipelines.engine.commits import UnitOutputs
    from isinglass.schemas.config import EncodeConfig
    from isinglass.transforms.encode.encoder.window import Encoded
    from isinglass.transforms.encode.tokenizers.batch import TokenBatch
    from isinglass.transforms.write import TableWriter


class HasTokens(Protocol):
    """A tokenizer, fast or not."""

    @property
    def name(self) -> str:
        """Model or file name."""

    def token_id(self, token: str) -> int | None:
        """Id of a token of the vocabulary; None where it has no such token."""


@dataclass(frozen=True)
class Tokenised:
    """The documents of a batch, as ids.

    Attributes:
        doc_ids: One a document.
        whole: Ids of each document, truncated where that was asked for.
        rows: What is written to `tokens/` and encoded: `whole`, or its windows.
        documents: The document of each row, where rows are windows.
        words: The word of each token of `rows`, where that was asked for.
        truncated: Documents of which the encoder sees only the first tokens.
    """

    doc_ids: pa.StringArray
    whole: TokenBatch
    rows: TokenBatch
    documents: NDArray[np.int64] | None = None
    words: NDArray[np.int32] | None = None
    truncated: int = 0


@dataclass(frozen=True)
class Widths:
    """Sizes that the schemas depend on; 0 where nothing is encoded.

    Attributes:
        dimensions: Of a vector.
        vocabulary: Ids of the tokenizer.
        end: Id behind every document of `packed/`, of `megatron/`; None for none.
    """

    dimensions: int
    vocabulary: int
    ends: dict[str, int | None]


def find_ends(config: EncodeConfig, tokenizer: HasTokens) -> dict[str, int | None]:
    """Ids of the tokens that `packed` and `megatron` put behind a document.

    Raises:
        ConfigError: The tokenizer has no such token.
    """
    ends: dict[str, int | None] = {}
    for name, section in (("packed", config.packed), ("megatron", config.megatron)):
        token = section and section.end_token
        ends[name] = tokenizer.token_id(token) if token else None
        if token and ends[name] is None:
            msg = (
                f"encode.{name}.end_token: the tokenizer {tokenizer.name} has no token "
                f"{token!r}. Name one of its own, or leave it out."
            )
            raise ConfigError(msg)
    return ends


class ShardWriter:
    """Writes what comes out of the encode pass for one shard, in order.

    Args:
        outputs: Of the unit of work.
        shard_id: Its shard.
        config: Says which files are wanted.
        widths: Sizes of their columns.

    Attributes:
        counts: What was written so far.
    """

    def __init__(
        self, outputs: UnitOutputs, shard_id: str, config: EncodeConfig, widths: Widths
    ) -> None:
        self.counts = dict.fromkeys(
            ("records_in", "rows", "tokens", "truncated", "hidden_states"), 0
        )
        self._outputs, self._shard_id = outputs, shard_id
        self._config, self._widths = config, widths
        self._tables = _open_tables(outputs, shard_id, config, widths.dimensions)
        packed = config.packed
        self._packer = packed and Packer(packed.length, widths.ends["packed"])
        self._megatron: MegatronWriter | None = None
        if config.megatron is not None:
            path = _megatron_prefix(outputs, shard_id)
            self._prefix = outputs.reserve(path, (".bin", ".idx"))
            self._megatron = MegatronWriter(self._prefix, widths.vocabulary)

    def write(self, made: Tokenised, encoded: Encoded | None) -> None:
        """Write the documents of one batch."""
        counts = self.counts
        counts["records_in"] += len(made.doc_ids)
        counts["rows"] += len(made.rows.lengths)
        counts["tokens"] += int(made.rows.offsets[-1])
        counts["truncated"] += made.truncated
        self._write_tokens(made)
        if encoded is not None:
            self._write_vectors(made, encoded)
        if self._packer:
            self._write_packed(self._packer.add(made.doc_ids, made.whole))
        if self._megatron is not None:
            self._megatron.write(with_end(made.whole, self._widths.ends["megatron"]))

    def finish(self) -> dict[str, int]:
        """Write what is still pending.

        Returns:
            Counts of the shard.
        """
        counts = self.counts
        if self._packer:
            self._write_packed(self._packer.finish())
            counts["packed_rows"] = self._packer.rows
            counts["packed_tokens"] = self._packer.tokens
        if self._megatron is not None:
            self._megatron.finish()
            counts["megatron_sequences"] = self._megatron.documents
            counts["megatron_tokens"] = self._megatron.tokens
            for place in (bin_path, idx_path):
                rows = self._megatron.documents
                final = place(_megatron_prefix(self._outputs, self._shard_id))
                self._outputs.adopt(place(self._prefix), final, rows)
        counts["dimensions"] = self._widths.dimensions
        return counts

    def _write_tokens(self, made: Tokenised) -> None:
        table = self._tables.get("tokens")
        if table is not None:
            table.write(
                tokens_batch(
                    made.doc_ids,
                    made.rows,
                    documents=made.documents,
                    masks=self._config.masks,
                    word_ids=made.words,
                )
            )

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
            self.counts["hidden_states"] += len(encoded.hidden)
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


def _megatron_prefix(outputs: UnitOutputs, shard_id: str) -> Path:
    return outputs.workspace.path / "megatron" / shard_id


def _open_tables(
    outputs: UnitOutputs, shard_id: str, config: EncodeConfig, dimensions: int
) -> dict[str, TableWriter]:
    workspace = outputs.workspace
    window = config.windows == "window"
    tables = {}
    if config.tokens:
        schema = tokens_schema(
            window=window, masks=config.masks, word_ids=config.word_ids
        )
        path = workspace.table("tokens", shard_id)
        tables["tokens"] = outputs.open_table(path, schema)
    if config.packed is not None:
        path = workspace.table("packed", shard_id)
        tables["packed"] = outputs.open_table(path, PACKED)
    if config.embeddings != "none":
        kind = config.embedding_type
        schema = embeddings_schema(dimensions, dtype=kind, window=window)
        path = workspace.table("embeddings", shard_id)
        tables["embeddings"] = outputs.open_table(
            path, schema, storage=storage_of(kind)
        )
    if config.hidden_states:
        schema = hidden_states_schema(dimensions, window=window)
        path = workspace.table("hidden_states", shard_id)
        tables["hidden_states"] = outputs.open_table(
            path, schema, storage=HIDDEN_STORAGE
        )
    return tables

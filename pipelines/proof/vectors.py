"""Tokens and embeddings against the texts they were made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from isinglass.pipelines.proof.check import Check, conclude
from isinglass.schemas.errors import RefuseError
from isinglass.transforms.encode.settings import settings_of
from isinglass.transforms.encode.tokenizers.batch import cut
from isinglass.transforms.encode.tokenizers.reference import load_tokenizer

if TYPE_CHECKING:
    from isinglass.pipelines.proof.check import FinishedRun

UNIT_LENGTH_TOLERANCE = 1e-3


def check_tokens(run: FinishedRun) -> Check:
    """Tokenise every clean text again and compare the ids."""
    if not run.paths("tokens"):
        return Check("tokens", "skipped", "no tokens were written")
    config = run.config.encode
    assert config is not None
    try:
        tokenizer = load_tokenizer(settings_of(config))
    except RefuseError as error:
        return Check("tokens", "skipped", str(error))
    faults, seen = [], 0
    for shard, tokens in run.each("tokens", ["doc_id", "input_ids", "n_tokens"]):
        data = run.read("data", shard, ["doc_id", "text"])
        assert data is not None
        if not data["doc_id"].equals(tokens["doc_id"]):
            faults.append(f"tokens/{shard} does not follow data/{shard}")
            continue
        encoded = tokenizer.encode(data["text"].combine_chunks())
        if config.windows == "truncate":
            encoded = cut(encoded, config.max_tokens)
        seen += int(encoded.offsets[-1])
        ids = tokens["input_ids"].combine_chunks()
        same = np.array_equal(ids.flatten().to_numpy(), encoded.values)
        lengths = np.diff(encoded.offsets)
        same = same and np.array_equal(pc.list_value_length(ids).to_numpy(), lengths)
        same = same and np.array_equal(tokens["n_tokens"].to_numpy(), lengths)
        if not same:
            faults.append(f"tokens/{shard} differs from its texts")
    return conclude("tokens", faults, f"{seen:,} ids equal those of the texts")


def check_embeddings(run: FinishedRun) -> Check:
    """One finite vector a text, in order, of unit length where that was asked for."""
    if not run.paths("embeddings"):
        return Check("embeddings", "skipped", "no embeddings were written")
    config = run.config.encode
    assert config is not None
    faults, seen = [], 0
    for shard, table in run.each("embeddings", ["doc_id", "embedding"]):
        data = run.read("data", shard, ["doc_id"])
        assert data is not None
        if not data["doc_id"].equals(table["doc_id"]):
            faults.append(f"embeddings/{shard} does not follow data/{shard}")
        if table.num_rows == 0:
            continue
        column = table["embedding"].combine_chunks()
        width = pa.types.is_fixed_size_list(column.type) and column.type.list_size
        matrix = column.flatten().to_numpy().reshape(table.num_rows, width or -1)
        seen += len(matrix)
        if not np.isfinite(matrix).all():
            faults.append(f"embeddings/{shard} holds a value that is not finite")
        lengths = np.linalg.norm(matrix, axis=1)
        if config.normalise and np.abs(lengths - 1).max() > UNIT_LENGTH_TOLERANCE:
            faults.append(f"embeddings/{shard} holds a vector not of unit length")
    return conclude("embeddings", faults, f"{seen:,} vectors")

"""How a shard was encoded: words for the report that a commit's numbers cannot hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from isinglass.pipelines.engine.commits import add_counts
from isinglass.pipelines.engine.workspace import Workspace, read_json
from isinglass.schemas.commit import Commit
from isinglass.schemas.config import EncodeConfig
from isinglass.schemas.encoding import (
    EncoderUse,
    EncodeSummary,
    MegatronSummary,
    PackedSummary,
    TokenizerUse,
)

ENCODE = "encode"


@dataclass(frozen=True)
class Notes:
    """What made the files of a shard; empty where nothing of the kind did.

    Tokenizer is library and version; device `cpu`, or the name of the GPU; megatron the
    type of the ids in `.bin`. `fell_back`: a fast tokenizer was given up in the course
    of the run.
    """

    tokenizer: str
    device: str = ""
    precision: str = ""
    attention: str = ""
    pooling: str = ""
    megatron: str = ""
    fell_back: bool = False


def notes_path(workspace: Workspace, shard_id: str) -> Path:
    """Where the notes of a shard are."""
    return workspace.mapped(ENCODE, f"{shard_id}.notes.json")


def encode_summary(
    workspace: Workspace, commits: list[Commit], config: EncodeConfig
) -> EncodeSummary | None:
    """What the encode pass wrote, by the commit of each shard; None without shards."""
    if not commits:
        return None
    counts = add_counts(commits)
    notes = [
        Notes(**read_json(notes_path(workspace, commit.unit))) for commit in commits
    ]
    encoder = megatron = None
    if config.embeddings != "none":
        encoder = EncoderUse(
            devices=_named(note.device for note in notes),
            precision=_named(note.precision for note in notes),
            attention=_named(note.attention for note in notes),
            pooling=_named(note.pooling for note in notes),
        )
    if config.megatron is not None:
        told = {
            "dtype": notes[0].megatron,
            "sequences": counts["megatron_sequences"],
            "tokens": counts["megatron_tokens"],
        }
        megatron = MegatronSummary.model_validate(told)
    return EncodeSummary(
        documents=counts["records_in"],
        rows=counts["rows"],
        tokens=counts["tokens"],
        dimensions=commits[0].counts["dimensions"],
        truncated_documents=counts["truncated"],
        tokenizer=TokenizerUse(
            backends=_named(note.tokenizer for note in notes),
            documents_compared=counts["compared"],
            documents_by_reference=counts["by_reference"],
            fell_back=any(note.fell_back for note in notes),
        ),
        encoder=encoder,
        packed=_packed(counts, config),
        megatron=megatron,
        hidden_states=counts["hidden_states"],
    )


def _packed(counts: dict[str, int], config: EncodeConfig) -> PackedSummary | None:
    if config.packed is None:
        return None
    rows, tokens = counts["packed_rows"], counts["packed_tokens"]
    length = config.packed.length
    fill = tokens / (rows * length) if rows else 0.0
    return PackedSummary(length=length, rows=rows, tokens=tokens, fill=fill)


def _named(names: Iterable[str]) -> list[str]:
    """Different names, the most frequent first."""
    counted = Counter(name for name in names if name)
    return sorted(counted, key=lambda name: (-counted[name], name))

"""The `encode` section: token ids and embeddings of the kept documents."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from isinglass.schemas.config.base import Section


class EncodeConfig(Section):
    """Tokenisation and encoding."""

    tokenizer: str = Field(
        "minilm", description="`minilm` (the packaged one) or a folder/file by path."
    )
    model: str = Field("minilm", description="`minilm` or a folder with safetensors.")
    tokens: bool = Field(default=True, description="Write `tokens/`.")
    embeddings: Literal["pooled", "none"] = Field(
        "pooled", description="Write `embeddings/` (mean pooling) or not."
    )
    max_tokens: int = Field(
        256, ge=8, le=8192, description="Tokens of a document that the encoder sees."
    )
    truncate_tokens: bool = Field(
        default=False,
        description="Cut `tokens/` to max_tokens too; otherwise all ids are written.",
    )
    normalise: bool = Field(default=True, description="Unit-length embeddings.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto")
    batch_tokens: int = Field(
        8192,
        ge=256,
        description="Most tokens in one forward pass; a CPU takes at most 1024.",
    )

"""What tokenising and encoding depend on, as plain values.

A dataclass rather than the configuration's own section, because the encoder also runs
on machines where the libraries of the configuration are not installed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from isinglass.schemas.config.encode import EncodeConfig

Windows = Literal["all", "truncate", "window"]
Pooling = Literal["auto", "mean", "cls", "pooler"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
Backend = Literal["auto", "reference"]


@dataclass(frozen=True)
class EncodeSettings:
    """Which tokenizer and model, and how they are run.

    Attributes:
        tokenizer: `minilm` (the packaged one), a folder or file by path, or the name
            of a tokenizer on the hub.
        model: `minilm`, a folder by path, or the name of a model on the hub.
        allow_download: Whether a name may be fetched from the hub; otherwise only the
            local cache of the hub is looked into.
        revision: Commit, tag or branch on the hub; None takes the default branch.
        special_tokens: Whether documents are opened and closed by special tokens.
        windows: `all` keeps every id of a document, `truncate` the first `max_tokens`,
            `window` cuts it into stretches of at most `max_tokens`.
        max_tokens: Tokens, special ones included, that the encoder sees at a time.
        stride: Tokens that neighbouring windows share; less than `max_tokens`.
        tokenizer_backend: `auto` takes a fast library where it is exact, `reference`
            the `tokenizers` library alone.
        verify_tokenizer: Share of documents, 0 to 1, whose ids are compared with the
            reference in every run.
        pooling: `auto` does what the model's own files say, and `mean` where they say
            nothing.
        normalise: Whether vectors are brought to unit length.
        precision: `auto` is float32 on a CPU and bfloat16 on a GPU.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        batch_tokens: Most tokens in one forward pass on a GPU; a CPU takes fewer.
    """

    tokenizer: str = "minilm"
    model: str = "minilm"
    allow_download: bool = False
    revision: str | None = None
    special_tokens: bool = True
    windows: Windows = "all"
    max_tokens: int = 256
    stride: int = 0
    tokenizer_backend: Backend = "auto"
    verify_tokenizer: float = 0.001
    pooling: Pooling = "auto"
    normalise: bool = True
    precision: Precision = "auto"
    device: str = "auto"
    batch_tokens: int = 32_768


def settings_of(config: EncodeConfig) -> EncodeSettings:
    """The settings in the `encode` section of a configuration."""
    names = [field.name for field in fields(EncodeSettings)]
    return EncodeSettings(**{name: getattr(config, name) for name in names})

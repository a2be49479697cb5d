"""What tokenising and encoding depend on: plain values, and optional libraries.

A dataclass rather than the configuration's own section, because the encoder also runs
on machines where the libraries of the configuration are not installed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from isinglass.schemas.errors import MissingExtraError

if TYPE_CHECKING:
    from isinglass.schemas.config.encode import EncodeConfig

Windows = Literal["all", "truncate", "window"]
Pooling = Literal["auto", "mean", "cls", "pooler"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
Backend = Literal["auto", "reference"]


@dataclass(frozen=True)
class EncodeSettings:
    """Which tokenizer and model, and how they are run; see `EncodeConfig`."""

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


def require(*modules: str) -> None:
    """Check that modules of the extra `encode` are installed, without importing them.

    Raises:
        MissingExtraError: One is missing; says how to install all of them.
    """
    for module in modules:
        if find_spec(module) is None:
            raise MissingExtraError(
                f"Encoding needs {module}, which is not installed. Run "
                "pip install 'isinglass[encode]', or leave out the encode section."
            )

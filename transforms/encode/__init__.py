"""Token ids and embeddings: tokenizer, packing, forward pass, Arrow columns.

Imports without torch, transformers, tokenizers and safetensors. The extra `encode` has
them, `tokens` what token ids need; the functions that need one raise
`MissingExtraError` where it is missing.
"""

from __future__ import annotations

from importlib.util import find_spec

from isinglass.schemas.errors import MissingExtraError

OF_TOKENS = {"tokenizers", "huggingface_hub"}
"""Modules that the extra `tokens` brings; the others come with `encode`, which is four
gigabytes more."""


def require(*modules: str) -> None:
    """Check that modules of an extra are installed, without importing them.

    Raises:
        MissingExtraError: One is missing; says how to install what it belongs to.
    """
    for module in modules:
        if find_spec(module) is not None:
            continue
        if module in OF_TOKENS:
            raise MissingExtraError(
                f"Token ids need {module}, which is not installed. Run "
                "pip install 'isinglass[tokens]', or leave out the encode section."
            )
        raise MissingExtraError(
            f"Vectors need {module}, which is not installed. Run "
            "pip install 'isinglass[encode]', or set encode.embeddings to none: token "
            "ids alone need isinglass[tokens]."
        )

"""Token ids and embeddings: tokenizer, packing, forward pass, Arrow columns.

Imports without torch, transformers, tokenizers and safetensors, which are the extra
`encode`; the functions that need one raise `MissingExtraError` where it is missing.
"""

from __future__ import annotations

from importlib.util import find_spec

from isinglass.schemas.errors import MissingExtraError


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

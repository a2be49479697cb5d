"""Audit and clean language-model pretraining corpora.

Importing ``isinglass`` loads none of its layers, so reading the version costs nothing;
the functions of ``isinglass.api`` are loaded when they are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isinglass.api import deduplicate, detect_languages, find_pii, redact

__all__ = ["__version__", "deduplicate", "detect_languages", "find_pii", "redact"]

__version__ = "0.1.0"


if not TYPE_CHECKING:
    # Out of their sight, or type checkers would take any name for one of ours.
    def __getattr__(name: str) -> object:
        """Load a function of `isinglass.api`."""
        if name not in __all__:
            raise AttributeError(f"module 'isinglass' has no attribute {name!r}")
        return getattr(import_module("isinglass.api"), name)


def __dir__() -> list[str]:
    """Names of the module, with those that are not loaded yet."""
    return sorted({*globals(), *__all__})

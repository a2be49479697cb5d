"""Audit and clean language-model pretraining corpora.

Importing ``isinglass`` loads none of its layers, so reading the version costs nothing;
the functions of ``isinglass.api`` are loaded when they are asked for.
"""

from __future__ import annotations

# As type checkers know it: `typing` takes longer than the first moments of a command.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from isinglass.api import (
        deduplicate,
        detect_languages,
        erase_concept,
        find_pii,
        redact,
    )

__all__ = [
    "__version__",
    "deduplicate",
    "detect_languages",
    "erase_concept",
    "find_pii",
    "redact",
]

__version__ = "0.1.0"


if not TYPE_CHECKING:
    # Out of their sight, or type checkers would take any name for one of ours.
    def __getattr__(name: str) -> object:
        """Load a function of `isinglass.api`."""
        if name not in __all__:
            raise AttributeError(f"module 'isinglass' has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415

        return getattr(import_module("isinglass.api"), name)


def __dir__() -> list[str]:
    """Names of the module, with those that are not loaded yet."""
    return sorted({*globals(), *__all__})

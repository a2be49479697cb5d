"""Audit and clean language-model pretraining corpora.

The package is a shell around three layers that live in folders of their own:
``isinglass.schemas`` (what data looks like), ``isinglass.transforms`` (record batch
to record batch) and ``isinglass.pipelines`` (Beam wiring). Importing ``isinglass``
itself loads none of them, so reading the version costs nothing.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"

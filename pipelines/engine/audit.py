"""Tables of the run as a whole, under `audit/`."""

from __future__ import annotations

from isinglass.pipelines.engine.workspace import write_audit

__all__ = ["write_audit"]

"""Configurations of the measured jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

BARE = {"detect_languages": False, "count_mentions": False}
"""The `survey` section that measures nothing besides deduplication."""


def job_config(inputs: Path, output: Path, **sections: Any) -> dict[str, Any]:
    """A configuration of the job: deduplication by default settings, no PII."""
    return {
        "inputs": [{"path": str(inputs.resolve()), "source": "benchmark"}],
        "output": str(output),
        # What is measured besides removal is left out, here as there.
        "dedup": {"canaries": {"documents": 0}},
        "survey": BARE,
        "beam": {"mode": "in_memory"},
        # Planted and salted texts may look odd; none of them may stop the job.
        "limits": {"max_quarantine_rate": 1.0},
        **sections,
    }

"""Counts of a shard whose books balance."""

from __future__ import annotations

SURVEY = {"records_in": 10, "documents": 9, "rejected": 1, "characters": 100}
CLEAN = {
    "records_in": 10,
    "kept": 6,
    "dropped.exact_duplicate": 2,
    "dropped.near_duplicate": 1,
    "quarantined.nul_character": 1,
    "characters_in": 100,
    "characters_kept": 60,
    "characters_dropped": 35,
    "characters_quarantined": 5,
    "characters_cut": 7,
    "characters_redacted": 10,
    "characters_inserted": 5,
    "characters_out": 48,
}


def found_of(entity: str) -> dict[str, int]:
    """Three findings of one kind, two of them changed."""
    found = f"finding.{entity}"
    return {f"{found}.found": 3, f"{found}.changed": 2, f"{found}.kept": 1}

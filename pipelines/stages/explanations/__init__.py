"""Explanations of chosen documents of a finished run; a verb, which no run does.

What is explained is text, so it is written where somebody asked for it and into no run:
a sealed folder stays as it is, and no gate makes a run show what its documents say.
"""

from __future__ import annotations

NEEDS = ("demographics", "encode", "pii", "semantic")
"""Rooms that this one imports."""

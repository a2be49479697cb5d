"""The base of every configuration section: frozen, and unknown keys are errors."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A configuration section that refuses unknown keys and cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

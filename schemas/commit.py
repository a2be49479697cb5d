"""The record that one unit of work is finished."""

from __future__ import annotations

from pydantic import Field

from isinglass.schemas.config.base import Section


class OutputFile(Section):
    """A file of the run: path relative to the run folder, and what it holds."""

    path: str
    rows: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: str


class Commit(Section):
    """Written last, after all outputs of a unit of work are in place.

    It is void if one of them is not as recorded, or if the fingerprint, a hash of all
    that they depend on, is another. Close adds the counts up and reconciles them.
    """

    pass_name: str
    unit: str
    fingerprint: str
    outputs: tuple[OutputFile, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)
    cpu_seconds: float = 0.0

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

    Attributes:
        unit: Shard or other unit of work.
        fingerprint: Hash of everything the outputs depend on.
        outputs: Files of the unit; the commit is void if one is not as recorded.
        counts: Integers that close adds up and reconciles.
        cpu_seconds: Process time spent; informative, not part of any output.
    """

    pass_name: str
    unit: str
    fingerprint: str
    outputs: tuple[OutputFile, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)
    cpu_seconds: float = 0.0

"""The `stages` section: stages of somebody else's."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from isinglass.schemas.config.base import Section


class StageConfig(Section):
    """One stage that does not come with isinglass; see `docs/stages.md`."""

    use: str = Field(
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$",
        description="`module:Class`. The module is looked for where Python looks, "
        "then in the folder that relative paths start from.",
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="Given to the class by name."
    )

"""What texts may differ in and still be equal; the `dedup.normalise` section."""

from __future__ import annotations

from pydantic import Field

from isinglass.schemas.config.base import Section


class NormaliseConfig(Section):
    """What two texts may differ in and still be equal."""

    nfc: bool = Field(
        default=True,
        description="Compose characters (Unicode NFC), without those of format.",
    )
    lower_case: bool = Field(default=True, description="Ignore case.")
    white_space: bool = Field(
        default=True,
        description="Fold each run of white space to one space; strip both ends.",
    )
    numbers: bool = Field(
        default=False, description="Fold each run of decimal digits to one 0."
    )

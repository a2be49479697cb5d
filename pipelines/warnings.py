"""What a reader must know of any run, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.reconcile import parts
from isinglass.schemas.reasons import QuarantineReason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from isinglass.schemas.manifest import InputFile


def plain_warnings(counts: Mapping[str, int], inputs: Sequence[InputFile]) -> list[str]:
    """What a reader must know of the records of a run before trusting it."""
    warnings = []
    bad = sum(bool(file.problem) for file in inputs)
    if bad:
        warnings.append(f"{bad} input files could not be read; see inputs.")
    quarantined = parts(counts, "quarantined")
    cut = quarantined.get(QuarantineReason.TRUNCATED_FILE, 0)
    if cut:
        warnings.append(f"{cut} compressed files end early: what followed is missing.")
    twice = quarantined.get(QuarantineReason.DUPLICATE_ID, 0)
    if twice:
        warnings.append(
            f"{twice} records use an id of another text; they are in quarantine."
        )
    if counts.get("records_in", 0) and not counts.get("kept", 0):
        warnings.append("No document was kept.")
    if not counts.get("records_in", 0):
        warnings.append("The inputs hold no records.")
    return warnings

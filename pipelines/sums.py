"""The sums of every run, each declared once.

What closes a run asks them of its counts, and `verify` of what it finds in the tables.
Counts have the names that the clean pass gives them. `characters_kept` are those of
kept documents as they were read, `characters_out` those that are in `data/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.stage import Sum

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from isinglass.schemas.manifest import Manifest


def unequal(sums: Iterable[Sum]) -> list[str]:
    """The sums that do not hold, with both sides, for a message."""
    return [
        f"{what}: {left} is not {right}" for what, left, right in sums if left != right
    ]


def parts(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    """Counts whose name starts with `prefix.`, by the rest of the name."""
    start = f"{prefix}."
    return {
        name.removeprefix(start): value
        for name, value in counts.items()
        if name.startswith(start)
    }


def survey_sums(counts: Mapping[str, int], planned: int | None) -> list[Sum]:
    """Of the survey of a shard.

    Args:
        counts: Of the survey.
        planned: Records that the plan knows of; None if a file does not tell.
    """
    records, read = counts["records_in"], counts["documents"] + counts["rejected"]
    sums = [Sum("records in = documents + rejected", records, read)]
    if planned is not None:
        sums.append(Sum("records planned = read", planned, records))
    return sums


def conserved(counts: Mapping[str, int]) -> list[Sum]:
    """Of every shard and of the whole run: nothing is lost, nothing comes in twice."""

    def characters(*names: str) -> int:
        return sum(counts.get(f"characters_{name}", 0) for name in names)

    lost = [*parts(counts, "dropped").values(), *parts(counts, "quarantined").values()]
    return [
        Sum(
            "records in = kept + dropped + quarantined",
            counts.get("records_in", 0),
            counts.get("kept", 0) + sum(lost),
        ),
        Sum(
            "characters in = kept + dropped + quarantined",
            characters("in"),
            characters("kept", "dropped", "quarantined"),
        ),
        Sum(
            "characters out = kept - cut - redacted + inserted",
            characters("out"),
            characters("kept", "inserted") - characters("cut", "redacted"),
        ),
    ]


def clean_sums(counts: Mapping[str, int], survey: Mapping[str, int]) -> list[Sum]:
    """Of the clean pass of a shard.

    Args:
        counts: Of the clean pass.
        survey: Of the survey of the same shard.
    """
    records, characters = (
        counts.get(name, 0) for name in ("records_in", "characters_in")
    )
    sums = [
        Sum("records in = records surveyed", records, survey["records_in"]),
        Sum(
            "characters in = characters surveyed",
            characters,
            survey.get("characters", 0),
        ),
        *conserved(counts),
    ]
    for entity, found in _found(counts).items():
        changed = counts.get(f"finding.{entity}.changed", 0)
        kept = counts.get(f"finding.{entity}.kept", 0)
        sums.append(Sum(f"{entity} found = changed + kept", found, changed + kept))
    return sums


def clean_rows(counts: Mapping[str, int]) -> dict[str, int]:
    """Rows of the tables that every clean pass writes, by its counts."""
    return {
        "ledger": counts.get("records_in", 0),
        "quarantine": sum(parts(counts, "quarantined").values()),
        "data": counts.get("kept", 0),
        "findings": sum(_found(counts).values()),
    }


def _found(counts: Mapping[str, int]) -> dict[str, int]:
    """Findings by entity, whose name may hold dots."""
    return {
        name.removesuffix(".found"): value
        for name, value in parts(counts, "finding").items()
        if name.endswith(".found")
    }


def told_counts(manifest: Manifest) -> dict[str, int]:
    """What a manifest tells of the whole run, under the names of the clean pass."""
    records, characters = manifest.records, manifest.characters
    counts = {"records_in": records.total_in, "kept": records.kept}
    for outcome in ("dropped", "quarantined"):
        reasons: dict[str, int] = getattr(records, outcome)
        counts |= {f"{outcome}.{reason}": n for reason, n in reasons.items()}
    for name in ("dropped", "quarantined", "cut", "redacted", "inserted"):
        counts[f"characters_{name}"] = getattr(characters, name)
    lost = characters.dropped + characters.quarantined
    counts["characters_in"] = characters.total_in
    counts["characters_kept"] = characters.total_in - lost
    counts["characters_out"] = characters.kept
    return counts

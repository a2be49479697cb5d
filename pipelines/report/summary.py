"""The five lines that a command prints when it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report.text import decimal, percent, share_of, shorten, visible
from isinglass.pipelines.report.text import grouped as thin
from isinglass.pipelines.report.verdict import HEADLINES, verdict_reasons

if TYPE_CHECKING:
    from isinglass.schemas.manifest import Manifest

_LONGEST_REASON = 200


def summary_lines(manifest: Manifest) -> list[str]:
    """Verdict, records, duplicates, identifiers, demographics and tokens.

    Plain text for a terminal: digits are grouped by commas, and no control character
    of a name gets through.
    """
    lines = (
        _verdict(manifest),
        _records(manifest),
        _duplicates(manifest),
        _identifiers(manifest),
        f"{_demographics(manifest)}; {_tokens(manifest)}",
    )
    return [visible(_plain(line)) for line in lines]


def _plain(line: str) -> str:
    """Thin spaces between digits become commas; before a unit, plain spaces."""
    parts = line.split("\u202f")
    joined = parts[0]
    for part in parts[1:]:
        joined += ("," if part[:1].isdigit() else " ") + part
    return joined


def _verdict(manifest: Manifest) -> str:
    first, *others = verdict_reasons(manifest)
    more = f" (and {len(others)} more)" if others else ""
    return f"{HEADLINES[manifest.verdict]}: {shorten(first, _LONGEST_REASON)}{more}"


def _records(manifest: Manifest) -> str:
    records = manifest.records
    dropped = sum(records.dropped.values())
    held = sum(records.quarantined.values())
    return (
        f"Records: {thin(records.total_in)} in, {thin(records.kept)} kept "
        f"({share_of(records.kept, records.total_in)}), {thin(dropped)} dropped, "
        f"{thin(held)} quarantined"
    )


def _duplicates(manifest: Manifest) -> str:
    summary = manifest.dedup
    if summary is None:
        return "Duplicates: not run"
    removed = (
        f"{thin(summary.exact_removed)} exact and {thin(summary.near_removed)} near"
    )
    if summary.contained_removed:
        removed = removed.replace(" and ", ", ")
        removed += f" and {thin(summary.contained_removed)} contained"
    earlier = ""
    if summary.against:
        earlier = (
            f" ({thin(summary.removed_for_earlier)} for documents of earlier runs)"
        )
    return (
        f"Duplicates: {removed} removed{earlier}; "
        f"{thin(summary.verified_pairs)} of {thin(summary.candidate_pairs)} candidate "
        "pairs verified"
    )


def _identifiers(manifest: Manifest) -> str:
    if not manifest.findings and not manifest.recall and not manifest.config.get("pii"):
        return "Identifiers: not run"
    found = sum(count.found for count in manifest.findings.values())
    changed = sum(count.changed for count in manifest.findings.values())
    planted = sum(recall.planted for recall in manifest.recall.values())
    again = sum(recall.found for recall in manifest.recall.values())
    line = f"Identifiers: {thin(found)} found, {thin(changed)} changed; "
    if not planted:
        return f"{line}recall not measured"
    least = min(
        (name for name, recall in manifest.recall.items() if recall.planted),
        key=lambda name: (manifest.recall[name].recall, name),
    )
    return (
        f"{line}{thin(again)} of {thin(planted)} planted ones found, least of "
        f"{shorten(least)} ({percent(manifest.recall[least].recall)})"
    )


def _demographics(manifest: Manifest) -> str:
    if not manifest.balance:
        return "Balance: not run"
    parts = []
    for axis, summary in sorted(manifest.balance.items()):
        effective = share_of(summary.effective_sample_size, summary.documents)
        parts.append(
            f"{shorten(axis)} within {decimal(summary.residual * 100)} points of the "
            "target, "
            f"effective sample {effective} of {thin(summary.documents)} documents"
        )
    return f"Balance: {'; '.join(parts)}"


def _tokens(manifest: Manifest) -> str:
    if manifest.encode is None:
        return "tokens: not run"
    return (
        f"tokens: {thin(manifest.encode.tokens)} in "
        f"{thin(manifest.encode.documents)} documents"
    )

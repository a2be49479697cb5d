"""The banner: verdict, its reasons in plain words, and the key figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report.books import (
    books_of_characters,
    books_of_records,
)
from isinglass.pipelines.report.model import KeyFigure
from isinglass.pipelines.report.text import grouped, percent, ratio, share_of, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable

    from isinglass.pipelines.report.order import Asked
    from isinglass.schemas.manifest import GateResult, Manifest

HEADLINES = {
    "passed": "Passed",
    "warned": "Passed with warnings",
    "failed": "Failed",
}
_OPERATORS = {
    ">=": "at least",
    "<=": "at most",
    ">": "more than",
    "<": "less than",
    "==": "exactly",
}


def gate_name(gate: GateResult) -> str:
    """Metric and slice of a gate, e.g. `pii.recall for entity EMAIL_ADDRESS`."""
    if not gate.slice:
        return shorten(gate.metric)
    parts = (f"{name} {value}" for name, value in sorted(gate.slice.items()))
    return f"{shorten(gate.metric)} for {shorten(', '.join(parts))}"


def gate_demand(gate: GateResult) -> str:
    """What a gate asks for, in words."""
    return f"{_OPERATORS.get(gate.op, gate.op)} {number(gate.value)}"


def number(value: float) -> str:
    """A gate's number: whole numbers grouped, others as written."""
    whole = float(value).is_integer()
    return grouped(value) if whole else f"{value:.6g}"


def quarantine_share(manifest: Manifest) -> float | None:
    """Share of the records that were set aside; None without records."""
    held = sum(manifest.records.quarantined.values())
    return ratio(held, manifest.records.total_in)


def verdict_reasons(manifest: Manifest) -> tuple[str, ...]:
    """Why the verdict is what it is, worst first."""
    above, within = _quarantine_reasons(manifest)
    reasons = [*_book_reasons(manifest), *above]
    order = ("error", "warning")
    failed = [gate for gate in manifest.gates if not gate.passed]
    if above:  # the rate is told already, with its counts
        failed = [gate for gate in failed if gate.metric != "quarantine.rate"]
    failed.sort(key=lambda gate: order.index(gate.severity))
    reasons.extend(_gate_reason(gate) for gate in failed)
    reasons.extend(shorten(warning, 600) for warning in manifest.warnings)
    if not reasons:
        reasons.append(_all_well(manifest))
    return (*reasons, *within)


def key_figures(manifest: Manifest, stages: Iterable[Asked]) -> tuple[KeyFigure, ...]:
    """Records, characters, and the numbers of the stages at a glance."""
    records, characters = manifest.records, manifest.characters
    figures = (stage.figure(manifest) for stage in stages)
    return (
        KeyFigure("records in", grouped(records.total_in), _files(manifest)),
        KeyFigure(
            "records kept",
            grouped(records.kept),
            f"{share_of(records.kept, records.total_in)} of the records in",
        ),
        KeyFigure(
            "characters kept",
            grouped(characters.kept),
            f"from {grouped(characters.total_in)} characters in",
        ),
        *(figure for figure in figures if figure is not None),
    )


def _files(manifest: Manifest) -> str:
    count = len(manifest.inputs)
    return f"from {grouped(count)} input file{'' if count == 1 else 's'}"


def _book_reasons(manifest: Manifest) -> list[str]:
    reasons = []
    records = books_of_records(manifest.records)
    if not records.balanced:
        reasons.append(
            f"The records do not add up: {grouped(records.counted)} are accounted "
            f"for, {grouped(records.stated)} were read."
        )
    characters = books_of_characters(manifest.characters)
    if not characters.balanced:
        reasons.append(
            f"The characters do not add up: {grouped(characters.counted)} are "
            f"accounted for, {grouped(characters.stated)} are stated as kept."
        )
    return reasons


def _quarantine_reasons(manifest: Manifest) -> tuple[list[str], list[str]]:
    """The quarantine rate as a reason against the run, or as a remark."""
    share = quarantine_share(manifest)
    held = sum(manifest.records.quarantined.values())
    if not held or share is None:
        return [], []
    line = (
        f"{grouped(held)} of {grouped(manifest.records.total_in)} records "
        f"({percent(share, 2)}) were quarantined"
    )
    limits: Any = manifest.config.get("limits")
    limit = limits.get("max_quarantine_rate") if isinstance(limits, dict) else None
    if not isinstance(limit, int | float):
        return [], [f"{line}."]
    if share > limit:
        return [f"{line}, above the limit of {percent(float(limit), 2)}."], []
    return [], [f"{line}, within the limit of {percent(float(limit), 2)}."]


def _gate_reason(gate: GateResult) -> str:
    kind = "Gate failed" if gate.severity == "error" else "Gate not met (warning)"
    if gate.actual is None:
        found = "there is no such statistic in this run"
    else:
        found = f"it is {number(gate.actual)}"
    return f"{kind}: {gate_name(gate)} must be {gate_demand(gate)}; {found}."


def _all_well(manifest: Manifest) -> str:
    if not manifest.gates:
        return "Every record is accounted for. No gates were set, so none were tested."
    count = len(manifest.gates)
    gates = "The one gate was" if count == 1 else f"All {grouped(count)} gates were"
    return f"Every record is accounted for. {gates} met."

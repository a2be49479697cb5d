"""The verdict: its reasons in plain words, the gates, and the lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from isinglass.pipelines.report import blocks as page
from isinglass.pipelines.report.text import (
    MISSING,
    grouped,
    percent,
    ratio,
    share_of,
    shorten,
    visible,
)
from isinglass.pipelines.stages import STAGES
from isinglass.pipelines.sums import conserved, told_counts
from isinglass.schemas.manifest import GateResult, Manifest
from isinglass.transforms.statistics.gates import EACH

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Stage

    Asked = Stage | type[Stage]
    """A finished run needs no settings of a stage, so its class is as good."""

HEADLINES = {"passed": "Passed", "warned": "Passed with warnings", "failed": "Failed"}
_OPERATORS = {
    ">=": "at least",
    "<=": "at most",
    ">": "more than",
    "<": "less than",
    "==": "exactly",
}
_LONGEST_REASON = 200


def in_order(further: Sequence[Asked]) -> list[Asked]:
    """Our own stages and further ones, by their place in the report."""
    return sorted((*STAGES, *further), key=lambda stage: stage.place)


def summary_lines(manifest: Manifest, stages: Sequence[Asked] = ()) -> list[str]:
    """Verdict, records, and what the stages say.

    Plain text for a terminal: digits are grouped by commas, and no control character
    of a name gets through.
    """
    first, *others = verdict_reasons(manifest)
    more = f" (and {len(others)} more)" if others else ""
    records = manifest.records
    lines = [
        f"{HEADLINES[manifest.verdict]}: {shorten(first, _LONGEST_REASON)}{more}",
        (
            f"Records: {grouped(records.total_in)} in, {grouped(records.kept)} kept "
            f"({share_of(records.kept, records.total_in)}), "
            f"{grouped(sum(records.dropped.values()))} dropped, "
            f"{grouped(sum(records.quarantined.values()))} quarantined"
        ),
    ]
    for line in (stage.line(manifest) for stage in in_order(stages)):
        if line[:1].islower():
            lines[-1] += f"; {line}"
        elif line:
            lines.append(line)
    return [visible(_plain(line)) for line in lines]


def _plain(line: str) -> str:
    """Thin spaces between digits become commas; before a unit, plain spaces."""
    joined, *others = line.split("\u202f")
    for part in others:
        joined += ("," if part[:1].isdigit() else " ") + part
    return joined


def verdict_reasons(manifest: Manifest) -> tuple[str, ...]:
    """Why the verdict is what it is, worst first."""
    above, within = _quarantine_reasons(manifest)
    reasons = [*_book_reasons(manifest), *above]
    asked = manifest.gates
    if above:  # the rate is told already, with its counts
        asked = [gate for gate in asked if gate.metric != "quarantine.rate"]
    reasons.extend(gate_reasons(asked))
    reasons.extend(shorten(warning, 600) for warning in manifest.warnings)
    if reasons:
        return (*reasons, *within)
    return (f"Every record is accounted for. {gates_met(manifest.gates)}", *within)


def gates_met(gates: Sequence[GateResult]) -> str:
    """A sentence on gates of which none failed."""
    if not gates:
        return "No gates were set, so none were tested."
    if len(gates) == 1:
        return "The one gate was met."
    return f"All {grouped(len(gates))} gates were met."


def gate_reasons(gates: Iterable[GateResult]) -> list[str]:
    """A sentence for each gate that was not met, errors first."""
    failed = [gate for gate in gates if not gate.passed]
    failed.sort(key=lambda gate: gate.severity == "warning")
    return [_gate_reason(gate) for gate in failed]


def _book_reasons(manifest: Manifest) -> list[str]:
    reasons = []
    records, _, characters = conserved(told_counts(manifest))
    if records.left != records.right:
        reasons.append(
            f"The records do not add up: {grouped(records.right)} are accounted "
            f"for, {grouped(records.left)} were read."
        )
    if characters.left != characters.right:
        reasons.append(
            f"The characters do not add up: {grouped(characters.right)} are "
            f"accounted for, {grouped(characters.left)} are stated as kept."
        )
    return reasons


def _quarantine_reasons(manifest: Manifest) -> tuple[list[str], list[str]]:
    """The quarantine rate as a reason against the run, or as a remark."""
    held = sum(manifest.records.quarantined.values())
    share = ratio(held, manifest.records.total_in)
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
        if gate.baseline:
            found += ", or none in its baseline"
    else:
        found = f"it is {_number(gate.actual)}{_gate_where(gate)}"
    # What is not there did not go wrong for a reason.
    why = f" {shorten(gate.reason)}" if gate.reason and gate.actual is not None else ""
    return f"{kind}: {_gate_name(gate)} must be {_gate_demand(gate)}; {found}.{why}"


def gates_section(gates: Sequence[GateResult]) -> page.Section:
    """What gates asked, what was measured, and whether it passed; as configured."""
    if not gates:
        return page.not_run("gates", "Gates", "the configuration sets no gates.")
    rows = [
        [
            page.code(_gate_name(gate)),
            _gate_demand(gate),
            MISSING
            if gate.actual is None
            else f"{_number(gate.actual)}{_gate_where(gate)}",
            gate.severity,
            _result(gate),
        ]
        for gate in gates
    ]
    heads = page.columns("<Statistic", "<Must be", "Is", "<Severity", "<Result")
    met = sum(gate.passed for gate in gates)
    caption = "Gates: what was asked and what is"
    made = page.table(caption, heads, rows)
    return page.Section("gates", "Gates", (made,), said=f"{met} of {len(gates)} met.")


def _gate_name(gate: GateResult) -> str:
    """Metric and slice of a gate, e.g. `pii.recall for entity EMAIL_ADDRESS`."""
    name = shorten(gate.metric)
    if gate.baseline:
        name = f"the change of {name} since {shorten(gate.baseline)}"
    if not gate.slice:
        return name
    parts = (
        f"each {column}" if value == EACH else f"{column} {value}"
        for column, value in sorted(gate.slice.items())
    )
    return f"{name} for {shorten(', '.join(parts))}"


def _gate_where(gate: GateResult) -> str:
    """Where it is worst, of what was to hold for each."""
    if not gate.where:
        return ""
    parts = (f"{column} {value}" for column, value in sorted(gate.where.items()))
    return f" for {shorten(', '.join(parts))}"


def _gate_demand(gate: GateResult) -> str:
    return f"{_OPERATORS.get(gate.op, gate.op)} {_number(gate.value)}"


def _number(value: float) -> str:
    """A gate's number: whole numbers grouped, others as written."""
    whole = float(value).is_integer()
    return grouped(value) if whole else f"{value:.6g}"


def _result(gate: GateResult) -> page.Cell:
    if gate.passed:
        return page.Cell("✓ met", tone="good")
    if gate.severity == "warning":
        return page.Cell("! not met", tone="warn")
    return page.Cell("✗ failed", tone="bad")

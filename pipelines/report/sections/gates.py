"""The gates table: what was asked, what was measured, and whether it passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isinglass.pipelines.report.blocks import (
    Cell,
    Section,
    code,
    columns,
    not_run,
    table,
)
from isinglass.pipelines.report.text import MISSING
from isinglass.pipelines.report.verdict import gate_demand, gate_name, number

if TYPE_CHECKING:
    from isinglass.pipelines.report.model import ReportData
    from isinglass.schemas.manifest import GateResult


def gates_section(data: ReportData) -> Section:
    """All gates, in the order of the configuration."""
    gates = data.manifest.gates
    if not gates:
        return not_run("gates", "Gates", "the configuration sets no gates.")
    rows = [
        [
            code(gate_name(gate)),
            gate_demand(gate),
            MISSING if gate.actual is None else number(gate.actual),
            gate.severity,
            _result(gate),
        ]
        for gate in gates
    ]
    heads = columns("<Statistic", "<Must be", "Is", "<Severity", "<Result")
    met = sum(gate.passed for gate in gates)
    caption = f"Gates: {met} of {len(gates)} met"
    return Section("gates", "Gates", (table(caption, heads, rows),))


def _result(gate: GateResult) -> Cell:
    if gate.passed:
        return Cell("✓ met", tone="good")
    if gate.severity == "warning":
        return Cell("! not met", tone="warn")
    return Cell("✗ failed", tone="bad")

"""The report of a run: one HTML file and five lines for the terminal."""

from __future__ import annotations

from isinglass.pipelines.report.html import render_report as render_report
from isinglass.pipelines.report.quarantined import Quarantined as Quarantined
from isinglass.pipelines.report.quarantined import (
    first_quarantined as first_quarantined,
)
from isinglass.pipelines.report.summary import summary_lines as summary_lines

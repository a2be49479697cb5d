"""The report of a run: one HTML file and five lines for the terminal."""

from __future__ import annotations

from isinglass.pipelines.report.html import render_report as render_report
from isinglass.pipelines.report.model import NearDuplicate as NearDuplicate
from isinglass.pipelines.report.model import Quarantined as Quarantined
from isinglass.pipelines.report.model import ReportExamples as ReportExamples
from isinglass.pipelines.report.model import RuleCount as RuleCount
from isinglass.pipelines.report.summary import summary_lines as summary_lines

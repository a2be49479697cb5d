"""What happened to one record of a finished run, and on what evidence."""

from __future__ import annotations

from isinglass.pipelines.explain.build import explain as explain
from isinglass.pipelines.explain.folder import LEAST_DIGITS as LEAST_DIGITS
from isinglass.pipelines.explain.model import Explanation as Explanation

"""Erasure on request: what `isinglass forget` does."""

from __future__ import annotations

from isinglass.pipelines.stages.erase.forget.job import ForgetRequest as ForgetRequest
from isinglass.pipelines.stages.erase.forget.job import Forgotten as Forgotten
from isinglass.pipelines.stages.erase.forget.job import forget as forget
from isinglass.pipelines.stages.erase.forget.search import Found as Found
from isinglass.pipelines.stages.erase.forget.values import Requested as Requested
from isinglass.pipelines.stages.erase.forget.values import read_values as read_values

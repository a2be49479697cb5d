"""Planning: the `inputs` section -> files, shards and columns."""

from __future__ import annotations

from isinglass.pipelines.plan.planner import Plan as Plan
from isinglass.pipelines.plan.planner import plan as plan
from isinglass.pipelines.plan.probe import PlannedInput as PlannedInput

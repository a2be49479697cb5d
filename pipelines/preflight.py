"""What can be known to be wrong before anything is read or written."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from isinglass.pipelines.engine.runner import resolve_runner, warn_if_untried
from isinglass.pipelines.statistics import METRICS
from isinglass.schemas.errors import ConfigError
from isinglass.transforms.statistics.characteristics import CHARACTERISTICS
from isinglass.transforms.statistics.gates import evaluate_gates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isinglass.pipelines.stage import Stage
    from isinglass.schemas.config import RunConfig


def check_config(
    config: RunConfig,
    stages: Sequence[type[Stage] | Stage],
    beam_arguments: tuple[str, ...],
) -> None:
    """Refuse names that no later step would know, of `stages` that are off as well.

    Raises:
        ConfigError: An unknown runner, metric or slice column; a word that is no
            option.
    """
    warn_if_untried(resolve_runner(config.beam.runner))
    for argument in beam_arguments:
        if not argument.startswith("--"):
            raise ConfigError(
                f"{argument} is not an option for Beam; write it as --name=value."
            )
    evaluate_gates(config.gates, [])
    own = [metric for stage in stages for metric in stage.metrics]
    known = sorted({*CHARACTERISTICS, *METRICS, *own})
    for gate in config.gates:
        if gate.metric not in known:
            near = difflib.get_close_matches(gate.metric, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}."
            raise ConfigError(f"gates: no statistic is called {gate.metric}; {hint}")

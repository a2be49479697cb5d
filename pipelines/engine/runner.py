"""Which runner of Beam carries out a run; Beam itself is not imported for that."""

from __future__ import annotations

import difflib
import logging
from dataclasses import dataclass

from isinglass.schemas.config import BeamConfig
from isinglass.schemas.errors import ConfigError

LOGGER = logging.getLogger(__name__)

RUNNERS = (
    "FnApiRunner",
    "DirectRunner",
    "BundleBasedDirectRunner",
    "PortableRunner",
    "PrismRunner",
    "FlinkRunner",
    "SparkRunner",
    "DataflowRunner",
)
TRIED = ("FnApiRunner", "PortableRunner")
"""The latter with LocalJobService, Flink 1.20.5 and Prism 2.77.0."""

WORKER_SECONDS = 4.0
"""CPU seconds of work for each worker from which on processes pay: one takes about 1.3
to start."""


@dataclass(frozen=True)
class Execution:
    """How passes are executed: the `beam` section and what was given to Beam itself.

    `arguments` go to Beam as they are, e.g. `--job_endpoint=...`. In `stage_path`
    workers look for stages of somebody else's, too. In `reverse` order of the units
    results must not change.
    """

    config: BeamConfig
    arguments: tuple[str, ...] = ()
    reverse: bool = False
    stage_path: str = ""


def resolve_runner(name: str) -> str:
    """Check the runner's name and replace the ambiguous one.

    `DirectRunner` may download a Go binary and falls back silently (it chooses by
    pipeline), so it means FnApiRunner here, and the log says so.
    """
    if name.rpartition(".")[2] == "DaskRunner":
        raise ConfigError(
            "beam.runner: DaskRunner groups nothing but integer keys as it should "
            "(github.com/apache/beam/issues/29365), so duplicates would be missed. "
            "Set FnApiRunner, or PortableRunner with a job server."
        )
    if name == "DirectRunner":
        LOGGER.warning("beam.runner DirectRunner is run as FnApiRunner.")
        return "FnApiRunner"
    if name in RUNNERS or "." in name:
        return name
    near = difflib.get_close_matches(name, RUNNERS, n=1, cutoff=0.3)
    hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(RUNNERS)}."
    raise ConfigError(f"beam.runner: unknown runner {name}. {hint}")


def check_beam(config: BeamConfig, arguments: tuple[str, ...]) -> None:
    """Refuse an unknown runner and words that are no options for Beam.

    Says so where no run of isinglass was ever seen on a runner.
    """
    name = resolve_runner(config.runner)
    if name not in TRIED:
        LOGGER.warning(
            "beam.runner %s was never tried with isinglass; FnApiRunner and "
            "PortableRunner (LocalJobService, Flink, Prism) were.",
            name,
        )
    for argument in arguments:
        if not argument.startswith("--"):
            raise ConfigError(
                f"{argument} is not an option for Beam; write it as --name=value."
            )

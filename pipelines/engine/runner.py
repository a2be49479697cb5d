"""Beam: which runner, with which options, and one unit of work a `process` call."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apache_beam as beam
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from isinglass.pipelines.engine.units import PassWork, Unit, record_failure, run_unit
from isinglass.pipelines.engine.worker import worker_command
from isinglass.pipelines.engine.workspace import remove_folder
from isinglass.schemas.config import BeamConfig
from isinglass.schemas.errors import ConfigError

if TYPE_CHECKING:
    from isinglass.pipelines.engine.live_workers import LiveWorkers
    from isinglass.pipelines.engine.workspace import Workspace

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


def new_pipeline(
    execution: Execution, units: int, seconds: float, live: LiveWorkers
) -> beam.Pipeline:
    """An empty pipeline for one pass; `live` are workers for it.

    No more workers are started than there are units, and small work, by the CPU
    seconds that it takes roughly, stays in this process.
    """
    config = execution.config
    runner = resolve_runner(config.runner)
    if runner != "FnApiRunner":
        options = PipelineOptions([f"--runner={runner}", *execution.arguments])
        return beam.Pipeline(options=options)
    workers = max(1, min(config.workers, units))
    mode = config.mode
    if mode == "auto":
        single = workers == 1 or seconds < WORKER_SECONDS * workers
        mode = "in_memory" if single else "multi_processing"
    if mode == "in_memory":
        workers = 1
    environment = None
    if mode == "multi_processing":
        # Beam takes any environment in this mode.
        environment = live.environment(worker_command(execution.stage_path))
        mode = "in_memory"
    options = PipelineOptions(
        [
            f"--direct_running_mode={mode}",
            f"--direct_num_workers={workers}",
            *execution.arguments,
        ]
    )
    pipeline = beam.Pipeline(
        FnApiRunner(default_environment=environment), options=options
    )
    # Empty, and for what other languages compute: a run that is stopped would leave it.
    remove_folder(Path(pipeline.local_tempdir))
    return pipeline


class RunUnit(beam.DoFn):
    """Runs units of one pass; loads the pass's state once a worker."""

    def __init__(self, work: PassWork, workspace: Workspace) -> None:
        self._work = work
        self._workspace = workspace
        self._state: Any = None
        self._opened = False

    def process(self, element: bytes) -> Iterator[bytes]:
        """Run one unit; yields its name, whatever became of it."""
        unit, work, workspace = Unit.from_bytes(element), self._work, self._workspace
        try:
            if hasattr(work, "open") and not self._opened:
                self._state = work.open()
            self._opened = True
        except Exception as error:  # noqa: BLE001 - reported by the driver
            record_failure(error, work.name, unit.name, workspace)
        else:
            make = partial(work.run, self._state, unit.payload)
            run_unit(work.name, unit, workspace, make)
        yield unit.name.encode()


def _all(_: bytes, elements: list[bytes]) -> list[bytes]:
    return elements


def spread(
    pipeline: beam.Pipeline, name: str, elements: list[bytes]
) -> beam.PCollection[bytes]:
    """The elements, reshuffled, so that workers share what follows.

    Where one worker does everything there is nothing to share: the reshuffle, which
    is most of the graph and costs 0.1 CPU seconds a pass, is left out.
    """
    # Leaner than `beam.Create`.
    emit = beam.FlatMap(_all, elements).with_output_types(bytes)
    created = pipeline | f"{name}/Start" >> beam.Impulse() | f"{name}/Elements" >> emit
    workers = pipeline.options.view_as(DirectOptions).direct_num_workers
    if isinstance(pipeline.runner, FnApiRunner) and workers == 1:
        return created
    shuffle = beam.Reshuffle().with_input_types(bytes).with_output_types(bytes)
    return created | f"{name}/Reshuffle" >> shuffle


def build_unit_pipeline(
    pipeline: beam.Pipeline, work: PassWork, units: list[Unit], workspace: Workspace
) -> beam.PCollection[bytes]:
    """Spread the units, ParDo(run): one Beam pipeline of one pass."""
    elements = [unit.to_bytes() for unit in units]
    run = beam.ParDo(RunUnit(work, workspace)).with_output_types(bytes)
    return spread(pipeline, work.name, elements) | f"{work.name}/Run" >> run

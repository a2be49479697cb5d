"""Beam: a pipeline with its options, and one unit of work a `process` call."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apache_beam as beam
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from isinglass.pipelines.engine.runner import (
    WORKER_SECONDS,
    Execution,
    resolve_runner,
)
from isinglass.pipelines.engine.units import PassWork, Unit, record_failure, run_unit
from isinglass.pipelines.engine.worker import worker_command
from isinglass.pipelines.engine.workspace import remove_folder

if TYPE_CHECKING:
    from isinglass.pipelines.engine.live_workers import LiveWorkers
    from isinglass.pipelines.engine.workspace import Workspace


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

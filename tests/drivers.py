"""Drivers as stages get them: over small corpora, or over surveys written by hand."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from rich.console import Console

from isinglass.pipelines.engine.commits import UnitOutputs
from isinglass.pipelines.engine.mapped_tables import (
    SURVEY,
    extents,
    survey_path,
    write_mapped,
)
from isinglass.pipelines.engine.passes import Session, run_pass
from isinglass.pipelines.engine.runner import Execution
from isinglass.pipelines.engine.workspace import Workspace
from isinglass.pipelines.plan import Plan, plan
from isinglass.pipelines.seam import Driver
from isinglass.pipelines.survey import SurveyWork, survey_units
from isinglass.schemas.config import BeamConfig, RunConfig
from isinglass.schemas.documents import Layout, Shard
from tests.corpora import write_jsonl

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from isinglass.pipelines.stage import Stage

CODE = "code"
NOTHING = pa.schema([])


def quiet_session(folder: Path) -> Session:
    """A session that shows nothing; the run folder is `folder`."""
    quiet = Console(file=io.StringIO(), quiet=True)
    return Session(Workspace(str(folder)), Execution(BeamConfig()), quiet)


def planned(
    base: Path, rows: Mapping[str, list[dict[str, Any]]], **sections: Any
) -> Driver:
    """A driver before the survey.

    Args:
        base: Gets the corpus, and the run folder `run`.
        rows: Records of each source.
        sections: Of the configuration.
    """
    inputs = []
    for source, records in rows.items():
        folder = base / "corpus" / source
        folder.mkdir(parents=True, exist_ok=True)
        write_jsonl(folder / "rows.jsonl", records)
        inputs.append({"path": str(folder), "source": source})
    values = {"inputs": inputs, "output": str(base / "run"), **sections}
    config = RunConfig.model_validate(values)
    made = plan(config, base)
    return Driver(quiet_session(base / "run"), made, config, "clean", CODE)


def surveyed(driver: Driver, *stages: Stage) -> Driver:
    """A driver after the survey of its corpus by some stages."""
    config = driver.config
    upstream = [one for stage in stages for one in stage.begin(driver)]
    work = SurveyWork(
        driver.plan.layout,
        stages,
        driver.workspace,
        config.normalise,
        config.survey.detect_languages,
    )
    units = survey_units(driver, work, upstream)
    surveys = run_pass(driver.session, work, units)
    places = tuple(extents(driver.shard_ids, surveys))
    return replace(driver, surveys=surveys, places=places)


def by_hand(folder: Path, surveys: Mapping[str, pa.Table]) -> Driver:
    """A driver after a survey that gave these tables.

    Args:
        folder: The run folder.
        surveys: Side table of each shard.
    """
    session = quiet_session(folder)
    commits = {}
    for shard_id, table in surveys.items():
        with UnitOutputs(session.workspace, SURVEY, shard_id) as outputs:
            path = survey_path(session.workspace, shard_id)
            write_mapped(outputs, path, table.schema, table.to_batches())
            counts = {"records_in": table.num_rows, "documents": table.num_rows}
            commits[shard_id] = outputs.commit(f"survey of {shard_id}", counts, 0.0)
    shards = tuple(Shard(shard_id, "web", 0, ()) for shard_id in surveys)
    made = Plan(shards, Layout((), NOTHING, {}, 1_000_000), ())
    config = RunConfig.model_validate({"inputs": [{"path": "-"}], "output": "-"})
    places = tuple(extents(list(surveys), commits))
    return Driver(session, made, config, "clean", CODE, commits, places)

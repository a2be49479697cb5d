"""Gates before the first pass: what no run can tell is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from isinglass.pipelines.engine.workspace import read_table, table_rows
from isinglass.pipelines.seam import BY_TEXT, Columns
from isinglass.pipelines.statistics import INPUT, OUTPUT, RUN
from isinglass.schemas.config import GateConfig, RunConfig
from isinglass.schemas.config.explain import hint
from isinglass.schemas.errors import ConfigError
from isinglass.schemas.reasons import DropReason, QuarantineReason
from isinglass.schemas.statistic import Statistic, read_statistics
from isinglass.schemas.tables import SLICES
from isinglass.transforms.statistics.characteristics import CHARACTERISTICS
from isinglass.transforms.statistics.fold import QUANTILES
from isinglass.transforms.statistics.gates import EACH, evaluate_gates

if TYPE_CHECKING:
    from isinglass.pipelines.stage import Stage

_GENERAL: Mapping[str, Columns] = {
    "documents": BY_TEXT,
    "characters": BY_TEXT,
    "words": BY_TEXT,
    "documents.share": BY_TEXT,
    "documents.retention": BY_TEXT,
    "length.mean": BY_TEXT,
    "length.quantile": {**BY_TEXT, "position": QUANTILES},
    "quarantine.rate": {},
    "records.in": {},
    "records.kept": {},
    "records.dropped": {"reason": tuple(DropReason)},
    "records.quarantined": {"reason": tuple(QuarantineReason)},
    "review.precision": {"entity": None, "reason": None},
    "review.recall": {"entity": None},
}
"""As `Stage.slices` of what no stage tells."""


def check_gates(
    config: RunConfig, stages: Iterable[type[Stage] | Stage], base: Path
) -> tuple[GateConfig, ...]:
    """Refuse gates about what no run knows; `stages` may be off as well.

    Returns:
        The gates, with the folders of their baselines named for anybody.

    Raises:
        RefuseError: A statistic, a column, what stands in it, or a baseline is not
            known.
    """
    listed = list(stages)
    own = [metric for stage in listed for metric in stage.metrics]
    known = sorted({*CHARACTERISTICS, *own})
    parts = {**_GENERAL}
    for stage in listed:
        parts |= stage.slices(config)
    names = {stage.name for stage in listed}
    return check_each(config.gates, known, parts, base, names)


def check_each(
    gates: Sequence[GateConfig],
    known: Collection[str],
    parts: Mapping[str, Columns],
    base: Path,
    names: Collection[str] = (),
) -> tuple[GateConfig, ...]:
    """As `check_gates`, of the metrics that are `known` and told by `parts`.

    `names` are those of stages, for values that begin with one.
    """
    evaluate_gates(gates, [])
    for gate in gates:
        if gate.metric not in known:
            said = hint(gate.metric, known)
            raise ConfigError(f"gates: no statistic is called {gate.metric}; {said}")
        when = gate.slice.get("stage", INPUT)
        if when not in (INPUT, OUTPUT, RUN):
            raise ConfigError(
                f"gates: {gate.metric} has the stage {when}; there are {INPUT}, "
                f"{OUTPUT} and {RUN}."
            )
        if gate.metric in parts:
            _check_slice(gate, parts[gate.metric], names)
    found = tuple(
        gate.model_copy(update={"baseline": str((base / gate.baseline).resolve())})
        if gate.baseline
        else gate
        for gate in gates
    )
    baselines(found)
    return found


def _check_slice(gate: GateConfig, columns: Columns, stages: Collection[str]) -> None:
    """Refuse a column that the statistic does not have, and what it cannot hold.

    What begins with the name of a stage is left to the stage.
    """
    for column, value in gate.slice.items():
        if column not in SLICES:
            continue
        if column not in columns:
            by = f"it is told by {', '.join(columns)}" if columns else "it has no parts"
            raise ConfigError(f"gates: {gate.metric} is not told by {column}; {by}.")
        known = columns[column]
        own = "." in value and value.partition(".")[0] in stages
        if value == EACH or known is None or value in known or own:
            continue
        said = hint(value, sorted(known)) if known else f"there is no {column} to tell."
        told = f"{gate.metric} of this configuration has no {column} {value}"
        raise ConfigError(f"gates: {told}; {said}")


def baselines(gates: Iterable[GateConfig]) -> dict[str, list[Statistic]]:
    """The statistics of the runs that gates are compared with, by folder.

    Raises:
        ConfigError: A folder is not that of a finished run.
    """
    found = {}
    for folder in sorted({gate.baseline for gate in gates if gate.baseline}):
        path = Path(folder) / "audit" / "statistics.parquet"
        try:
            # Refuses what is no table before pandas is imported for one.
            table_rows(path)
            found[folder] = read_statistics(read_table(path))
        except (OSError, pa.ArrowException):
            raise ConfigError(
                f"gates: the baseline {folder} has no audit/statistics.parquet that "
                "can be read; name the folder of a finished run."
            ) from None
    return found
